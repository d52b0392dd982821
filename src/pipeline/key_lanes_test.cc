#include "pipeline/key_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dynamodb/limits.h"
#include "pipeline/batcher_testing.h"

namespace ddb {
namespace {

constexpr Instant kStart = Instant{} + std::chrono::seconds(1);

// One owner. Keyed items are charged as the worker that parses them does it; sealed batches are collected,
// and the test says when they are stored.
class KeyLanesTest : public ::testing::Test {
 protected:
  struct Write {
    std::string key, bytes;
    int table = 0;
    RecordGroup* group = nullptr;
  };

  void Accept(uint64_t chunk, const std::vector<Write>& writes, Instant now = kStart) {
    Parcel parcel;
    parcel.chunk = chunk;
    for (const Write& write : writes) {
      budget_.Add(KeyedItemCost(write.key, write.bytes));
      parcel.items.push_back({write.table, write.key, write.bytes, write.group});
    }
    lanes_.Accept(std::move(parcel), now);
  }
  // One chunk for each.
  void Accept(const Write& write) { Accept(chunk_++, {write}); }

  // The oldest batch that was not stored yet is.
  void Store() {
    BatchPtr batch = std::move(sealed_.front());
    sealed_.erase(sealed_.begin());
    for (const BatchItem& item : batch->items) lanes_.Settled(*item.write, kStart);
    batcher_.Recycle(std::move(batch));
  }
  void StoreAll() {
    for (lanes_.SealAll(); !sealed_.empty(); lanes_.SealAll()) Store();
  }

  std::vector<std::string> Sealed() const {
    std::vector<std::string> bodies;
    for (const BatchPtr& batch : sealed_) bodies.emplace_back(batch->body.view());
    return bodies;
  }
  using Bodies = std::vector<std::string>;

  const std::vector<TableTarget> tables_ = TwoTables(/*keyed=*/true);
  std::vector<BatchPtr> sealed_;
  MemoryBudget budget_{1 << 30};
  Batcher batcher_{tables_, budget_, [this](BatchPtr batch) { sealed_.push_back(std::move(batch)); }};
  KeyLanes lanes_{tables_, batcher_, budget_};
  uint64_t chunk_ = 0;
};

TEST_F(KeyLanesTest, ParcelsAreAppliedInTheOrderOfTheirChunks) {
  Accept(2, {{"k", "third"}, {"m", "m3"}});
  Accept(1, {});
  EXPECT_FALSE(lanes_.has_open());
  EXPECT_FALSE(lanes_.empty()) << "what came early is not done";
  Accept(0, {{"k", "first"}, {"l", "l1"}});
  lanes_.SealAll();
  EXPECT_EQ(Sealed(), Bodies{"a[third,l1,m3]"});
}

TEST_F(KeyLanesTest, InAnOpenBatchANewerWriteTakesThePlaceOfTheOlder) {
  RecordGroup first, second, third;
  Accept({"k", "one", 0, &first});
  Accept({"l", "other"});
  Accept({"k", "two", 0, &second});
  Accept({"k", "three", 0, &third});
  lanes_.SealAll();
  ASSERT_EQ(Sealed(), Bodies{"a[three,other]"});
  const BatchItem& item = sealed_[0]->items[0];
  EXPECT_EQ(item.group, &third);
  ASSERT_EQ(item.write->replaced.size(), 2u);
  EXPECT_EQ(item.write->replaced[0].bytes, "one");
  EXPECT_EQ(item.write->replaced[0].group, &first);
  EXPECT_EQ(item.write->replaced[1].bytes, "two");
  EXPECT_EQ(item.write->replaced[1].group, &second);
  EXPECT_TRUE(sealed_[0]->items[1].write->replaced.empty());
}

TEST_F(KeyLanesTest, AWriteIsHeldBackWhileOneOfItsKeyIsOnItsWay) {
  RecordGroup second, third;
  Accept({"k", "one"});
  lanes_.SealAll();
  Accept({"k", "two", 0, &second});
  Accept({"k", "three", 0, &third});
  Accept({"l", "free"});
  lanes_.SealAll();
  EXPECT_EQ(Sealed(), (Bodies{"a[one]", "a[free]"}));
  EXPECT_FALSE(lanes_.has_open());
  EXPECT_FALSE(lanes_.empty());

  Store();
  EXPECT_TRUE(lanes_.has_open());
  lanes_.SealAll();
  ASSERT_EQ(Sealed(), (Bodies{"a[free]", "a[three]"}));
  const BatchItem& item = sealed_[1]->items[0];
  EXPECT_EQ(item.group, &third);
  ASSERT_EQ(item.write->replaced.size(), 1u);
  EXPECT_EQ(item.write->replaced[0].bytes, "two");
  EXPECT_EQ(item.write->replaced[0].group, &second);

  Store();
  Store();
  EXPECT_TRUE(lanes_.empty());
}

TEST_F(KeyLanesTest, KeysOfOneTableAreNotThoseOfAnother) {
  Accept({"k", "one", 0});
  Accept({"k", "two", 1});
  lanes_.SealAll();
  EXPECT_EQ(Sealed(), (Bodies{"a[one]", "b[two]"}));
}

TEST_F(KeyLanesTest, WhatWasReplacedIsChargedUntilTheKeyIsSettled) {
  const std::string large(100'000, 'x');
  for (int i = 0; i < 3; ++i) Accept({"open", large});
  lanes_.SealAll();
  for (int i = 0; i < 3; ++i) Accept({"open", large});  // held
  EXPECT_GE(budget_.used(), 2 * large.size() + sealed_[0]->charged + 3 * large.size());
  EXPECT_GE(sealed_[0]->items[0].write->charged, 2 * large.size());
  StoreAll();
  batcher_.DropSpares();
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(KeyLanesTest, TheBudgetIsBackAtNothing) {
  for (int round = 0; round < 200; ++round) {
    const std::string key = std::to_string(round * 7 % 13);
    Accept({key, "bytes of " + std::to_string(round), round % 2});
    if (round % 10 == 9) lanes_.SealAll();
    if (round % 15 == 14 && !sealed_.empty()) Store();
  }
  EXPECT_GT(budget_.used(), 0u);
  StoreAll();
  EXPECT_TRUE(lanes_.empty());
  batcher_.DropSpares();
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(KeyLanesTest, SealsAtTwentyFiveItemsNotAtTwentyFiveWrites) {
  for (int i = 0; i < 60; ++i) Accept({std::to_string(i % 24), "x"});
  EXPECT_TRUE(sealed_.empty());
  Accept({"24", "x"});
  ASSERT_EQ(sealed_.size(), 1u);
  EXPECT_EQ(sealed_[0]->items.size(), kMaxBatchItems);
}

TEST_F(KeyLanesTest, SealsBeforeTheRequestLimit) {
  const std::string large(kMaxRequestBytes / 2 - 100, 'x');
  Accept({"1", large});
  Accept({"2", large});
  EXPECT_TRUE(sealed_.empty()) << "both fit";
  Accept({"3", "x"});
  Accept({"4", large});
  ASSERT_EQ(sealed_.size(), 1u);
  lanes_.SealAll();
  for (const BatchPtr& batch : sealed_) EXPECT_LE(batch->body.size(), kMaxRequestBytes);
}

TEST_F(KeyLanesTest, AReplacementThatMayNotFitIsHeldBack) {
  const std::string large(kMaxRequestBytes / 2, 'x');
  Accept({"k", "one"});
  Accept({"l", large});
  Accept({"k", large});
  EXPECT_EQ(sealed_.size(), 1u);
  EXPECT_FALSE(lanes_.has_open());
  Store();
  lanes_.SealAll();
  ASSERT_EQ(sealed_.size(), 1u);
  EXPECT_EQ(sealed_[0]->item_bytes(sealed_[0]->items[0]), large);
}

TEST_F(KeyLanesTest, SealsByAge) {
  Accept(0, {{"k", "one", 0}}, kStart);
  Accept(1, {{"k", "two", 1}}, kStart + std::chrono::seconds(1));
  EXPECT_EQ(lanes_.oldest(), kStart);
  lanes_.SealOpenedBefore(kStart);
  EXPECT_EQ(Sealed(), Bodies{"a[one]"});
  EXPECT_EQ(lanes_.oldest(), kStart + std::chrono::seconds(1));
}

// A dispatcher whose table has failed forgets a batch in the moment when it is sealed.
TEST_F(KeyLanesTest, ABatchMayBeSettledWhileItIsSealed) {
  std::vector<std::string> settled;
  KeyLanes* lanes = nullptr;
  Batcher batcher(tables_, budget_, [&](BatchPtr batch) {
    settled.emplace_back(batch->body.view(2, 3));
    std::vector<BatchItem> items = std::move(batch->items);
    batch->items.clear();
    for (const BatchItem& item : items) lanes->Settled(*item.write, kStart);
    batcher.Recycle(std::move(batch));
  });
  KeyLanes own(tables_, batcher, budget_);
  lanes = &own;
  const std::string large(kMaxRequestBytes / 2, 'x');
  uint64_t chunk = 0;
  for (const auto& [key, bytes] :
       {std::pair{"k", "one" + large}, {"l", "two" + large}, {"l", "new" + large}}) {
    budget_.Add(KeyedItemCost(key, bytes));
    own.Accept({chunk++, {{0, key, bytes, nullptr}}}, kStart);
  }
  own.SealAll();
  EXPECT_EQ(settled, (std::vector<std::string>{"one", "two", "new"}));
  EXPECT_TRUE(own.empty());
  EXPECT_EQ(budget_.used(), 0u);
}

TEST(OwnerOfTest, EveryKeyHasOneOwnerAndAllOwnersHaveKeys) {
  std::vector<int> keys(4);
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "key " + std::to_string(i);
    ASSERT_EQ(OwnerOf(key, 4), OwnerOf(key, 4));
    ++keys[OwnerOf(key, 4)];
  }
  EXPECT_GT(*std::min_element(keys.begin(), keys.end()), 100);
  EXPECT_EQ(OwnerOf("key", 1), 0u);
}

}  // namespace
}  // namespace ddb
