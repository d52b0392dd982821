#include "dynamodb/control_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/dynamodb/fake_dynamodb.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testkit::CollectingLog;
using testkit::Refusal;

class ControlWatchTest : public ::testing::Test {
 protected:
  static Verdict Failed(ReplyFault fault) {
    Verdict verdict;
    verdict.reaction = Reaction::kRetry;
    verdict.fault = fault;
    return verdict;
  }
  std::vector<std::string> Say(Duration later) {
    log_.lines.clear();
    watch_.SayTrouble(log_, start_ + later);
    std::vector<std::string> texts;
    for (const auto& [level, text] : log_.lines) texts.push_back(text);
    return texts;
  }
  std::unique_ptr<ControlWatch::Wait> Call(const std::string& operation) {
    return std::make_unique<ControlWatch::Wait>(watch_, ControlWatch::Kind::kReply, operation, start_,
                                                start_ + seconds(60));
  }

  const Instant start_{std::chrono::hours(1)};
  CollectingLog log_;
  ControlWatch watch_{"http://here:8000"};
};

TEST_F(ControlWatchTest, SaysWithinThreeSecondsThatNoReplyHasCome) {
  EXPECT_THAT(Say(seconds(9)), IsEmpty()) << "nothing was asked";
  const auto call = Call("DescribeTable");
  EXPECT_THAT(Say(seconds(1)), IsEmpty());
  EXPECT_THAT(Say(milliseconds(2500)), ElementsAre(AllOf(HasSubstr("http://here:8000"), HasSubstr("2 s"))));
  EXPECT_EQ(log_.lines[0].first, LogLevel::kInfo);
  EXPECT_THAT(Say(seconds(14)), IsEmpty()) << "once a minute";
}

TEST_F(ControlWatchTest, ASilenceThatLastsIsAWarningThatTellsItsEnd) {
  const auto call = Call("CreateTable");
  EXPECT_THAT(Say(seconds(2)), SizeIs(1));
  EXPECT_THAT(Say(seconds(16)), ElementsAre(AllOf(HasSubstr("No reply has come"), HasSubstr("for 16 s"),
                                                  HasSubstr("CreateTable"), HasSubstr("44 s more"))));
  EXPECT_EQ(log_.lines[0].first, LogLevel::kWarn);
  EXPECT_THAT(Say(seconds(75)), IsEmpty()) << "once a minute";
  EXPECT_THAT(Say(seconds(77)), SizeIs(1));
  EXPECT_EQ(log_.lines[0].first, LogLevel::kWarn);
}

TEST_F(ControlWatchTest, ATableThatIsWaitedForTooLongIsAWarning) {
  const ControlWatch::Wait table(watch_, ControlWatch::Kind::kTable, "Table t is being created", start_,
                                 start_ + seconds(600));
  EXPECT_THAT(Say(seconds(5)), SizeIs(1));
  EXPECT_EQ(log_.lines[0].first, LogLevel::kInfo);
  EXPECT_THAT(Say(seconds(29)), IsEmpty());
  EXPECT_THAT(Say(seconds(30)), ElementsAre(HasSubstr("570 s more at the most")));
  EXPECT_EQ(log_.lines[0].first, LogLevel::kWarn);
  EXPECT_THAT(Say(seconds(40)), IsEmpty());
}

TEST_F(ControlWatchTest, SaysWhatIsWrongWhileRequestsAreTriedAgain) {
  const auto call = Call("DescribeTable");
  for (int i = 0; i < 3; ++i) call->Met(Failed(ReplyFault::kNoAddress), start_ + seconds(60));
  EXPECT_THAT(Say(seconds(2)), ElementsAre(AllOf(HasSubstr("has no address (3 in a row)"),
                                                 HasSubstr("DescribeTable is tried again for 58 s more"))));
  EXPECT_EQ(log_.lines[0].first, LogLevel::kWarn);
  call->Met(Failed(ReplyFault::kHtml), start_ + seconds(60));
  EXPECT_THAT(Say(seconds(5)), IsEmpty()) << "not a line for each";
  EXPECT_THAT(Say(seconds(18)), ElementsAre(HasSubstr("HTML")));
}

TEST_F(ControlWatchTest, ARefusalByNameIsSaidWithItsTime) {
  const auto call = Call("CreateTable");
  Verdict refusal = Refusal(Reaction::kRetry, ErrorCode::kLimitExceeded, "LimitExceededException");
  refusal.reason = "too many table operations at once";
  call->Met(refusal, start_ + seconds(30));
  EXPECT_THAT(Say(seconds(2)),
              ElementsAre(AllOf(HasSubstr("CreateTable"), HasSubstr("too many table operations"),
                                HasSubstr("for 28 s more"))));
}

TEST_F(ControlWatchTest, WhatHasEndedIsNotSaid) {
  Call("DescribeTable")->Met(Failed(ReplyFault::kReset), start_ + seconds(60));
  EXPECT_THAT(Say(seconds(5)), IsEmpty());
}

TEST_F(ControlWatchTest, TablesThatTakeTheirTimeAreSaidTogether) {
  const ControlWatch::Wait first(watch_, ControlWatch::Kind::kTable, "Table t is being created", start_,
                                 start_ + seconds(600));
  const ControlWatch::Wait second(watch_, ControlWatch::Kind::kTable, "Table u is being deleted",
                                  start_ + seconds(1), start_ + seconds(600));
  EXPECT_THAT(Say(seconds(2)), ElementsAre(AllOf(HasSubstr("Table t is being created"), HasSubstr("598 s"),
                                                 HasSubstr("1 more table"))));
  EXPECT_EQ(log_.lines[0].first, LogLevel::kInfo);
  EXPECT_THAT(Say(seconds(29)), IsEmpty());
}

}  // namespace
}  // namespace ddb
