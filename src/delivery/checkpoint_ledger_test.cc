#include "delivery/checkpoint_ledger.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ddb {
namespace {

// Builds chunks in the order of reading and collects what the ledger releases.
class LedgerTest : public ::testing::Test {
 protected:
  struct ChunkBuilder {
    explicit ChunkBuilder(uint64_t chunk) { contents.chunk = chunk; }
    RecordGroup* Records(int stream, uint64_t count) {
      auto group = std::make_shared<RecordGroup>();
      group->stream = stream;
      group->at = {contents.chunk, next++};
      group->outstanding = count;
      contents.groups.push_back(group);
      return group.get();
    }
    ChunkBuilder& State(StateKind kind, int stream, const std::string& name) {
      PendingState state;
      state.at = {contents.chunk, next++};
      state.fields.kind = kind;
      state.stream = stream;
      state.line = "{" + name + "}";
      state.fields.stats_begin = state.fields.stats_end = state.line.size() - 1;
      contents.states.push_back(std::move(state));
      return *this;
    }
    CheckpointLedger::ChunkContents contents;
    uint32_t next = 0;
  };

  void Open(uint64_t chunks) {
    for (uint64_t i = 0; i < chunks; ++i) ledger_.OpenChunk(i);
  }
  void Register(ChunkBuilder& chunk) { ASSERT_TRUE(ledger_.Register(std::move(chunk.contents)).ok()); }
  void Store(RecordGroup* group, uint32_t n) { ledger_.Credit({{group, n, 0}}); }
  static std::string Line(const std::string& name, const std::string& count) {
    return "{" + name + ",\"destinationStats\":{\"recordCount\":" + count + "}}";
  }

  std::vector<std::string> out_;
  CheckpointLedger ledger_{3, [this](std::string line, size_t) { out_.push_back(std::move(line)); }};
};

TEST_F(LedgerTest, StateWaitsForTheRecordsBeforeIt) {
  Open(1);
  ChunkBuilder chunk(0);
  RecordGroup* group = chunk.Records(0, 3);
  chunk.State(StateKind::kStream, 0, "s");
  Register(chunk);
  EXPECT_TRUE(out_.empty());
  Store(group, 2);
  EXPECT_TRUE(out_.empty());
  EXPECT_FALSE(ledger_.AllSettled());
  Store(group, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("s", "3.0")});
  EXPECT_TRUE(ledger_.AllSettled());
}

TEST_F(LedgerTest, StreamStateDoesNotWaitForOtherStreams) {
  Open(1);
  ChunkBuilder chunk(0);
  chunk.Records(1, 5);
  RecordGroup* mine = chunk.Records(0, 1);
  chunk.State(StateKind::kStream, 0, "s");
  Register(chunk);
  Store(mine, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("s", "1.0")});
}

TEST_F(LedgerTest, GlobalStateWaitsForEverybody) {
  Open(1);
  ChunkBuilder chunk(0);
  RecordGroup* a = chunk.Records(0, 1);
  RecordGroup* b = chunk.Records(1, 2);
  chunk.State(StateKind::kGlobal, -1, "g");
  Register(chunk);
  Store(b, 2);
  EXPECT_TRUE(out_.empty());
  Store(a, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("g", "3.0")});
}

TEST_F(LedgerTest, RecordsBehindAStateDoNotHoldItBack) {
  Open(1);
  ChunkBuilder chunk(0);
  RecordGroup* before = chunk.Records(0, 1);
  chunk.State(StateKind::kStream, 0, "s");
  chunk.Records(0, 1);
  Register(chunk);
  Store(before, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("s", "1.0")});
}

TEST_F(LedgerTest, StateOfALaterChunkWaitsUntilEarlierChunksAreRegistered) {
  Open(3);
  ChunkBuilder last(2);
  last.State(StateKind::kStream, 0, "late");
  Register(last);
  ChunkBuilder first(0);
  Register(first);
  EXPECT_TRUE(out_.empty());  // chunk 1 may hold records of the stream
  ChunkBuilder middle(1);
  RecordGroup* group = middle.Records(0, 2);
  Register(middle);
  EXPECT_TRUE(out_.empty());
  Store(group, 2);
  EXPECT_EQ(out_, std::vector<std::string>{Line("late", "2.0")});
}

TEST_F(LedgerTest, StatesOfAStreamKeepTheirOrderAndCountWhatIsBetweenThem) {
  Open(2);
  ChunkBuilder second(1);
  RecordGroup* later = second.Records(0, 4);
  second.State(StateKind::kStream, 0, "two");
  Register(second);
  Store(later, 4);
  EXPECT_TRUE(out_.empty());
  ChunkBuilder first(0);
  RecordGroup* earlier = first.Records(0, 3);
  first.State(StateKind::kStream, 0, "one");
  Register(first);
  EXPECT_TRUE(out_.empty());
  Store(earlier, 3);
  EXPECT_EQ(out_, (std::vector<std::string>{Line("one", "3.0"), Line("two", "4.0")}));
}

TEST_F(LedgerTest, GlobalStatesCountWhatIsBetweenThemWhileTheFirstWaits) {
  Open(1);
  ChunkBuilder chunk(0);
  RecordGroup* slow = chunk.Records(0, 1);
  chunk.State(StateKind::kGlobal, -1, "one");
  RecordGroup* fast = chunk.Records(1, 5);
  chunk.State(StateKind::kGlobal, -1, "two");
  Register(chunk);
  Store(fast, 5);
  Store(slow, 1);
  EXPECT_EQ(out_, (std::vector<std::string>{Line("one", "1.0"), Line("two", "5.0")}));
}

TEST_F(LedgerTest, AChunkThatBrokeOffHoldsBackEveryStateBehindIt) {
  Open(2);
  ChunkBuilder broken(0);
  RecordGroup* group = broken.Records(0, 1);
  broken.State(StateKind::kStream, 0, "before");
  broken.contents.whole = false;
  Register(broken);
  ChunkBuilder later(1);
  later.State(StateKind::kStream, 0, "behind").State(StateKind::kStream, 1, "other");
  Register(later);
  EXPECT_TRUE(out_.empty());
  Store(group, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("before", "1.0")});
  EXPECT_FALSE(ledger_.AllSettled());
}

TEST_F(LedgerTest, RejectedRecordsAreCountedApart) {
  Open(1);
  ChunkBuilder chunk(0);
  RecordGroup* group = chunk.Records(0, 3);
  chunk.State(StateKind::kStream, 0, "s");
  Register(chunk);
  ledger_.Credit({{group, 2, 1}});
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_NE(out_[0].find("\"recordCount\":2.0"), std::string::npos);
  EXPECT_NE(out_[0].find("\"rejectedRecordCount\":1.0"), std::string::npos);
}

TEST_F(LedgerTest, AStateOfAStreamThatIsNotInTheCatalogIsEchoedWithNoRecords) {
  Open(1);
  ChunkBuilder chunk(0);
  chunk.Records(0, 1);
  chunk.State(StateKind::kStream, -1, "unknown");
  Register(chunk);
  EXPECT_EQ(out_, std::vector<std::string>{Line("unknown", "0.0")});
}

TEST_F(LedgerTest, MixedKindsAreAnErrorAndReleaseNothingBehind) {
  Open(2);
  ChunkBuilder first(0);
  first.State(StateKind::kStream, 0, "s");
  Register(first);
  ChunkBuilder second(1);
  second.State(StateKind::kGlobal, -1, "g");
  EXPECT_FALSE(ledger_.Register(std::move(second.contents)).ok());
  EXPECT_EQ(out_, std::vector<std::string>{Line("s", "0.0")});
  EXPECT_FALSE(ledger_.AllSettled());
}

TEST_F(LedgerTest, RecordsReadBeforeTheKindIsKnownAreCounted) {
  Open(2);
  ChunkBuilder first(0);
  RecordGroup* group = first.Records(2, 7);
  Register(first);
  Store(group, 7);
  ChunkBuilder second(1);
  second.State(StateKind::kLegacy, -1, "l");
  Register(second);
  EXPECT_EQ(out_, std::vector<std::string>{Line("l", "7.0")});
}

TEST_F(LedgerTest, SaysWhyAStateWaits) {
  Open(1);
  ChunkBuilder chunk(0);
  RecordGroup* group = chunk.Records(1, 9);
  chunk.State(StateKind::kStream, 1, "s");
  const Instant read = Instant{} + std::chrono::seconds(5);
  chunk.contents.states[0].read = read;
  Register(chunk);
  EXPECT_TRUE(ledger_.WaitingSince(read).empty());
  const auto waiting = ledger_.WaitingSince(read + std::chrono::seconds(1));
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].stream, 1);
  ASSERT_EQ(waiting[0].streams.size(), 1u);
  EXPECT_EQ(waiting[0].streams[0].stream, 1);
  EXPECT_EQ(waiting[0].streams[0].records, 9u);
  EXPECT_TRUE(ledger_.StateWaits(1));
  EXPECT_FALSE(ledger_.StateWaits(0));
  Store(group, 9);
  EXPECT_FALSE(ledger_.StateWaits(1));
  EXPECT_EQ(ledger_.states_waiting(), 0u);
}

TEST_F(LedgerTest, AGlobalStateWaitsForSeveralStreams) {
  Open(1);
  ChunkBuilder chunk(0);
  RecordGroup* first = chunk.Records(0, 2);
  RecordGroup* second = chunk.Records(1, 9);
  RecordGroup* third = chunk.Records(0, 3);
  RecordGroup* stored = chunk.Records(2, 50);
  chunk.State(StateKind::kGlobal, -1, "g");
  chunk.Records(1, 100);  // behind it
  first->read = Instant{} + std::chrono::seconds(2);
  second->read = Instant{} + std::chrono::seconds(3);
  third->read = Instant{} + std::chrono::seconds(4);
  Register(chunk);
  Store(stored, 50);
  Store(second, 1);
  const auto waiting = ledger_.WaitingSince(Instant{} + std::chrono::seconds(1));
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].stream, -1);
  ASSERT_EQ(waiting[0].streams.size(), 2u);
  EXPECT_EQ(waiting[0].streams[0].stream, 1);
  EXPECT_EQ(waiting[0].streams[0].records, 8u);
  EXPECT_EQ(waiting[0].streams[0].oldest, second->read);
  EXPECT_EQ(waiting[0].streams[1].stream, 0);
  EXPECT_EQ(waiting[0].streams[1].records, 5u);
  EXPECT_EQ(waiting[0].streams[1].oldest, first->read);
}

}  // namespace
}  // namespace ddb
