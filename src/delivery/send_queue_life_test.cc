// What a send queue still holds when it goes.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "delivery/send_queue.h"
#include "support/delivery/held_client.h"

namespace ddb {
namespace {

TEST(SendQueueLifeTest, WhatWaitsAndWhatIsInFlightGoesWithTheQueue) {
  MemoryBudget budget(1 << 20);
  HeldClient client;
  FlowControl flow(1, 1);
  {
    SendQueue queue(
        client, flow, {1, std::nullopt}, [](BatchPtr, const Reply&) {},
        [](BatchPtr batch, size_t) { return std::pair(std::move(batch), BatchPtr()); });
    for (int i = 0; i < 3; ++i) {
      auto batch = std::make_unique<Batch>();
      batch->items.resize(1);
      batch->charge = Charge(budget, 100);
      queue.Add(std::move(batch));
    }
    queue.Pump(Instant{});
    EXPECT_EQ(client.sent.size(), 1u);
    EXPECT_EQ(budget.used(), 300u);
  }
  EXPECT_EQ(budget.used(), 0u) << "the client never called back";
}

}  // namespace
}  // namespace ddb
