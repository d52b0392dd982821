// The send queue by itself: what is hot, and what is not.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "delivery/send_queue.h"
#include "support/delivery/held_client.h"

namespace ddb {
namespace {

constexpr Instant kThen{std::chrono::hours(1)};
constexpr TableNo kTable{0};

class HotQueueTest : public ::testing::Test {
 protected:
  HotQueueTest()
      : queue_(
            client_, flow_, {4, std::nullopt},
            [this](BatchPtr batch, const Reply&) {
              queue_.Learn(*batch, {.refused = 1, .of_partition = true}, kThen);
              answered_.push_back(std::move(batch));
            },
            [](BatchPtr batch, size_t) { return std::pair(std::move(batch), BatchPtr()); }) {}

  void Add(const std::string& body, bool hot) {
    auto batch = std::make_unique<Batch>();
    batch->table = kTable;
    batch->body.Append(body);
    batch->items.resize(1);
    batch->units = 1;
    batch->charge = Charge(budget_, body.size());
    batch->is_hot = hot;
    hot ? queue_.AddAgain(std::move(batch)) : queue_.Add(std::move(batch));
  }
  // Until what is hot has to wait.
  void FillPace() {
    while (flow_.gate(kTable).TrySend({0, 1, kThen, true}, kThen).units) continue;
  }

  MemoryBudget budget_{1 << 20};
  HeldClient client_;
  FlowControl flow_{1, 1};
  std::vector<BatchPtr> answered_;
  SendQueue queue_;
};

TEST_F(HotQueueTest, NothingWaitsBehindWhatIsHot) {
  FillPace();
  Add("hot", true);
  Add("a1", false);
  Add("a2", false);
  queue_.Pump(kThen);
  EXPECT_EQ(client_.Bodies(), "a1 a2");
  EXPECT_EQ(queue_.unsent_bytes(), 0u);
  EXPECT_EQ(queue_.held_back_bytes(), 3u) << "it keeps nothing from being read";
  const auto wake = queue_.WakeAt(kThen);
  ASSERT_TRUE(wake);
  queue_.Wake(*wake);
  queue_.Pump(*wake);
  EXPECT_EQ(client_.Bodies(), "a1 a2 hot");
  EXPECT_EQ(queue_.held_back_bytes(), 0u);
}

TEST_F(HotQueueTest, WhatIsHotGoesOnWhileTheTableTakesNoMore) {
  WriteGate& gate = flow_.gate(kTable);
  gate.Describe({1, true}, kThen);
  gate.OnReply({kThen, 0, 0, 1, 1, {}}, kThen);  // it is empty
  Add("a1", false);
  Add("hot", true);
  queue_.Pump(kThen);
  EXPECT_EQ(client_.Bodies(), "hot");
}

TEST_F(HotQueueTest, WhatIsHotIsTakenWithItsTable) {
  FillPace();
  Add("hot", true);
  Add("a1", false);
  queue_.Pump(kThen);
  const std::vector<BatchPtr> taken = queue_.FailTable(kTable);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0]->body.view(), "hot");
  EXPECT_EQ(queue_.unsent_bytes() + queue_.held_back_bytes(), 0u);
}

}  // namespace
}  // namespace ddb
