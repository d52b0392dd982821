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
  EXPECT_EQ(result_.error->type, FailureType::kConfig);
  EXPECT_NE(result_.error->message.find("Line 1004 of the input, a record of stream users, has 120"),
            std::string::npos)
      << result_.error->message;
  EXPECT_NE(result_.error->message.find("Raise max_memory_mb to 3 or more"), std::string::npos)
      << result_.error->message;
  EXPECT_EQ(store_.size(), 1002u);
  EXPECT_TRUE(store_.Has("4711"));
  EXPECT_EQ(AllLines().size(), 1u);
  EXPECT_EQ(budget_.used(), 0u);
}

// Long lines of every kind between records: what cannot be stored is counted, and everything else goes on.
TEST_P(RunMemoryTest, LongLinesAreSkippedOrDelivered) {
  plan_.chunk_bytes = 4096;
  plan_.skip_rejected = true;
  budget_.SetLimit(1 << 20);
  behaviour_.delay = std::chrono::milliseconds(1);
  Start();
  const auto list = [](size_t bytes) {
    std::string numbers = "1e39";
    while (numbers.size() < bytes) numbers += ",1e39";
    return numbers;
  };
  const auto record = [&](size_t bytes) {
    return R"({"record":{"data":{"id":1001,"n":[)" + list(bytes) +
           R"(]},"emitted_at":1,"stream":"users"},"type":"RECORD"})" + "\n";
  };
  std::string state = State("users", 1);
  state.insert(state.rfind("}}"), R"(,"x":")" + std::string(900'000, 'x') + '"');
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += Record("users", i);
    if (i == 100) text += record(120'000) + record(3'000'000);  // without room, and longer than all of it
    if (i == 200)
      text += state + R"({"type":"LOG","log":{"message":")" + std::string(2'000'000, 'x') + "\"}}\n";
  }
  std::thread sender([&] { Send(text + State("users", 2)); });
  sender.join();
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kNone) << result_.error->message;
  EXPECT_EQ(store_.size(), 300u);
  const std::vector<std::string> lines = AllLines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find(R"("destinationStats":{"recordCount":201.0,"rejectedRecordCount":2.0})"),
            std::string::npos);
  EXPECT_GT(lines[0].size(), 900'000u);
  EXPECT_NE(lines[1].find(R"("destinationStats":{"recordCount":99.0})"), std::string::npos);
  EXPECT_EQ(budget_.used(), 0u);
}

// Not JSON, and longer than what can be held: rejected as any other that is bad by itself, where it is
// certain.
TEST_P(RunMemoryTest, LongLinesThatAreBrokenAreSkippedToo) {
  plan_.chunk_bytes = 4096;
  plan_.skip_rejected = true;
  budget_.SetLimit(1 << 20);
  Start();
  const auto broken = [](size_t bytes) {
    return R"({"type":"RECORD","record":{"stream":"users","data":{"id":1001,"x":")" +
           std::string(bytes, 'x') + "\t\",\"n\":[1,2,]},\"emitted_at\":1}}\n";
  };
  const std::string other = "{'type': 'RECORD', 'record': {'stream': 'users', 'data': {'id': 1002, 'x': '" +
                            std::string(2'000'000, 'x') + "'}, 'emitted_at': 1}}\n";
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += Record("users", i);
    if (i == 10) text += broken(150'000) + broken(3'000'000) + other;
  }
  std::thread sender([&] { Send(text + State("users", 1)); });
  sender.join();
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kNone) << result_.error->message;
  const std::vector<std::string> lines = AllLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("recordCount":20.0,"rejectedRecordCount":3.0)"), std::string::npos) << lines[0];
}

TEST_P(RunMemoryTest, ALongBrokenLineThatMayBeTwoEndsTheRun) {
  plan_.chunk_bytes = 4096;
  plan_.skip_rejected = true;
  budget_.SetLimit(1 << 20);
  Start();
  const std::string record = Record("users", 1);
  const std::string cut =
      R"({"type":"RECORD","record":{"stream":"users","data":{"id":1001,"x":")" + std::string(2'000'000, 'x');
  std::thread sender([&] { Send(record + State("users", 1) + cut + record + State("users", 2)); });
  sender.join();
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_NE(result_.error->message.find("Line 3 of the input cannot be used: line is not valid JSON"),
            std::string::npos)
      << result_.error->message;
}

TEST_P(RunMemoryTest, AStateLongerThanTheBudgetIsNamed) {
  plan_.chunk_bytes = 4096;
  plan_.skip_rejected = true;
  budget_.SetLimit(1 << 20);
  Start();
  std::string state = State("users", 2);
  state.insert(state.rfind("}}"), R"(,"x":")" + std::string(1'100'000, 'x') + '"');
  std::thread sender([&] { Send(Record("users", 1) + State("users", 1) + state + State("users", 3)); });
  sender.join();
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_EQ(result_.error->type, FailureType::kConfig);
  EXPECT_NE(result_.error->message.find("Line 3 of the input, a STATE, has 1100"), std::string::npos)
      << result_.error->message;
  EXPECT_NE(result_.error->message.find("max_memory_mb"), std::string::npos);
  EXPECT_EQ(AllLines().size(), 1u);
}

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
