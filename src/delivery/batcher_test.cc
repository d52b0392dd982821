#include "delivery/batcher.h"

#include <gtest/gtest.h>

#include <string>

#include "delivery/batcher_testing.h"
#include "dynamodb/limits.h"

namespace ddb {
namespace {

class BatcherTest : public ::testing::Test {
 protected:
  void Add(int table, std::string_view bytes, Instant now = {}) {
    Batch& batch = batcher_.Open(table, now);
    const size_t mark = Batcher::BeginItem(batch);
    batch.body.Append(bytes);
    batcher_.EndItem(table, mark, nullptr);
  }

  const std::vector<TableTarget> tables_ = TwoTables();
  std::vector<BatchPtr> sealed_;
  MemoryBudget budget_{1 << 30};
  Batcher batcher_{tables_, budget_, [this](BatchPtr batch) { sealed_.push_back(std::move(batch)); }};
};

TEST_F(BatcherTest, SealsAtTwentyFiveItems) {
  for (int i = 0; i < 26; ++i) Add(0, "x");
  ASSERT_EQ(sealed_.size(), 1u);
  EXPECT_EQ(sealed_[0]->items.size(), kMaxBatchItems);
  EXPECT_EQ(sealed_[0]->body.view(), "a[x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x]");
  batcher_.SealAll();
  ASSERT_EQ(sealed_.size(), 2u);
  EXPECT_EQ(sealed_[1]->body.view(), "a[x]");
  EXPECT_TRUE(batcher_.empty());
}

TEST_F(BatcherTest, ItemsKnowTheirBytes) {
  Add(0, "one");
  Add(0, "three");
  batcher_.SealAll();
  EXPECT_EQ(sealed_[0]->item_bytes(sealed_[0]->items[0]), "one");
  EXPECT_EQ(sealed_[0]->item_bytes(sealed_[0]->items[1]), "three");
}

TEST_F(BatcherTest, ABatchThatIsUsedAgainIsAsNew) {
  Add(0, "x");
  batcher_.SealAll();
  BatchPtr used = std::move(sealed_.front());
  sealed_.clear();
  used->due = used->sent = Instant(std::chrono::hours(1));
  used->attempts = used->reauthentications = 7;
  used->refusal = std::make_shared<Refusal>();
  const Batch* const same = used.get();
  batcher_.Recycle(std::move(used));
  Add(1, "y");
  batcher_.SealAll();
  ASSERT_EQ(sealed_.size(), 1u);
  const Batch& again = *sealed_.front();
  ASSERT_EQ(&again, same);
  EXPECT_EQ(again.table, 1);
  EXPECT_EQ(again.body.view(), "b[y]");
  EXPECT_EQ(again.items.size(), 1u);
  EXPECT_EQ(again.due, Instant());
  EXPECT_EQ(again.opened, Instant());
  EXPECT_EQ(again.attempts, 0u);
  EXPECT_EQ(again.reauthentications, 0u);
  EXPECT_EQ(again.refusal, nullptr);
}

TEST_F(BatcherTest, WhatIsKeptToBeUsedAgainIsChargedAndGoesWhenMemoryIsTight) {
  const std::string bytes(100'000, 'x');
  const auto fill_and_recycle = [&](int batches) {
    for (int i = 0; i < batches; ++i) Add(i % 2, bytes);
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
  Add(1, "one");
  Batch& batch = batcher_.Open(1, {});
  const size_t mark = Batcher::BeginItem(batch);
  batch.body.Append("broken");
  batcher_.Rollback(batch, mark);
  Add(1, "two");
  batcher_.SealAll();
  EXPECT_EQ(sealed_[0]->body.view(), "b[one,two]");
}

TEST_F(BatcherTest, AnEmptyBatchIsNotSent) {
  Batch& batch = batcher_.Open(0, {});
  batcher_.Rollback(batch, Batcher::BeginItem(batch));
  batcher_.SealAll();
  EXPECT_TRUE(sealed_.empty());
}

TEST_F(BatcherTest, SealsBeforeTheRequestLimit) {
  const std::string big(kMaxRequestBytes / 2, 'x');
  Add(0, big);
  Add(0, big);
  ASSERT_EQ(sealed_.size(), 1u);
  EXPECT_EQ(sealed_[0]->items.size(), 1u);
  EXPECT_LE(sealed_[0]->body.size(), kMaxRequestBytes);
  batcher_.SealAll();
  ASSERT_EQ(sealed_.size(), 2u);
  EXPECT_EQ(sealed_[1]->item_bytes(sealed_[1]->items[0]), big);
}

TEST_F(BatcherTest, SealsByAgeAndByWish) {
  const Instant start = Instant{} + std::chrono::seconds(1);
  Add(0, "x", start);
  Add(1, "y", start + std::chrono::seconds(1));
  batcher_.SealOpenedBefore(start);
  ASSERT_EQ(sealed_.size(), 1u);
  EXPECT_EQ(sealed_[0]->table, 0);
  EXPECT_EQ(batcher_.oldest(), start + std::chrono::seconds(1));
  batcher_.SealIf([](int table) { return table == 1; });
  EXPECT_EQ(sealed_.size(), 2u);
}

}  // namespace
}  // namespace ddb
