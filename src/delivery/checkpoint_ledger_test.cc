#include "delivery/checkpoint_ledger.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/delivery/checkpoints.h"

namespace ddb {
namespace {

TEST_F(LedgerTest, StateWaitsForTheRecordsBeforeIt) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* group = chunk.Records(0, 3);
  chunk.Of(0, "s");
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
  ChunkBuilder chunk = Chunk(0);
  chunk.Records(1, 5);
  RecordGroup* mine = chunk.Records(0, 1);
  chunk.Of(0, "s");
  Register(chunk);
  Store(mine, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("s", "1.0")});
}

TEST_F(LedgerTest, GlobalStateWaitsForEverybody) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* a = chunk.Records(0, 1);
  RecordGroup* b = chunk.Records(1, 2);
  chunk.OfAll("g");
  Register(chunk);
  Store(b, 2);
  EXPECT_TRUE(out_.empty());
  Store(a, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("g", "3.0")});
}

TEST_F(LedgerTest, RecordsBehindAStateDoNotHoldItBack) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* before = chunk.Records(0, 1);
  chunk.Of(0, "s");
  chunk.Records(0, 1);
  Register(chunk);
  Store(before, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("s", "1.0")});
}

TEST_F(LedgerTest, StateOfALaterChunkWaitsUntilEarlierChunksAreRegistered) {
  Open(3);
  ChunkBuilder last = Chunk(2);
  last.Of(0, "late");
  Register(last);
  ChunkBuilder first = Chunk(0);
  Register(first);
  EXPECT_TRUE(out_.empty());  // chunk 1 may hold records of the stream
  ChunkBuilder middle = Chunk(1);
  RecordGroup* group = middle.Records(0, 2);
  Register(middle);
  EXPECT_TRUE(out_.empty());
  Store(group, 2);
  EXPECT_EQ(out_, std::vector<std::string>{Line("late", "2.0")});
}

TEST_F(LedgerTest, StatesOfAStreamKeepTheirOrderAndCountWhatIsBetweenThem) {
  Open(2);
  ChunkBuilder second = Chunk(1);
  RecordGroup* later = second.Records(0, 4);
  second.Of(0, "two");
  Register(second);
  Store(later, 4);
  EXPECT_TRUE(out_.empty());
  ChunkBuilder first = Chunk(0);
  RecordGroup* earlier = first.Records(0, 3);
  first.Of(0, "one");
  Register(first);
  EXPECT_TRUE(out_.empty());
  Store(earlier, 3);
  EXPECT_EQ(out_, (std::vector<std::string>{Line("one", "3.0"), Line("two", "4.0")}));
}

TEST_F(LedgerTest, GlobalStatesCountWhatIsBetweenThemWhileTheFirstWaits) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* slow = chunk.Records(0, 1);
  chunk.OfAll("one");
  RecordGroup* fast = chunk.Records(1, 5);
  chunk.OfAll("two");
  Register(chunk);
  Store(fast, 5);
  Store(slow, 1);
  EXPECT_EQ(out_, (std::vector<std::string>{Line("one", "1.0"), Line("two", "5.0")}));
}

TEST_F(LedgerTest, AChunkThatBrokeOffHoldsBackEveryStateBehindIt) {
  Open(2);
  ChunkBuilder broken = Chunk(0);
  RecordGroup* group = broken.Records(0, 1);
  broken.Of(0, "before");
  broken.contents.whole = false;
  Register(broken);
  ChunkBuilder later = Chunk(1);
  later.Of(0, "behind").Of(1, "other");
  Register(later);
  EXPECT_TRUE(out_.empty());
  Store(group, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("before", "1.0")});
  EXPECT_FALSE(ledger_.AllSettled());
}

TEST_F(LedgerTest, RejectedRecordsAreCountedApart) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* group = chunk.Records(0, 3);
  chunk.Of(0, "s");
  Register(chunk);
  ledger_.Credit({{group, 2, 1}});
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_NE(out_[0].find("\"recordCount\":2.0"), std::string::npos);
  EXPECT_NE(out_[0].find("\"rejectedRecordCount\":1.0"), std::string::npos);
}

TEST_F(LedgerTest, AStateOfAStreamThatIsNotInTheCatalogIsEchoedWithNoRecords) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  chunk.Records(0, 1);
  chunk.Of(std::nullopt, "unknown");
  Register(chunk);
  EXPECT_EQ(out_, std::vector<std::string>{Line("unknown", "0.0")});
}

TEST_F(LedgerTest, MixedKindsAreAnErrorAndReleaseNothingBehind) {
  Open(2);
  ChunkBuilder first = Chunk(0);
  first.Of(0, "s");
  Register(first);
  ChunkBuilder second = Chunk(1);
  second.OfAll("g");
  EXPECT_FALSE(ledger_.Register(std::move(second.contents)).ok());
  EXPECT_EQ(out_, std::vector<std::string>{Line("s", "0.0")});
  EXPECT_FALSE(ledger_.AllSettled());
}

// What stands before the first of the wrong kind is as good as ever.
TEST_F(LedgerTest, MixedKindsInOneChunkReleaseWhatIsBeforeTheFirstWrongOne) {
  Open(2);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* before = chunk.Records(0, 1);
  chunk.Of(0, "s").OfAll("g").Of(0, "behind");
  EXPECT_FALSE(ledger_.Register(std::move(chunk.contents)).ok());
  EXPECT_TRUE(out_.empty());
  Store(before, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("s", "1.0")});
  ChunkBuilder later = Chunk(1);
  later.Of(1, "later");
  Register(later);
  EXPECT_EQ(out_.size(), 1u);
  EXPECT_FALSE(ledger_.AllSettled());
}

TEST_F(LedgerTest, RecordsReadBeforeTheKindIsKnownAreCounted) {
  Open(2);
  ChunkBuilder first = Chunk(0);
  RecordGroup* group = first.Records(2, 7);
  Register(first);
  Store(group, 7);
  ChunkBuilder second = Chunk(1);
  second.OfAll("l");
  Register(second);
  EXPECT_EQ(out_, std::vector<std::string>{Line("l", "7.0")});
}

TEST_F(LedgerTest, SaysWhyAStateWaits) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* group = chunk.Records(1, 9);
  chunk.Of(1, "s");
  const Instant read = Instant{} + std::chrono::seconds(5);
  chunk.contents.checkpoints[0].read = read;
  Register(chunk);
  EXPECT_TRUE(ledger_.WaitingSince(read).empty());
  const auto waiting = ledger_.WaitingSince(read + std::chrono::seconds(1));
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].stream, StreamNo(1));
  ASSERT_EQ(waiting[0].streams.size(), 1u);
  EXPECT_EQ(waiting[0].streams[0].stream, StreamNo(1));
  EXPECT_EQ(waiting[0].streams[0].records, 9u);
  EXPECT_TRUE(ledger_.CheckpointWaits(StreamNo(1)));
  EXPECT_FALSE(ledger_.CheckpointWaits(StreamNo(0)));
  Store(group, 9);
  EXPECT_FALSE(ledger_.CheckpointWaits(StreamNo(1)));
  EXPECT_EQ(ledger_.checkpoints_waiting(), 0u);
}

TEST_F(LedgerTest, AGlobalStateWaitsForSeveralStreams) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* first = chunk.Records(0, 2);
  RecordGroup* second = chunk.Records(1, 9);
  RecordGroup* third = chunk.Records(0, 3);
  RecordGroup* stored = chunk.Records(2, 50);
  chunk.OfAll("g");
  chunk.Records(1, 100);  // behind it
  first->read = Instant{} + std::chrono::seconds(2);
  second->read = Instant{} + std::chrono::seconds(3);
  third->read = Instant{} + std::chrono::seconds(4);
  Register(chunk);
  Store(stored, 50);
  Store(second, 1);
  const auto waiting = ledger_.WaitingSince(Instant{} + std::chrono::seconds(1));
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].stream, std::nullopt);
  ASSERT_EQ(waiting[0].streams.size(), 2u);
  EXPECT_EQ(waiting[0].streams[0].stream, StreamNo(1));
  EXPECT_EQ(waiting[0].streams[0].records, 8u);
  EXPECT_EQ(waiting[0].streams[0].oldest, second->read);
  EXPECT_EQ(waiting[0].streams[1].stream, StreamNo(0));
  EXPECT_EQ(waiting[0].streams[1].records, 5u);
  EXPECT_EQ(waiting[0].streams[1].oldest, first->read);
}

}  // namespace
}  // namespace ddb
