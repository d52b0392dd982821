// The phases of a run: what each of them does, when, and how it ends.
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/pipeline/run_fixture.h"

namespace ddb {
namespace {

using std::chrono::seconds;

class RunPhasesTest : public RunTest {};

// ---- Prepare

TEST_P(RunPhasesTest, NothingIsReadBeforeTheTablesAreReady) {
  std::atomic<int> unread = 0;
  prepare_ = [this, &unread](const StopRequested&) {
    int bytes = 0;
    EXPECT_EQ(ioctl(in_[0], FIONREAD, &bytes), 0);
    unread = bytes;
    EXPECT_EQ(clients_, 0);
    return TablesAreThere(plan_)({});
  };
  const std::string text = Record("users", 1) + State("users", 1);
  Send(text);
  Start();
  Finish();
  EXPECT_EQ(unread, static_cast<int>(text.size()));
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(clients_, GetParam());
}

TEST_P(RunPhasesTest, TablesThatCannotBeMadeReadyFailTheRunAndNothingIsRead) {
  prepare_ = [](const StopRequested&) -> Result<TableDescriptions> { return ConfigError("no such table"); };
  Send(Record("users", 1) + State("users", 1));
  Start();
  Join();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_EQ(result_.error->message, "no such table");
  EXPECT_NE(result_.error->trail.find("preparing the tables"), std::string::npos);
  EXPECT_EQ(clients_, 0);
  EXPECT_TRUE(AllLines().empty());
}

// A step that ends because it was told to has not failed, whatever it says.
Result<TableDescriptions> WaitsToBeStopped(const StopRequested& stop_requested) {
  const Instant limit = RealClock().Now() + seconds(20);
  while (!stop_requested() && RealClock().Now() < limit) std::this_thread::yield();
  return TransientError("stopped while the tables were prepared");
}

TEST_P(RunPhasesTest, ASignalIsHeardWhileTheTablesArePrepared) {
  prepare_ = WaitsToBeStopped;
  Start();
  Signal();
  Join();
  EXPECT_EQ(result_.reason, StopReason::kSignal);
  EXPECT_FALSE(result_.error);
  EXPECT_EQ(clients_, 0);
}

TEST_P(RunPhasesTest, AClosedStdoutIsHeardWhileTheTablesArePrepared) {
  close(out_[0]);
  out_[0] = -1;
  RealClock clock;
  std::atomic<bool> preparing = false;
  prepare_ = [&preparing](const StopRequested& stop_requested) {
    preparing = true;
    return WaitsToBeStopped(stop_requested);
  };
  MessageWriter writer(out_[1], LogLevel::kInfo, clock, &budget_);
  std::thread talk([&] {
    while (!preparing) std::this_thread::yield();
    writer.Info("nobody reads this");
  });
  const RunResult result = RunSync(plan_, {.clock = clock,
                                           .writer = writer,
                                           .budget = budget_,
                                           .make_client = {},
                                           .prepare = prepare_,
                                           .input_fd = in_[0]});
  talk.join();
  EXPECT_EQ(result.reason, StopReason::kStdoutClosed);
}

// ---- Finish

TEST_P(RunPhasesTest, FinishComesOnceForEachStreamWhenAllIsStored) {
  std::vector<std::string> finished;
  finish_ = [&](const FinishingStream& stream, const StopRequested& stop_requested) {
    EXPECT_FALSE(stop_requested());
    EXPECT_EQ(store_.size(), 2u);
    EXPECT_EQ(stream.plan.id, plan_.streams[stream.no].id);
    EXPECT_EQ(stream.table.name, plan_.tables[stream.plan.table].table);
    finished.push_back(stream.plan.id.name);
    return Ok();
  };
  Start();
  Send(Record("users", 1) + Record("orders", 2) + State("users", 1));
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(finished, (std::vector<std::string>{"users", "orders"}));
}

TEST_P(RunPhasesTest, AFailureInFinishIsAFailureOfTheRun) {
  int steps = 0;
  finish_ = [&](const FinishingStream&, const StopRequested&) -> Status {
    ++steps;
    return TransientError("the old rows are still there");
  };
  Start();
  Send(Record("users", 1));
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_EQ(result_.error->message, "the old rows are still there");
  EXPECT_EQ(result_.error->stream, plan_.streams[StreamNo(0)].id);
  EXPECT_EQ(steps, 1);
  EXPECT_TRUE(store_.Has("1"));
}

TEST_P(RunPhasesTest, ARunThatFailedFinishesNothing) {
  bool asked = false;
  finish_ = [&](const FinishingStream&, const StopRequested&) {
    asked = true;
    return Ok();
  };
  Start();
  Send(Record("users", 1) + "{\"type\":\"RECORD\",\"record\":{\n");
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_FALSE(asked);
}

TEST_P(RunPhasesTest, ASignalIsHeardWhileAStreamIsFinished) {
  std::atomic<int> steps = 0;
  finish_ = [&](const FinishingStream&, const StopRequested& stop_requested) -> Status {
    ++steps;
    Signal();
    const Instant limit = RealClock().Now() + seconds(20);
    while (!stop_requested() && RealClock().Now() < limit) std::this_thread::yield();
    return TransientError("stopped while a stream was finished");
  };
  Start();
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kSignal);
  EXPECT_FALSE(result_.error);
  EXPECT_EQ(steps, 1);
}

// ---- STATEs that wait for Finish

TEST_P(RunPhasesTest, StatesOfAStreamWaitForItsFinish) {
  plan_.streams[kUsers].states_wait_for_finish = true;
  std::atomic<bool> finished = false;
  finish_ = [&](const FinishingStream& stream, const StopRequested&) {
    if (stream.no == kUsers) finished = true;
    return Ok();
  };
  Start();
  Send(Record("users", 1) + State("users", 1));
  while (store_.size() < 1) std::this_thread::yield();
  Send(Record("orders", 2) + State("orders", 2));
  EXPECT_NE(NextLine().find("orders"), std::string::npos);  // that of users would have come before it
  EXPECT_FALSE(finished);
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  const std::vector<std::string> lines = AllLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("users"), std::string::npos);
  EXPECT_NE(lines[0].find(R"("destinationStats":{"recordCount":1.0})"), std::string::npos) << lines[0];
}

TEST_P(RunPhasesTest, StatesOfAStreamWhoseFinishFailedNeverLeave) {
  plan_.streams[kUsers].states_wait_for_finish = true;
  plan_.streams[kOrders].states_wait_for_finish = true;
  finish_ = [&](const FinishingStream& stream, const StopRequested&) -> Status {
    if (stream.no == kUsers) return Ok();
    return TransientError("the old rows are still there");
  };
  Start();
  Send(Record("users", 1) + State("users", 1) + Record("orders", 2) + State("orders", 2));
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kFailure);
  const std::vector<std::string> lines = AllLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("users"), std::string::npos);
}

TEST_P(RunPhasesTest, AStateOfAllStreamsWaitsForEachThatIsToBeFinished) {
  plan_.streams[kOrders].states_wait_for_finish = true;
  std::atomic<int> steps = 0;
  finish_ = [&](const FinishingStream&, const StopRequested&) -> Status {
    if (++steps < 2) return Ok();
    return TransientError("the old rows are still there");
  };
  Start();
  Send(Record("users", 1) + R"({"type":"STATE","state":{"type":"GLOBAL","global":{"n":1}}})" + "\n");
  Finish();
  EXPECT_EQ(steps, 2);
  EXPECT_TRUE(store_.Has("1"));
  EXPECT_TRUE(AllLines().empty());
}

// ---- what became of the streams

std::string StatusOf(const std::string& stream, const std::string& status) {
  return fmt::format(
             R"({{"type":"TRACE","trace":{{"type":"STREAM_STATUS","emitted_at":1,"stream_status":{{"stream_descriptor":{{"name":"{}"}},"status":"{}"}}}}}})",
             stream, status) +
         "\n";
}

TEST_P(RunPhasesTest, EachStreamsOutcomeIsKnownInFinishAndAtTheEnd) {
  plan_.skip_rejected = true;
  plan_.chunk_bytes = 512;  // many chunks, so that several workers read statuses
  std::vector<StreamOutcome> seen;
  finish_ = [&](const FinishingStream& stream, const StopRequested&) {
    seen.push_back(stream.outcome);
    return Ok();
  };
  std::string text =
      StatusOf("users", "STARTED") + StatusOf("orders", "STARTED") + StatusOf("strangers", "RUNNING");
  for (int i = 0; i < 200; ++i) text += Record("users", i) + StatusOf("users", "RUNNING");
  text += R"({"type":"RECORD","record":{"stream":"users","data":{"id":0},"emitted_at":)" +
          std::string(39, '9') + "}}\n";
  text += Record("orders", 1000) + StatusOf("orders", "COMPLETE") + StatusOf("users", "COMPLETE") +
          StatusOf("orders", "INCOMPLETE");
  Start();
  Send(text);
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kNone);
  ASSERT_EQ(result_.streams.size(), 2u);
  ASSERT_EQ(seen.size(), 2u);
  for (const StreamOutcome& users : {result_.streams[kUsers], seen[0]}) {
    EXPECT_TRUE(users.complete);
    EXPECT_EQ(users.last_status, StreamStatus::kComplete);
    EXPECT_EQ(users.stored, 200u);
    EXPECT_EQ(users.rejected, 1u);
  }
  for (const StreamOutcome& orders : {result_.streams[kOrders], seen[1]}) {
    EXPECT_FALSE(orders.complete);
    EXPECT_EQ(orders.last_status, StreamStatus::kIncomplete);
    EXPECT_EQ(orders.stored, 1u);
    EXPECT_EQ(orders.rejected, 0u);
  }
}

TEST_P(RunPhasesTest, AStreamOfARunThatFailedIsNotComplete) {
  Start();
  Send(Record("users", 1) + StatusOf("users", "COMPLETE") + "{\n");
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  ASSERT_EQ(result_.streams.size(), 2u);
  EXPECT_FALSE(result_.streams[kUsers].complete);
  EXPECT_EQ(result_.streams[kUsers].last_status, StreamStatus::kComplete);
  EXPECT_EQ(result_.streams[kUsers].stored, 1u);
  EXPECT_EQ(result_.streams[kOrders].last_status, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Workers, RunPhasesTest, ::testing::Values(1, 4));

}  // namespace
}  // namespace ddb
