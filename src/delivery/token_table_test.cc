// The model of a table's capacity that other tests rest on.
#include "support/capacity/token_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace ddb {
namespace {

using capacity::Limit;
using capacity::TableItem;
using capacity::TableRules;
using capacity::TokenBucket;
using capacity::TokenTable;

std::vector<TableItem> Items(size_t count, double units = 1, uint64_t key_hash = 0) {
  return std::vector<TableItem>(count, TableItem{units, key_hash});
}

TEST(TokenBucketTest, ComesInStepsAndInDebt) {
  TokenBucket steps({.rate = 10, .saves_s = 300, .grain_s = 0.5, .saved_s = 0}, 100);
  steps.Fill(100.4);
  EXPECT_EQ(steps.level(), 0);
  steps.Fill(101.2);
  EXPECT_EQ(steps.level(), 10);
  TokenBucket debt({.rate = 10, .saves_s = 1, .debt = true, .saved_s = 0.1}, 0);
  EXPECT_TRUE(debt.Has(400));
  debt.Take(400);
  EXPECT_FALSE(debt.Has(1));
}

TEST(TokenTableTest, TakesItemByItemWhatItsCapacityGives) {
  TokenTable table({.wcu = 10}, 0);
  TokenTable::Outcome outcome = table.Write(1, Items(25));
  EXPECT_EQ(outcome.taken, 10u);
  EXPECT_EQ(outcome.units, 10);
  EXPECT_EQ(outcome.limit, Limit::kTable);
  EXPECT_EQ(outcome.items[9], Limit::kNone);
  EXPECT_EQ(outcome.items[10], Limit::kTable);
  // A large one that has to wait lets smaller ones pass.
  const std::vector<TableItem> mixed = {{8, 0}, {3, 0}, {2, 0}};
  outcome = table.Write(2, mixed);
  EXPECT_EQ(outcome.items, (std::vector<Limit>{Limit::kNone, Limit::kTable, Limit::kNone}));
  EXPECT_EQ(table.saved(), 0);
  EXPECT_EQ(table.offered(), 20);
}

TEST(TokenTableTest, SavesForFiveMinutes) {
  TokenTable table({.wcu = 10}, 0);
  table.Pass(1000);
  EXPECT_EQ(table.saved(), 3000);
  EXPECT_EQ(table.Write(1000, Items(1, 400)).taken, 1u) << "more than a second's capacity";
}

TEST(TokenTableTest, AnItemThatCostsMoreThanCanBeSavedPassesAFullBucket) {
  TokenTable table({.wcu = 10, .saves_s = 1}, 0);
  EXPECT_EQ(table.Write(0.9, Items(1, 400)).taken, 0u);
  EXPECT_EQ(table.Write(1, Items(1, 400)).taken, 1u);
  EXPECT_EQ(table.Write(39, Items(1, 1)).taken, 0u) << "and is paid for";
}

TEST(TokenTableTest, AnIndexStarvesItsTable) {
  TokenTable table({.wcu = 1000, .indexes = {{"a", 1000, 1}, {"b", 10, 2}}}, 0);
  const TokenTable::Outcome outcome = table.Write(1, Items(25));
  EXPECT_EQ(outcome.taken, 5u);
  EXPECT_EQ(outcome.limit, Limit::kIndex);
  EXPECT_EQ(outcome.index, 1u);
  EXPECT_EQ(table.saved(), 995) << "what the index refused took nothing of the table";
}

TEST(TokenTableTest, PartitionsAndRangesOfKeys) {
  TokenTable table({.wcu = 10000,
                    .saved_s = 1,
                    .partitions = 2,
                    .partition_wcu = 10,
                    .ranges = {{.first = 5, .last = 5, .wcu = 3, .saves_s = 1}}},
                   0);
  EXPECT_EQ(table.Write(0, Items(25, 1, 2)).taken, 10u);
  EXPECT_EQ(table.Write(0, Items(25, 1, 4)).taken, 0u) << "of the same partition";
  const TokenTable::Outcome outcome = table.Write(0, Items(25, 1, 5));
  EXPECT_EQ(outcome.taken, 3u);
  EXPECT_EQ(outcome.limit, Limit::kKeyRange);
  EXPECT_EQ(table.Write(0, Items(25, 1, 7)).taken, 7u);
}

TEST(TokenTableTest, DarkSpellsAndSteps) {
  TokenTable table({.wcu = 10, .dark = {{5, 6}}, .steps = {{10, 100}, {20, 1}}}, 0);
  EXPECT_EQ(table.Write(4.9, Items(1)).taken, 1u);
  EXPECT_EQ(table.Write(5, Items(1)).taken, 0u);
  EXPECT_EQ(table.Write(6, Items(1)).taken, 1u);
  table.Pass(15);
  EXPECT_EQ(table.saved(), 98 + 500) << "each second by what was set in it";
  EXPECT_EQ(table.wcu(), 100);
  table.Pass(25);
  EXPECT_EQ(table.saved(), 300) << "what was saved goes with the capacity";
}

TEST(TokenTableTest, OnDemandDoublesAndHasAMaximum) {
  TokenTable table({.wcu = 10, .saves_s = 1, .saved_s = 1, .doubles_after_s = 300}, 0);
  for (int t = 0; t < 100; ++t) (void)table.Write(t, Items(25));
  EXPECT_EQ(table.wcu(), 10);
  for (int t = 100; t < 420; ++t) (void)table.Write(t, Items(25));
  EXPECT_NEAR(table.wcu(), 20, 1);
  TokenTable bounded({.wcu = 100, .saved_s = 1, .doubles_after_s = 300, .most_wcu = 5}, 0);
  const TokenTable::Outcome outcome = bounded.Write(0, Items(25));
  EXPECT_EQ(outcome.taken, 5u);
  EXPECT_EQ(outcome.limit, Limit::kMaxOnDemand);
}

TEST(TokenTableTest, TablesShareAnAccount) {
  TokenBucket account({.rate = 10, .saves_s = 1}, 0);
  TokenTable one({.wcu = 100, .saved_s = 1}, 0, 1, &account);
  TokenTable two({.wcu = 100, .saved_s = 1}, 0, 2, &account);
  EXPECT_EQ(one.Write(0, Items(8)).taken, 8u);
  const TokenTable::Outcome outcome = two.Write(0, Items(8));
  EXPECT_EQ(outcome.taken, 2u);
  EXPECT_EQ(outcome.limit, Limit::kAccount);
}

TEST(TokenTableTest, AShareIsRefusedWhateverThereIs) {
  TokenTable table({.wcu = 1e6, .saved_s = 300, .refused_share = 0.01}, 0, 7);
  size_t taken = 0;
  for (int i = 0; i < 4000; ++i) taken += table.Write(i, Items(25)).taken;
  EXPECT_NEAR(static_cast<double>(taken) / 100000, 0.99, 0.002);
}

TEST(TokenTableTest, WithoutALimitTakesAll) {
  TokenTable table(TableRules{}, 0);
  EXPECT_EQ(table.Write(0, Items(25, 400)).taken, 25u);
}

}  // namespace
}  // namespace ddb
