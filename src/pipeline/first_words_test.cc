// When the first word of a stream counts: Replacements alone, without a run.
#include <gtest/gtest.h>

#include "pipeline/replacements.h"
#include "support/pipeline/plans.h"

namespace ddb {
namespace {

using Word = Replacements::Word;

constexpr StreamNo kUsers{0};
constexpr StreamNo kOrders{1};

TEST(AWordCounts, WhenEverythingBeforeItHasBeenParsed) {
  using Gate = Replacements::Gate;
  const RunPlan plan = PlanOf({"users", "orders"});
  const TableNo users = plan.streams[kUsers].table;
  CheckpointLedger ledger(plan.streams.size());
  RunState state([] {});
  Replacements replacements(plan, {users}, {}, ledger, state, [] {});
  for (uint64_t chunk = 0; chunk < 3; ++chunk) ledger.OpenChunk(chunk);
  ASSERT_TRUE(ledger.Register({.chunk = 1, .whole = true, .groups = {}, .checkpoints = {}}).ok());
  replacements.Said(1, {{kUsers, Word::kRecord}});
  EXPECT_EQ(replacements.gate(users), Gate::kClosed);
  ASSERT_TRUE(ledger.Register({.chunk = 0, .whole = true, .groups = {}, .checkpoints = {}}).ok());
  replacements.Said(0, {});
  EXPECT_EQ(replacements.gate(users), Gate::kAsked);
  EXPECT_EQ(replacements.gate(plan.streams[kOrders].table), Gate::kOpen);
}

TEST(AWordCounts, NeverBehindAChunkThatBrokeOff) {
  using Gate = Replacements::Gate;
  const RunPlan plan = PlanOf({"users", "orders"});
  const TableNo users = plan.streams[kUsers].table;
  const TableNo orders = plan.streams[kOrders].table;
  CheckpointLedger ledger(plan.streams.size());
  RunState state([] {});
  Replacements replacements(plan, {users, orders}, {}, ledger, state, [] {});
  for (uint64_t chunk = 0; chunk < 2; ++chunk) ledger.OpenChunk(chunk);
  ASSERT_TRUE(ledger.Register({.chunk = 1, .whole = true, .groups = {}, .checkpoints = {}}).ok());
  replacements.Said(1, {{kUsers, Word::kRecord}});
  ASSERT_TRUE(ledger.Register({.chunk = 0, .whole = false, .groups = {}, .checkpoints = {}}).ok());
  replacements.Said(0, {{kOrders, Word::kState}});
  EXPECT_EQ(replacements.gate(users), Gate::kClosed);
  EXPECT_EQ(replacements.gate(orders), Gate::kAsked);
}

// What it would tell of is that everything was rejected.
TEST(AWordCounts, AStateBehindRejectedRecordsIsNone) {
  using Gate = Replacements::Gate;
  const RunPlan plan = PlanOf({"users", "orders"});
  const TableNo users = plan.streams[kUsers].table;
  const TableNo orders = plan.streams[kOrders].table;
  CheckpointLedger ledger(plan.streams.size());
  RunState state([] {});
  Replacements replacements(plan, {users, orders}, {}, ledger, state, [] {});
  const auto say = [&](uint64_t chunk, const std::vector<Word>& words) {
    ledger.OpenChunk(chunk);
    ASSERT_TRUE(ledger.Register({.chunk = chunk, .whole = true, .groups = {}, .checkpoints = {}}).ok());
    replacements.Said(chunk, words);
  };
  say(0, {{kUsers, Word::kRejected}, {kUsers, Word::kState}, {kOrders, Word::kState}});
  EXPECT_EQ(replacements.gate(users), Gate::kClosed);
  EXPECT_EQ(replacements.gate(orders), Gate::kAsked);
  say(1, {{kUsers, Word::kState}});
  EXPECT_EQ(replacements.gate(users), Gate::kClosed);
  say(2, {{kUsers, Word::kRecord}});
  EXPECT_EQ(replacements.gate(users), Gate::kAsked);
}

}  // namespace
}  // namespace ddb
