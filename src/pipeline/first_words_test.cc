// When the first word of a stream counts: Replacements alone, without a run.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "pipeline/replacements.h"
#include "support/pipeline/plans.h"

namespace ddb {
namespace {

using Word = Replacements::Word;

constexpr StreamNo kOthers{2};

class AWordCounts : public testing::Test {
 protected:
  using Gate = Replacements::Gate;

  void Open(uint64_t chunks) {
    for (uint64_t chunk = 0; chunk < chunks; ++chunk) ledger_.OpenChunk(chunk);
  }
  void Say(uint64_t chunk, const std::vector<Word>& words, bool whole = true) {
    ASSERT_TRUE(ledger_.Register({.chunk = chunk, .whole = whole, .groups = {}, .checkpoints = {}}).ok());
    replacements_.Said(chunk, words);
  }
  Gate GateOf(StreamNo stream) const { return replacements_.gate(plan_.streams[stream].table); }

  const RunPlan plan_ = PlanOf({"users", "orders", "others"});
  CheckpointLedger ledger_{plan_.streams.size()};
  RunState state_{[] {}};
  Replacements replacements_{
      plan_, {plan_.streams[kUsers].table, plan_.streams[kOrders].table}, {}, ledger_, state_, [] {}};
};

TEST_F(AWordCounts, WhenEverythingBeforeItHasBeenParsed) {
  Open(3);
  Say(1, {{kUsers, Word::kRecord}});
  EXPECT_EQ(GateOf(kUsers), Gate::kClosed);
  Say(0, {});
  EXPECT_EQ(GateOf(kUsers), Gate::kAsked);
  EXPECT_EQ(GateOf(kOrders), Gate::kClosed);
  EXPECT_EQ(GateOf(kOthers), Gate::kOpen);
}

TEST_F(AWordCounts, NeverBehindAChunkThatBrokeOff) {
  Open(2);
  Say(1, {{kUsers, Word::kRecord}});
  Say(0, {{kOrders, Word::kState}}, /*whole=*/false);
  EXPECT_EQ(GateOf(kUsers), Gate::kClosed);
  EXPECT_EQ(GateOf(kOrders), Gate::kAsked);
}

// What it would tell of is that everything was rejected.
TEST_F(AWordCounts, AStateBehindRejectedRecordsIsNone) {
  Open(3);
  Say(0, {{kUsers, Word::kRejected}, {kUsers, Word::kState}, {kOrders, Word::kState}});
  EXPECT_EQ(GateOf(kUsers), Gate::kClosed);
  EXPECT_EQ(GateOf(kOrders), Gate::kAsked);
  Say(1, {{kUsers, Word::kState}});
  EXPECT_EQ(GateOf(kUsers), Gate::kClosed);
  Say(2, {{kUsers, Word::kRecord}});
  EXPECT_EQ(GateOf(kUsers), Gate::kAsked);
}

}  // namespace
}  // namespace ddb
