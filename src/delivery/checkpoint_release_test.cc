// How checkpoints leave the ledger: holds, order, without its lock.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "delivery/checkpoint_ledger.h"
#include "support/delivery/checkpoints.h"

namespace ddb {
namespace {

TEST_F(LedgerTest, AHoldKeepsTheCheckpointsOfItsStream) {
  ledger_.Hold(StreamNo(0));
  ledger_.Hold(StreamNo(0));
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* held = chunk.Records(0, 2);
  RecordGroup* free = chunk.Records(1, 1);
  chunk.Of(0, "held").Of(1, "free");
  Register(chunk);
  Store(held, 2);
  Store(free, 1);
  EXPECT_EQ(out_, std::vector<std::string>{Line("free", "1.0")});
  EXPECT_TRUE(ledger_.AllRecordsSettled());
  EXPECT_FALSE(ledger_.AllSettled());
  ledger_.ReleaseHold(StreamNo(0));
  EXPECT_EQ(out_.size(), 1u) << "the other hold is still there";
  ledger_.ReleaseHold(StreamNo(0));
  EXPECT_EQ(out_, (std::vector<std::string>{Line("free", "1.0"), Line("held", "2.0")}));
  EXPECT_TRUE(ledger_.AllSettled());
}

TEST_F(LedgerTest, AHoldOfAnyStreamKeepsACheckpointOfAll) {
  ledger_.Hold(StreamNo(2));
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* group = chunk.Records(1, 3);
  chunk.OfAll("g");
  Register(chunk);
  ledger_.ReleaseHold(StreamNo(2));
  EXPECT_TRUE(out_.empty()) << "a hold that goes settles nothing";
  Store(group, 3);
  EXPECT_EQ(out_, std::vector<std::string>{Line("g", "3.0")});
  ledger_.Hold(StreamNo(0));
  ledger_.OpenChunk(1);
  ChunkBuilder second = Chunk(1);
  second.OfAll("h");
  Register(second);
  EXPECT_EQ(out_.size(), 1u);
  ledger_.ReleaseHold(StreamNo(0));
  EXPECT_EQ(out_, (std::vector<std::string>{Line("g", "3.0"), Line("h", "0.0")}));
}

// Else a stream that is held until its end would fill memory before that.
TEST_F(LedgerTest, AHoldKeepsTheLastCheckpointAndNothingBehindIt) {
  ledger_.Hold(StreamNo(0));
  MemoryBudget budget(1 << 20);
  Open(4);
  for (uint64_t i = 0; i < 3; ++i) {
    ChunkBuilder chunk = Chunk(i);
    chunk.Of(0, "s" + std::to_string(i));
    RecordGroup* group = chunk.Records(0, 1);
    group->charge = Charge(budget, 100);
    Register(chunk);
    Store(group, 1);
  }
  EXPECT_EQ(budget.used(), 0u) << "what is settled is given back";
  EXPECT_EQ(out_, (std::vector<std::string>{Line("s0", "0.0"), Line("s1", "1.0")})) << "s2 is the last one";
  EXPECT_FALSE(ledger_.CheckpointWaits(StreamNo(0))) << "for no record";
  EXPECT_FALSE(ledger_.AllSettled());
  const std::vector<CheckpointLedger::Waiting> late = ledger_.WaitingSince(Instant(std::chrono::seconds(1)));
  ASSERT_EQ(late.size(), 1u);
  EXPECT_TRUE(late[0].held);
  EXPECT_EQ(late[0].stream, StreamNo(0));
  ChunkBuilder chunk = Chunk(3);
  chunk.Of(0, "s3");
  Register(chunk);
  EXPECT_EQ(out_.size(), 3u);
  ledger_.ReleaseHold(StreamNo(0));
  ASSERT_EQ(out_.size(), 4u);
  EXPECT_EQ(out_[2], Line("s2", "1.0"));
  EXPECT_EQ(out_[3], Line("s3", "1.0")) << "with what was settled while it was held";
  EXPECT_TRUE(ledger_.AllSettled());
}

// ---- what cannot count any more

TEST_F(LedgerTest, BehindARecordThatWillNeverBeStoredNothingOfItsStreamCounts) {
  Open(2);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* before = chunk.Records(0, 1);
  chunk.Of(0, "s0");
  RecordGroup* failed = chunk.Records(0, 2);
  chunk.Of(0, "s1");
  RecordGroup* behind = chunk.Records(0, 1);
  RecordGroup* other = chunk.Records(1, 1);
  chunk.Of(1, "o0");
  Register(chunk);
  EXPECT_TRUE(ledger_.MayCount(*behind));
  EXPECT_EQ(ledger_.bars(), 0u);
  ledger_.Bar(*failed);
  EXPECT_GT(ledger_.bars(), 0u);
  EXPECT_TRUE(ledger_.MayCount(*before));
  EXPECT_TRUE(ledger_.MayCount(*failed)) << "records before the one that failed";
  EXPECT_FALSE(ledger_.MayCount(*behind));
  EXPECT_TRUE(ledger_.MayCount(*other));
  const uint64_t bars = ledger_.bars();
  ledger_.Bar(*behind);
  EXPECT_FALSE(ledger_.MayCount(*behind)) << "the first one stands";
  EXPECT_EQ(ledger_.bars(), bars) << "nothing new";
  ledger_.Bar(*before);
  EXPECT_FALSE(ledger_.MayCount(*failed)) << "one that is found later and lies before it";
}

TEST_F(LedgerTest, BehindOneNothingOfAnyStreamCountsForAStateOfAll) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  RecordGroup* failed = chunk.Records(0, 1);
  RecordGroup* other = chunk.Records(1, 1);
  EXPECT_TRUE(ledger_.MayCount(*other));
  ledger_.Bar(*failed);  // it is not registered yet
  EXPECT_TRUE(ledger_.MayCount(*other)) << "as long as no STATE has shown of which kind they are";
  chunk.OfAll("g0");
  Register(chunk);
  EXPECT_FALSE(ledger_.MayCount(*other));
}

TEST_F(LedgerTest, BehindAChunkThatBrokeOffNothingCounts) {
  Open(3);
  ChunkBuilder broken = Chunk(1);
  RecordGroup* in_it = broken.Records(0, 1);
  broken.contents.whole = false;
  Register(broken);
  ChunkBuilder behind = Chunk(2);
  RecordGroup* group = behind.Records(1, 1);
  Register(behind);
  ChunkBuilder before = Chunk(0);
  RecordGroup* earlier = before.Records(1, 1);
  Register(before);
  EXPECT_TRUE(ledger_.MayCount(*in_it));
  EXPECT_TRUE(ledger_.MayCount(*earlier));
  EXPECT_FALSE(ledger_.MayCount(*group));
}

TEST_F(LedgerTest, NotEverythingIsSettledWhileRecordsAreOutstandingBehindTheLastCheckpoint) {
  Open(1);
  ChunkBuilder chunk = Chunk(0);
  chunk.Of(0, "s");
  RecordGroup* group = chunk.Records(0, 1);
  Register(chunk);
  EXPECT_EQ(out_.size(), 1u);
  EXPECT_FALSE(ledger_.AllSettled());
  EXPECT_FALSE(ledger_.AllRecordsSettled());
  Store(group, 1);
  EXPECT_TRUE(ledger_.AllSettled());
}

// A checkpoint that asks the ledger while it is released would wait for ever if that held its lock.
TEST_F(LedgerTest, ReleasesWithoutItsLockAndIsNotSettledBefore) {
  struct Asking final : Checkpoint {
    Asking(CheckpointLedger& of, std::optional<bool>& to) : ledger(of), settled(to) {}
    void Release(const RecordCounts&) override { settled = ledger.AllSettled(); }
    CheckpointLedger& ledger;
    std::optional<bool>& settled;
  };
  std::optional<bool> settled;
  Open(1);
  CheckpointLedger::ChunkContents contents;
  PendingCheckpoint& pending = contents.checkpoints.emplace_back();
  pending.covers_all = true;
  pending.checkpoint = std::make_unique<Asking>(ledger_, settled);
  ASSERT_TRUE(ledger_.Register(std::move(contents)).ok());
  EXPECT_EQ(settled, false) << "it is not out yet";
  EXPECT_TRUE(ledger_.AllSettled());
}

// Workers credit and register at the same time; what leaves keeps the order of reading all the same.
TEST(LedgerThreadsTest, CheckpointsKeepTheirOrder) {
  struct Numbered final : Checkpoint {
    Numbered(int at, std::vector<int>& to) : number(at), told(to) {}
    void Release(const RecordCounts&) override { told.push_back(number); }
    const int number;
    std::vector<int>& told;  // one thread at a time releases: tsan knows it if not
  };
  constexpr int kChunks = 3000;
  std::vector<int> told;
  CheckpointLedger ledger(1);
  std::atomic<int> next{0};
  Mutex reading;
  const auto work = [&] {
    for (;;) {
      CheckpointLedger::ChunkContents contents;
      {
        MutexLock lock(reading);
        const int chunk = next++;
        if (chunk >= kChunks) return;
        contents.chunk = static_cast<uint64_t>(chunk);
        ledger.OpenChunk(contents.chunk);
      }
      auto group = std::make_shared<RecordGroup>();
      group->at = {contents.chunk, 0};
      group->outstanding = 1;
      contents.groups.push_back(group);
      PendingCheckpoint& pending = contents.checkpoints.emplace_back();
      pending.at = {contents.chunk, 1};
      pending.stream = StreamNo(0);
      pending.checkpoint = std::make_unique<Numbered>(static_cast<int>(contents.chunk), told);
      EXPECT_TRUE(ledger.Register(std::move(contents)).ok());
      ledger.Credit({{group.get(), 1, 0}});
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  ASSERT_EQ(told.size(), static_cast<size_t>(kChunks));
  for (int i = 0; i < kChunks; ++i) ASSERT_EQ(told[static_cast<size_t>(i)], i);
  EXPECT_TRUE(ledger.AllSettled());
}

}  // namespace
}  // namespace ddb
