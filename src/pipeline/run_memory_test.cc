// A run and its memory: tiny budgets, the room of chunks and of long lines; and whom a dry moment wakes.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "pipeline/chunk_room.h"
#include "support/pipeline/run_fixture.h"

namespace ddb {
namespace {

class RunMemoryTest : public RunTest {};

// Memory for hardly more than one chunk, and several workers that want it: nobody waits for what nobody
// gives.
TEST_P(RunMemoryTest, ATinyBudgetIsPassedAround) {
  plan_.chunk_bytes = 4096;
  budget_.SetLimit(plan_.chunk_bytes + RoomForChunk(plan_.chunk_bytes) + 20'000);
  behaviour_.delay = std::chrono::microseconds(100);
  ExpectThatAllIsStored(10'000, 500);
}

// What a chunk may grow to is taken from the budget before it is parsed: nobody else gets it meanwhile.
TEST_P(RunMemoryTest, WhileAChunkIsParsedItsRoomIsHeld) {
  plan_.chunk_bytes = 16 << 10;
  std::atomic<size_t> most{0};
  behaviour_.on_send = [&] { most = std::max<size_t>(most, budget_.used()); };
  std::string text;
  while (text.size() < plan_.chunk_bytes - 1000) {
    text += R"({"type":"RECORD","record":{"stream":"users","data":{"id":1,"t":")" + std::string(500, 'x') +
            R"("},"emitted_at":1}})" + "\n";
  }
  Send(text);
  Start();
  Finish();
  EXPECT_GE(most, plan_.chunk_bytes + RoomForChunk(text.size()));
}

TEST_P(RunMemoryTest, ALongLineWaitsForItsRoomAndIsRefusedWhereThereIsNone) {
  plan_.chunk_bytes = 4096;
  budget_.SetLimit(1 << 20);
  behaviour_.delay = std::chrono::milliseconds(2);
  Start();
  std::string numbers = "1";
  for (int i = 0; i < 20'000; ++i) numbers += ",1";
  const std::string fits =  // 100 KB
      R"({"type":"RECORD","record":{"stream":"users","data":{"id":4711,"t":")" + std::string(100'000, 'x') +
      R"("},"emitted_at":1}})" + "\n";
  std::string text;
  for (int i = 0; i < 1000; ++i) text += Record("users", i);
  std::string odd = "1e39";  // a quarter of the limit as a line, and ten times that as an item
  while (odd.size() < 120'000) odd += ",1e39";
  text += fits + Record("users", 1000) + State("users", 1) +
          R"({"type":"RECORD","record":{"stream":"users","data":{"id":1001,"n":[)" + odd +
          R"(]},"emitted_at":1}})" + "\n" + Record("users", 1002) + State("users", 2);
  std::thread sender([&] { Send(text); });
  sender.join();
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_NE(result_.error->message.find("Line 1004 of the input has 120"), std::string::npos)
      << result_.error->message;
  EXPECT_NE(result_.error->message.find("max_memory_mb"), std::string::npos) << result_.error->message;
  EXPECT_EQ(store_.size(), 1002u);
  EXPECT_TRUE(store_.Has("4711"));
  EXPECT_EQ(AllLines().size(), 1u);
  EXPECT_EQ(budget_.used(), 0u);
}

// By this clock no batch ever gets old.
class StoppedClock final : public Clock {
 public:
  Instant Now() const override { return now_; }
  int64_t WallMillis() const override { return 0; }

 private:
  const Instant now_ = RealClock().Now();
};

// The letter's batch is of no stream, and yet a STATE of one waits for it.
TEST_P(RunMemoryTest, ALetterThatHoldsAStateBackIsSentWhenThereIsNoMoreInput) {
  const StoppedClock stopped;
  clock_ = &stopped;
  TablePlan letters;
  letters.table = "letters";
  letters.keys = plan_.tables[TableNo(0)].keys;
  plan_.dead_letters = plan_.tables.push_back(letters);
  plan_.stream_of.push_back(std::nullopt);
  plan_.skip_rejected = true;
  Start();
  std::string odd = Record("users", 1);
  odd.insert(odd.find("\"emitted_at\":1") + 13, std::string(39, '9'));  // no number for DynamoDB
  Send(odd + State("users", 1));
  const std::string line = NextLine();
  EXPECT_NE(line.find(R"("rejectedRecordCount":1.0)"), std::string::npos) << line;
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
}

// Whoever finds nothing to read tells those with open batches, and them once.
TEST_P(RunMemoryTest, ADryMomentDoesNotWakeEveryWorker) {
  plan_.workers *= 8;
  Start();
  constexpr int kMoments = 50;
  for (int i = 0; i < kMoments; ++i) {
    Send(Record("users", i) + State("users", i));
    ASSERT_NE(NextLine(), "");
  }
  const uint64_t looked = behaviour_.times_workers_looked;
  Finish();
  EXPECT_EQ(store_.size(), static_cast<size_t>(kMoments));
  // Of the one with the record: told, and the reply; of the holder: none.
  EXPECT_LE(looked, 4u * kMoments);
}

INSTANTIATE_TEST_SUITE_P(Workers, RunMemoryTest, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace ddb
