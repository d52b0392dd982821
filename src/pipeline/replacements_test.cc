#include "pipeline/replacements.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/pipeline/replacements_fixture.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_P(ReplacementsTest, EachTableWaitsForTheFirstRecordOfItsOwnStream) {
  Start();
  Send(kLog + StatusLine("users", "STARTED"));
  EXPECT_FALSE(Within(milliseconds(100), [this] { return replaced() > 0; }));
  Send(Record("users", 1));
  EXPECT_TRUE(Within(seconds(20), [this] { return Replaced(kUsers); }));
  EXPECT_FALSE(Within(milliseconds(100), [this] { return Replaced(kOrders); }));
  Send(Record("orders", 2) + State("users", 1));
  Finish();
  EndsWell();
  EXPECT_TRUE(Replaced(kOrders));
  EXPECT_EQ(store_.size(), 2u);
  EXPECT_EQ(AllLines().size(), 1u);
}

TEST_P(ReplacementsTest, AStateIsAWordToo) {
  Start();
  Send(State("users", 1));
  EXPECT_TRUE(Within(seconds(20), [this] { return Replaced(kUsers); }));
  EXPECT_NE(NextLine(), "");
  EXPECT_FALSE(Replaced(kOrders));
  Finish();
  EndsWell();
}

TEST_P(ReplacementsTest, NothingOfAStreamLeavesWhileItsTableIsReplaced) {
  std::atomic<int> rounds = 0;
  std::atomic<bool> go_on = false;
  replace_ = [&](const std::vector<TableNo>& which, const StopRequested&, const TableReplaced&) {
    ++rounds;
    EXPECT_TRUE(Within(seconds(20), [&go_on] { return go_on.load(); }));
    EXPECT_EQ(store_.size(), 0u);
    return Anew(which);
  };
  to_replace_ = [this] { return std::vector<TableNo>{TableOf(kUsers)}; };
  Start();
  std::string text = State("users", 1);
  for (int i = 0; i < 2000; ++i) text += Record("users", i);
  std::thread send([&] { Send(text + State("users", 2000)); });
  EXPECT_TRUE(Within(seconds(20), [&rounds] { return rounds > 0; }));
  pollfd ask{out_[0], POLLIN, 0};
  EXPECT_EQ(poll(&ask, 1, 100), 0);
  go_on = true;
  send.join();
  Finish();
  EndsWell();
  EXPECT_EQ(rounds, 1);
  EXPECT_EQ(store_.size(), 2000u);
  EXPECT_EQ(AllLines().size(), 2u);
}

TEST_P(ReplacementsTest, WhatIsNotReplacedGoesOnMeanwhile) {
  std::atomic<bool> go_on = false;
  replace_ = [&](const std::vector<TableNo>& which, const StopRequested&, const TableReplaced&) {
    EXPECT_TRUE(Within(seconds(20), [&go_on] { return go_on.load(); }));
    return Anew(which);
  };
  to_replace_ = [this] { return std::vector<TableNo>{TableOf(kUsers)}; };
  Start();
  Send(Record("users", 1) + State("users", 1) + Record("orders", 2) + State("orders", 2));
  EXPECT_NE(NextLine().find("orders"), std::string::npos);
  EXPECT_FALSE(store_.Has("1"));
  go_on = true;
  Finish();
  EndsWell();
  EXPECT_TRUE(store_.Has("1"));
  EXPECT_EQ(AllLines().size(), 1u);
}

TEST_P(ReplacementsTest, MoreThanMemoryHoldsWaitsForATable) {
  plan_.send_window_bytes = 64 << 10;
  plan_.chunk_bytes = 16 << 10;
  replace_ = [this](const std::vector<TableNo>& which, const StopRequested&, const TableReplaced&) {
    std::this_thread::sleep_for(milliseconds(200));
    EXPECT_LT(budget_.used(), size_t{16} << 20);
    return Anew(which);
  };
  ExpectThatAllIsStored(60'000, 20'000);
}

TEST_P(ReplacementsTest, AnEndWithoutAWordClears) {
  for (const std::string& text : {std::string(kLog), StatusLine("users", "COMPLETE"),
                                  StatusLine("orders", "COMPLETE"), std::string(kGlobal)}) {
    Send(text);
  }
  Start();
  Finish();
  EndsWell();
  EXPECT_EQ(replaced(), 2u);
  EXPECT_EQ(AllLines().size(), 1u);
}

// A platform's clear of a connection without a state.
TEST_P(ReplacementsTest, AnEmptyInputClears) {
  RunWith("\n");
  EndsWell();
  EXPECT_EQ(replaced(), 2u);
}

TEST_P(ReplacementsTest, ASourceThatSpeaksOfNoStatusClears) {
  RunWith(kLog + Record("users", 1));
  EndsWell();
  EXPECT_EQ(replaced(), 2u);
}

// More than the budget of those who send it.
const std::string kPad(2'000'000, 'x');

TEST_P(ReplacementsTest, ALongLogBeforeARecordIsNoFailure) {
  plan_.chunk_bytes = 4096;
  budget_.SetLimit(1 << 20);
  Start();
  Send(Record("users", 1) + R"({"type":"LOG","log":{"level":"INFO","message":")" + kPad + "\"}}\ntext " +
       kPad + "\n" + R"({"msg":")" + kPad + R"(","level":"info"})" + "\n" + Record("users", 2));
  Finish();
  EndsWell();
  EXPECT_TRUE(Replaced(kUsers));
  EXPECT_TRUE(Replaced(kOrders));
}

// What shows that nothing came because something went wrong.
class SourceThatFailed : public ReplacementsTest {
 protected:
  void ReplacesNothing(const std::string& text) {
    RunWith(text);
    EndsWell();
    EXPECT_EQ(replaced(), 0u);
  }
  // The table of "users" is replaced for its record, and that of "orders" stays.
  void KeepsOrders(const std::string& text) {
    RunWith(text);
    EndsWell();
    EXPECT_TRUE(Replaced(kUsers));
    EXPECT_FALSE(Replaced(kOrders));
    EXPECT_EQ(store_.size(), 1u);
  }
  void KeepsOrdersFor(const std::string& long_line) {
    plan_.chunk_bytes = 4096;
    budget_.SetLimit(1 << 20);
    Start();
    Send(Record("users", 1) + long_line + Record("users", 2));
    Finish();
    EndsWell();
    EXPECT_TRUE(Replaced(kUsers));
    EXPECT_FALSE(Replaced(kOrders));
  }
};

TEST_P(SourceThatFailed, SaysError) { ReplacesNothing(StatusLine("users", "STARTED") + kError); }
TEST_P(SourceThatFailed, SaysErrorOnlyAfterwards) {
  ReplacesNothing(StatusLine("users", "COMPLETE") + kError);
}
TEST_P(SourceThatFailed, SaysFatal) { ReplacesNothing(kFatal); }
TEST_P(SourceThatFailed, SaysErrorInHalfALineOfText) {
  KeepsOrders(Record("users", 1) + R"(2024 {"type":"TRACE","trace":{"type":"ERROR","em)" + "\n");
}
TEST_P(SourceThatFailed, SaysIncompleteInALogOfContainers) {
  KeepsOrders(Record("users", 1) + R"({"log":"{\"type\":\"TRACE\",\"status\":\"INCOMPLETE\"}"})" + "\n");
}
TEST_P(SourceThatFailed, SaysFatalInALoggersLine) {
  KeepsOrders(Record("users", 1) + R"({"level":"fatal","msg":"x"})" + "\n");
}
TEST_P(SourceThatFailed, SaysFatalUnderATypeInSmallLetters) {
  KeepsOrders(Record("users", 1) + R"({"type":"log","log":{"level":"FATAL"}})" + "\n");
}
// Lines that are too long to be held.
TEST_P(SourceThatFailed, SaysFatalInALongLog) {
  KeepsOrdersFor(R"({"type":"LOG","log":{"level":"FATAL","message":")" + kPad + "\"}}\n");
}
TEST_P(SourceThatFailed, SaysFatalAtTheEndOfALongLog) {
  KeepsOrdersFor(R"({"log":{"message":")" + kPad + R"(","level":"FATAL"},"type":"LOG"})" + "\n");
}
TEST_P(SourceThatFailed, SaysFatalInALoggersLongLine) {
  KeepsOrdersFor(R"({"msg":")" + kPad + R"(","level":"fatal"})" + "\n");
}
TEST_P(SourceThatFailed, SaysErrorInALongText) {
  KeepsOrdersFor("text " + kPad + R"({"type":"TRACE","trace":{"type":"ERROR"}})" + "\n");
}
TEST_P(SourceThatFailed, SaysThatItsConnectionFailed) {
  ReplacesNothing("{\"type\":\"CONNECTION_STATUS\",\"connectionStatus\":{\"status\":\"FAILED\"}}\n");
}
TEST_P(SourceThatFailed, SaysIncompleteOfAnyStream) {
  ReplacesNothing(StatusLine("users", "COMPLETE") + StatusLine("not in the catalog", "INCOMPLETE"));
}
TEST_P(SourceThatFailed, DiesWithoutAWordOnceItHasStarted) {
  ReplacesNothing(kLog + StatusLine("users", "STARTED") + StatusLine("orders", "RUNNING"));
}
TEST_P(SourceThatFailed, SpeaksAnotherProtocol) { ReplacesNothing(std::string("hello\n\n") + kUnknown); }
TEST_P(SourceThatFailed, AfterTheWordOfAnotherStream) {
  KeepsOrders(Record("users", 1) + State("users", 1) + StatusLine("users", "COMPLETE") +
              StatusLine("orders", "INCOMPLETE"));
}
TEST_P(SourceThatFailed, BeforeTheWordOfAnotherStream) {
  KeepsOrders(StatusLine("orders", "INCOMPLETE") + Record("users", 1));
}
TEST_P(SourceThatFailed, WithAnErrorAfterTheWordOfAnotherStream) { KeepsOrders(Record("users", 1) + kError); }
TEST_P(SourceThatFailed, BehindAStateOfAllStreams) {
  KeepsOrders(Record("users", 1) + kGlobal + StatusLine("orders", "INCOMPLETE"));
}
TEST_P(SourceThatFailed, DiesBeforeTheSecondStream) {
  KeepsOrders(StatusLine("users", "STARTED") + Record("users", 1) + StatusLine("users", "COMPLETE"));
}
TEST_P(SourceThatFailed, AfterItsOwnWord) {
  RunWith(Record("orders", 1) + kError + StatusLine("orders", "INCOMPLETE"));
  EndsWell();
  EXPECT_TRUE(Replaced(kOrders));
  EXPECT_TRUE(store_.Has("1"));
}

// Of a source without statuses, only its log can tell; and it may go on after an error.
constexpr char kErrorLog[] = R"({"type":"LOG","log":{"level":"ERROR","message":"x"}})"
                             "\n";
constexpr char kTraceback[] = "Traceback (most recent call last):\n  File x\nKeyError: 'y'\n";

TEST_P(SourceThatFailed, DiesWithATraceback) { ReplacesNothing(kLog + std::string(kTraceback)); }
TEST_P(SourceThatFailed, DiesWithALogOfAnError) { ReplacesNothing(kLog + std::string(kErrorLog)); }
TEST_P(SourceThatFailed, DiesWithALoggersErrorBehindAStateOfAllStreams) {
  KeepsOrders(Record("users", 1) + kGlobal + R"({"level":"error","msg":"x"})" + "\n" + kLog);
}
TEST_P(SourceThatFailed, DiesWithATracebackBehindARecordOfAnotherStream) {
  KeepsOrders(Record("users", 1) + kTraceback + kLog);
}
TEST_P(ReplacementsTest, ASourceThatGoesOnAfterAnErrorHasNotFailed) {
  RunWith(std::string(kTraceback) + Record("users", 1) + kErrorLog + Record("users", 2));
  EndsWell();
  EXPECT_EQ(replaced(), 2u);
}
TEST_P(ReplacementsTest, NorHasOneThatSaysComplete) {
  RunWith(std::string(kTraceback) + kErrorLog + StatusLine("users", "COMPLETE"));
  EndsWell();
  EXPECT_TRUE(Replaced(kUsers));
  EXPECT_FALSE(Replaced(kOrders));
}

class NoWord : public ReplacementsTest {
 protected:
  void FailsAt(const std::string& line) {
    std::string text = kLog + line;
    for (int i = 0; i < 50; ++i) text += Record("users", i) + State("users", i);
    plan_.chunk_bytes = 512;  // so that several workers read
    RunWith(text);
    EXPECT_EQ(result_.reason, StopReason::kFailure);
    EXPECT_EQ(replaced(), 0u);
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
  RunWith("Traceback (most recent call last):\n  something\n");
  EXPECT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_EQ(replaced(), 0u);
}

TEST_P(ReplacementsTest, WhatLiesBeforeALineThatFailsIsStored) {
  RunWith(Record("users", 1) + State("users", 1) + Record("orders", 2) + State("orders", 2) + "{\n");
  EXPECT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_EQ(store_.size(), 2u);
  EXPECT_EQ(AllLines().size(), 2u);
}

TEST_P(ReplacementsTest, TextBeforeAWordIsPassedOver) {
  RunWith("a source's own words\n" + Record("users", 1));
  EndsWell();
  EXPECT_TRUE(store_.Has("1"));
}

TEST_P(ReplacementsTest, AReplacementThatFailsFailsTheRun) {
  replace_ = [](const std::vector<TableNo>&, const StopRequested&,
                const TableReplaced&) -> Result<std::vector<TableDescription>> {
    return ConfigError("it cannot be");
  };
  const Instant begun = RealClock().Now();
  RunWith(Record("users", 1) + State("users", 1));
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_LT(RealClock().Now() - begun, seconds(20));  // nothing can be stored any more
  EXPECT_EQ(result_.error->message, "it cannot be");
  EXPECT_NE(result_.error->trail.find("replacing the tables"), std::string::npos);
  EXPECT_EQ(store_.size(), 0u);
  EXPECT_TRUE(AllLines().empty());
}

TEST_P(ReplacementsTest, ATableOfWhichEveryRecordIsRejectedStays) {
  plan_.skip_rejected = true;
  RunWith("{\"type\":\"RECORD\",\"record\":{\"stream\":\"users\",\"data\":[],\"emitted_at\":1}}\n" +
          StatusLine("users", "COMPLETE") + StatusLine("orders", "COMPLETE"));
  EndsWell();
  EXPECT_FALSE(Replaced(kUsers));
  EXPECT_TRUE(Replaced(kOrders));
}

// As every source ends. The STATE tells the platform how many were rejected.
TEST_P(ReplacementsTest, AndSoItDoesWithAStateBehindThem) {
  plan_.skip_rejected = true;
  const std::string bad =
      "{\"type\":\"RECORD\",\"record\":{\"stream\":\"users\",\"data\":[],\"emitted_at\":1}}\n";
  RunWith(bad + bad + State("users", 1) + Record("orders", 2) + State("orders", 2) + State("users", 2) +
          StatusLine("users", "COMPLETE") + StatusLine("orders", "COMPLETE"));
  EndsWell();
  EXPECT_FALSE(Replaced(kUsers));
  EXPECT_TRUE(Replaced(kOrders));
  EXPECT_EQ(AllLines().size(), 3u);
}

TEST_P(ReplacementsTest, OneGoodRecordAmongThemIsAWord) {
  plan_.skip_rejected = true;
  const std::string bad =
      "{\"type\":\"RECORD\",\"record\":{\"stream\":\"users\",\"data\":[],\"emitted_at\":1}}\n";
  RunWith(bad + State("users", 1) + bad + Record("users", 2) + bad + State("users", 2));
  EndsWell();
  EXPECT_TRUE(Replaced(kUsers));
  EXPECT_TRUE(store_.Has("2"));
  EXPECT_EQ(AllLines().size(), 2u);
}

TEST_P(ReplacementsTest, ASignalBeforeAnyWordReplacesNothing) {
  Start();
  Send(kLog);
  Signal();
  Join();
  EXPECT_EQ(result_.reason, StopReason::kSignal);
  EXPECT_EQ(replaced(), 0u);
}

TEST_P(ReplacementsTest, ASignalIsHeardWhileTheTablesAreReplaced) {
  std::atomic<int> rounds = 0;
  replace_ = [&](const std::vector<TableNo>&, const StopRequested& stop,
                 const TableReplaced&) -> Result<std::vector<TableDescription>> {
    ++rounds;
    EXPECT_TRUE(Within(seconds(20), [&] { return stop(); }));
    return TransientError("stopped");
  };
  Start();
  Send(Record("users", 1));
  EXPECT_TRUE(Within(seconds(20), [&] { return rounds > 0; }));
  Signal();
  Join();
  EXPECT_EQ(result_.reason, StopReason::kSignal);
  EXPECT_FALSE(result_.error);
  EXPECT_EQ(store_.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Workers, ReplacementsTest, ::testing::Values(1, 3));
INSTANTIATE_TEST_SUITE_P(Workers, SourceThatFailed, ::testing::Values(1, 3));
INSTANTIATE_TEST_SUITE_P(Workers, NoWord, ::testing::Values(1, 3));

}  // namespace
}  // namespace ddb
