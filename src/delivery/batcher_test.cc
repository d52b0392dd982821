#include "delivery/batcher.h"

#include <gtest/gtest.h>

#include <string>

#include "dynamodb/limits.h"
#include "support/delivery/two_tables.h"

namespace ddb {
namespace {

constexpr TableNo kA{0};
constexpr TableNo kB{1};

class BatcherTest : public ::testing::Test {
 protected:
  void Add(TableNo table, std::string_view bytes, Instant now = {}) {
    Batch& batch = batcher_.Open(table, now);
    const size_t mark = batcher_.BeginItem(batch);
    batch.body.Append(bytes);
    batcher_.EndItem(table, mark, {});
  }

  const TableTargets tables_ = TwoTables();
  std::vector<BatchPtr> sealed_;
  MemoryBudget budget_{1 << 30};
  Batcher batcher_{tables_, budget_, [this](BatchPtr batch) { sealed_.push_back(std::move(batch)); }};
};

TEST_F(BatcherTest, SealsAtTwentyFiveItems) {
  for (int i = 0; i < 26; ++i) Add(kA, "x");
  ASSERT_EQ(sealed_.size(), 1u);
  EXPECT_EQ(sealed_[0]->items.size(), kMaxBatchItems);
  EXPECT_EQ(sealed_[0]->body.view(), "a[x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x]");
  batcher_.SealAll();
  ASSERT_EQ(sealed_.size(), 2u);
  EXPECT_EQ(sealed_[1]->body.view(), "a[x]");
  EXPECT_TRUE(batcher_.empty());
}

TEST_F(BatcherTest, ItemsKnowTheirBytes) {
  Add(kA, "one");
  Add(kA, "three");
  batcher_.SealAll();
  EXPECT_EQ(sealed_[0]->item_bytes(sealed_[0]->items[0]), "one");
  EXPECT_EQ(sealed_[0]->item_bytes(sealed_[0]->items[1]), "three");
}

TEST_F(BatcherTest, ABatchThatIsUsedAgainIsAsNew) {
  Add(kA, "x");
  batcher_.SealAll();
  BatchPtr used = std::move(sealed_.front());
  sealed_.clear();
  used->due = used->ticket.at = Instant(std::chrono::hours(1));
  used->attempts = used->reauthentications = 7;
  used->admitted = 7;
  used->whole = std::make_shared<TakenApart>();
  const Batch* const same = used.get();
  batcher_.Recycle(std::move(used));
  Add(kB, "y");
  batcher_.SealAll();
  ASSERT_EQ(sealed_.size(), 1u);
  const Batch& again = *sealed_.front();
  ASSERT_EQ(&again, same);
  EXPECT_EQ(again.table, kB);
  EXPECT_EQ(again.body.view(), "b[y]");
  EXPECT_EQ(again.items.size(), 1u);
  EXPECT_EQ(again.due, Instant());
  EXPECT_EQ(again.opened, Instant());
  EXPECT_EQ(again.attempts, 0u);
  EXPECT_EQ(again.reauthentications, 0u);
  EXPECT_EQ(again.admitted, 0);
  EXPECT_EQ(again.units, 1u);
  EXPECT_EQ(again.whole, nullptr);
}

TEST_F(BatcherTest, WhatIsKeptToBeUsedAgainIsChargedAndGoesWhenMemoryIsTight) {
  const std::string bytes(100'000, 'x');
  const auto fill_and_recycle = [&](int batches) {
    for (int i = 0; i < batches; ++i) Add(i % 2 == 0 ? kA : kB, bytes);
    batcher_.SealAll();
    for (BatchPtr& batch : sealed_) batcher_.Recycle(std::move(batch));
    sealed_.clear();
  };
  fill_and_recycle(2);
  const size_t kept = budget_.used();
  EXPECT_GE(kept, 2 * bytes.size());
  fill_and_recycle(2);
  EXPECT_EQ(budget_.used(), kept);

  EXPECT_FALSE(budget_.TryReserve(budget_.limit()));
  batcher_.DropSpares();  // as the worker does
  EXPECT_EQ(budget_.used(), 0u);
  fill_and_recycle(2);
  EXPECT_EQ(budget_.used(), 0u);
  EXPECT_TRUE(budget_.TryReserve(1));
  fill_and_recycle(2);
  EXPECT_GT(budget_.used(), 1u);
}

TEST_F(BatcherTest, RollbackLeavesNoTrace) {
  Add(kB, "one");
  Batch& batch = batcher_.Open(kB, {});
  const size_t mark = batcher_.BeginItem(batch);
  batch.body.Append("broken");
  batcher_.Rollback(batch, mark);
  Add(kB, "two");
  batcher_.SealAll();
  EXPECT_EQ(sealed_[0]->body.view(), "b[one,two]");
}

TEST_F(BatcherTest, AnEmptyBatchIsNotSent) {
  Batch& batch = batcher_.Open(kA, {});
  batcher_.Rollback(batch, batcher_.BeginItem(batch));
  batcher_.SealAll();
  EXPECT_TRUE(sealed_.empty());
}

TEST_F(BatcherTest, SealsBeforeTheRequestLimit) {
  const std::string big(kMaxRequestBytes / 2, 'x');
  Add(kA, big);
  Add(kA, big);
  ASSERT_EQ(sealed_.size(), 1u);
  EXPECT_EQ(sealed_[0]->items.size(), 1u);
  EXPECT_LE(sealed_[0]->body.size(), kMaxRequestBytes);
  batcher_.SealAll();
  ASSERT_EQ(sealed_.size(), 2u);
  EXPECT_EQ(sealed_[1]->item_bytes(sealed_[1]->items[0]), big);
}

TEST_F(BatcherTest, SealsByAgeAndByWish) {
  const Instant start = Instant{} + std::chrono::seconds(1);
  Add(kA, "x", start);
  Add(kB, "y", start + std::chrono::seconds(1));
  batcher_.SealOpenedBefore(start);
  ASSERT_EQ(sealed_.size(), 1u);
  EXPECT_EQ(sealed_[0]->table, kA);
  EXPECT_EQ(batcher_.oldest(), start + std::chrono::seconds(1));
  batcher_.SealIf([](TableNo table) { return table == kB; });
  EXPECT_EQ(sealed_.size(), 2u);
}

}  // namespace
}  // namespace ddb
