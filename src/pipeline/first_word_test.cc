#include "pipeline/first_word.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/pipeline/run_fixture.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kLog[] = "{\"type\":\"LOG\",\"log\":{\"level\":\"INFO\",\"message\":\"m\"}}\n";
constexpr char kError[] =
    "{\"type\":\"TRACE\",\"trace\":{\"type\":\"ERROR\",\"emitted_at\":1,\"error\":{\"message\":\"m\"}}}\n";

std::string Status(const std::string& stream, const std::string& status) {
  return "{\"type\":\"TRACE\",\"trace\":{\"type\":\"STREAM_STATUS\",\"emitted_at\":1,\"stream_status\":"
         "{\"stream_descriptor\":{\"name\":\"" +
         stream + "\"},\"status\":\"" + status + "\"}}}\n";
}

class FirstWordTest : public RunTest {
 protected:
  FirstWordTest() {
    replace_ = [this](const StopRequested&) {
      EXPECT_EQ(store_.size(), 0u);
      ++replaced_;
      return TablesAreThere(plan_)({});
    };
  }
  bool Within(std::chrono::milliseconds time, const std::function<bool()>& is) {
    const Instant limit = RealClock().Now() + time;
    while (!is() && RealClock().Now() < limit) std::this_thread::sleep_for(milliseconds(1));
    return is();
  }
  std::atomic<int> replaced_{0};
};

TEST_P(FirstWordTest, ARecordComesAndThenTheTablesAreReplaced) {
  Start();
  Send(kLog + Status("users", "STARTED"));
  EXPECT_FALSE(Within(milliseconds(100), [this] { return replaced_ > 0; }));
  Send(Record("users", 1));
  EXPECT_TRUE(Within(seconds(20), [this] { return replaced_ > 0; }));
  Send(Record("orders", 2) + State("users", 1));
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(replaced_, 1);
  EXPECT_EQ(store_.size(), 2u);
  EXPECT_EQ(AllLines().size(), 1u);
}

TEST_P(FirstWordTest, AStateIsAWordToo) {
  Start();
  Send(State("users", 1));
  EXPECT_TRUE(Within(seconds(20), [this] { return replaced_ > 0; }));
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(AllLines().size(), 1u);
}

TEST_P(FirstWordTest, NothingLeavesWhileTheTablesAreReplaced) {
  std::atomic<bool> go_on = false;
  replace_ = [this, &go_on](const StopRequested&) {
    ++replaced_;
    EXPECT_TRUE(Within(seconds(20), [&go_on] { return go_on.load(); }));
    EXPECT_EQ(store_.size(), 0u);
    return TablesAreThere(plan_)({});
  };
  Start();
  std::string text = State("orders", 1);
  for (int i = 0; i < 2000; ++i) text += Record("users", i);
  std::thread send([&] { Send(text + State("users", 2000)); });
  EXPECT_TRUE(Within(seconds(20), [this] { return replaced_ > 0; }));
  pollfd ask{out_[0], POLLIN, 0};
  EXPECT_EQ(poll(&ask, 1, 100), 0);
  go_on = true;
  send.join();
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(store_.size(), 2000u);
  EXPECT_EQ(AllLines().size(), 2u);
}

TEST_P(FirstWordTest, AnInputWithoutAWordClears) {
  for (const std::string& text :
       {std::string(), std::string(kLog), Status("users", "STARTED") + Status("users", "COMPLETE")}) {
    Send(text);
  }
  Start();
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(replaced_, 1);
}

class SourceThatFailed : public FirstWordTest {};

TEST_P(SourceThatFailed, ReplacesNothing) {
  Send(Status("users", "STARTED") + kError);
  Start();
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(replaced_, 0);
}

TEST_P(SourceThatFailed, SaysIncompleteOfAnyStream) {
  Send(Status("users", "COMPLETE") + Status("not in the catalog", "INCOMPLETE"));
  Start();
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(replaced_, 0);
}

TEST_P(SourceThatFailed, AfterItsFirstWordHasReplaced) {
  Send(Record("users", 1) + kError + Status("users", "INCOMPLETE"));
  Start();
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(replaced_, 1);
  EXPECT_TRUE(store_.Has("1"));
}

class NoWord : public FirstWordTest {
 protected:
  void FailsAt(const std::string& line) {
    Send(kLog + line + Record("users", 1) + State("users", 1));
    Start();
    Finish();
    EXPECT_EQ(result_.reason, StopReason::kFailure);
    EXPECT_EQ(replaced_, 0);
    EXPECT_EQ(store_.size(), 0u);
    EXPECT_TRUE(AllLines().empty());
  }
};

TEST_P(NoWord, IsALineThatIsCut) { FailsAt(Record("users", 1).substr(0, 60) + "\n"); }
TEST_P(NoWord, IsARecordOfAnotherStream) { FailsAt(Record("not in the catalog", 1)); }
TEST_P(NoWord, IsARecordWithoutATime) {
  FailsAt("{\"type\":\"RECORD\",\"record\":{\"stream\":\"users\",\"data\":{\"id\":1}}}\n");
}

TEST_P(NoWord, IsTextAlone) {
  Send("Traceback (most recent call last):\n  something\n");
  Start();
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_EQ(replaced_, 0);
}

TEST_P(FirstWordTest, TextBeforeItIsPassedOver) {
  Send("a source's own words\n" + Record("users", 1));
  Start();
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(replaced_, 1);
  EXPECT_TRUE(store_.Has("1"));
}

TEST_P(FirstWordTest, AReplacementThatFailsFailsTheRun) {
  replace_ = [](const StopRequested&) -> Result<TableDescriptions> { return ConfigError("it cannot be"); };
  Send(Record("users", 1) + State("users", 1));
  Start();
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_EQ(result_.error->message, "it cannot be");
  EXPECT_NE(result_.error->trail.find("replacing the tables"), std::string::npos);
  EXPECT_EQ(store_.size(), 0u);
  EXPECT_TRUE(AllLines().empty());
}

TEST_P(FirstWordTest, ASignalBeforeItReplacesNothing) {
  Start();
  Send(kLog);
  Signal();
  Join();
  EXPECT_EQ(result_.reason, StopReason::kSignal);
  EXPECT_EQ(replaced_, 0);
}

TEST_P(FirstWordTest, ASignalIsHeardWhileTheTablesAreReplaced) {
  replace_ = [this](const StopRequested& stop_requested) -> Result<TableDescriptions> {
    ++replaced_;
    EXPECT_TRUE(Within(seconds(20), [&] { return stop_requested(); }));
    return TransientError("stopped");
  };
  Start();
  Send(Record("users", 1));
  EXPECT_TRUE(Within(seconds(20), [this] { return replaced_ > 0; }));
  Signal();
  Join();
  EXPECT_EQ(result_.reason, StopReason::kSignal);
  EXPECT_FALSE(result_.error);
  EXPECT_EQ(store_.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Workers, FirstWordTest, ::testing::Values(1, 3));
INSTANTIATE_TEST_SUITE_P(Workers, SourceThatFailed, ::testing::Values(1, 3));
INSTANTIATE_TEST_SUITE_P(Workers, NoWord, ::testing::Values(1, 3));

}  // namespace
}  // namespace ddb
