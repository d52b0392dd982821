// The data path through a whole run: what is read is stored, and its STATEs come out.
#include "pipeline/run.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "support/pipeline/run_fixture.h"

namespace ddb {
namespace {

using std::chrono::seconds;

TEST_P(RunTest, StoresEveryRecordAndReleasesEveryState) { ExpectThatAllIsStored(20'000, 1000); }

TEST_P(RunTest, AStateIsOutWhileStdinIsHeldOpenAndSilent) {
  Start();
  Send(Record("users", 1) + Record("users", 2) + Record("users", 3) + State("users", 3));
  const std::string line = NextLine();
  EXPECT_NE(line.find(R"("destinationStats":{"recordCount":3.0})"), std::string::npos) << line;
  EXPECT_EQ(store_.size(), 3u);
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
}

TEST_P(RunTest, AStateThatWaitsDoesNotWaitForItsBatchToGrowOld) {
  const StoppedClock clock;
  clock_ = &clock;
  Start();
  Send(Record("users", 1) + State("users", 1));
  EXPECT_NE(NextLine().find(R"("n":1)"), std::string::npos);
  Send(Record("orders", 2) + Record("users", 3) + State("users", 2));
  EXPECT_NE(NextLine().find(R"("n":2)"), std::string::npos);
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(store_.size(), 3u);
}

TEST_P(RunTest, RecordsThatNoStateWaitsForAreStoredWhileStdinIsHeldOpen) {
  Start();
  for (int i = 1; i <= 3; ++i) {
    Send(Record("users", i) + Record("orders", 100 + i));
    const Instant limit = RealClock().Now() + seconds(60);
    while (store_.size() < 2u * static_cast<size_t>(i) && RealClock().Now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_EQ(store_.size(), 2u * static_cast<size_t>(i));
  }
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
}

TEST_P(RunTest, AMalformedLineIsABarrier) {
  Start();
  Send(Record("users", 1) + State("users", 1) + "{\"type\":\"RECORD\",\"record\":{\n" + Record("users", 2) +
       State("users", 2));
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_NE(result_.error->message.find("Line 3"), std::string::npos) << result_.error->message;
  EXPECT_TRUE(store_.Has("1"));
  const std::vector<std::string> lines = AllLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("n":1)"), std::string::npos);
}

TEST_P(RunTest, ARecordOfAnUnknownStreamFailsTheRunByName) {
  Start();
  Send(Record("users", 1) + State("users", 1) + Record("strangers", 2));
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_NE(result_.error->message.find("strangers"), std::string::npos);
  EXPECT_EQ(AllLines().size(), 1u);
}

TEST_P(RunTest, TheStreamMayComeBehindTheData) {
  Start();
  Send("{\"record\":{\"data\":{\"id\":7},\"emitted_at\":1,\"stream\":\"orders\"},\"type\":\"RECORD\"}\n" +
       State("orders", 1));
  const std::string line = NextLine();
  EXPECT_NE(line.find(R"({"recordCount":1.0})"), std::string::npos) << line;
  Finish();
  EXPECT_TRUE(store_.Has("7"));
}

TEST_P(RunTest, AClosedStdoutStopsTheRun) {
  Start();
  Send(Record("users", 1));
  close(out_[0]);
  out_[0] = -1;
  Send(State("users", 1));
  run_.join();
  EXPECT_EQ(result_.reason, StopReason::kStdoutClosed);
}

INSTANTIATE_TEST_SUITE_P(Workers, RunTest, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace ddb
