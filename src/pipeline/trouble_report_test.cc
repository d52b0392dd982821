#include "pipeline/trouble_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/times.h"
#include "support/pipeline/table_targets.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Instant kStart{std::chrono::hours(1)};

class TroubleReportTest : public testing::Test {
 protected:
  void Wait(size_t table) { flow_.clock(TableNo(table)).AddWaiting(1, kStart); }
  void Note(size_t table, ReplyFault fault) { flow_.trouble(TableNo(table)).Note({.fault = fault}); }
  std::vector<std::string> At(Duration later) {
    std::vector<std::string> texts;
    for (TroubleReport::Line& line : report_.Look(flow_, kStart + later))
      texts.push_back(std::move(line.text));
    return texts;
  }

  const TableTargets tables_ = NumberedTables(8);
  FlowControl flow_{1, 8};
  EndpointText endpoint_;
  TroubleReport report_{tables_, endpoint_, seconds(600)};
};

TEST_F(TroubleReportTest, SaysWithinThreeSecondsThatATableIsTriedAgainAndWhy) {
  Wait(0);
  Note(0, ReplyFault::kRefused);
  EXPECT_THAT(At(milliseconds(500)), IsEmpty()) << "that may pass";
  const auto lines = report_.Look(flow_, kStart + milliseconds(2500));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].level, LogLevel::kWarn);
  EXPECT_THAT(lines[0].text, AllOf(HasSubstr("table t0 of stream s0"), HasSubstr("the connection is refused"),
                                   HasSubstr("tried again"), HasSubstr("600 s")));
}

TEST_F(TroubleReportTest, NamesTheProxyOnTheWay) {
  endpoint_.proxy = "the proxy http://p:3128 (HTTPS_PROXY)";
  Wait(0);
  Note(0, ReplyFault::kReset);
  EXPECT_THAT(At(milliseconds(2500)),
              ElementsAre(HasSubstr("The way leads through the proxy http://p:3128")));
  Wait(1);
  EXPECT_THAT(At(seconds(60)),
              testing::Contains(AllOf(HasSubstr("No reply has come"), HasSubstr("http://p:3128"))));
  Wait(2);
  Note(2, ReplyFault::kServiceFailed);
  EXPECT_THAT(At(seconds(120)),
              testing::Contains(AllOf(HasSubstr("table t2"), testing::Not(HasSubstr("http://p")))));
}

TEST_F(TroubleReportTest, SaysThatNoReplyHasCome) {
  Wait(1);
  const auto lines = report_.Look(flow_, kStart + seconds(2));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].level, LogLevel::kInfo);
  EXPECT_THAT(lines[0].text, HasSubstr("No reply has come for table t1"));
}

TEST_F(TroubleReportTest, ASilenceThatLastsIsAWarning) {
  Wait(0);
  EXPECT_THAT(At(seconds(2)), testing::SizeIs(1));
  EXPECT_THAT(At(seconds(14)), IsEmpty());
  const auto lines = report_.Look(flow_, kStart + seconds(15));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].level, LogLevel::kWarn);
  EXPECT_THAT(lines[0].text, AllOf(HasSubstr("for 15 s"), HasSubstr("nothing has been stored for 600 s")));
  EXPECT_THAT(At(seconds(74)), IsEmpty()) << "once a minute";
  EXPECT_THAT(At(seconds(91)), testing::SizeIs(1));
}

TEST_F(TroubleReportTest, SaysNothingOfATableThatStores) {
  Wait(0);
  Note(0, ReplyFault::kReset);
  flow_.clock(TableNo(0)).AddWaiting(1, kStart);
  flow_.clock(TableNo(0)).Settle(1, kStart + seconds(9));
  EXPECT_THAT(At(seconds(10)), IsEmpty());
}

TEST_F(TroubleReportTest, EachReasonOnceAMinute) {
  Wait(0);
  Note(0, ReplyFault::kReset);
  int told = 0;
  for (int second = 1; second <= 119; ++second) told += static_cast<int>(At(seconds(second)).size());
  EXPECT_EQ(told, 2);
  Note(0, ReplyFault::kTimeout);
  Note(0, ReplyFault::kTimeout);
  EXPECT_THAT(At(seconds(120)), ElementsAre(HasSubstr("no whole reply comes in time"))) << "another one";
}

TEST_F(TroubleReportTest, AThrottleIsSaidWhenItLasts) {
  Wait(0);
  Note(0, ReplyFault::kThrottled);
  EXPECT_THAT(At(seconds(9)), IsEmpty());
  EXPECT_THAT(At(seconds(11)), ElementsAre(HasSubstr("capacity")));
}

TEST_F(TroubleReportTest, ManyTablesAreToldTogether) {
  for (size_t i = 0; i < 8; ++i) {
    Wait(i);
    Note(i, ReplyFault::kServiceFailed);
  }
  EXPECT_THAT(At(seconds(2)),
              ElementsAre(HasSubstr("t0"), HasSubstr("t1"), HasSubstr("t2"), "5 more tables store nothing."));
  EXPECT_THAT(At(seconds(4)), IsEmpty());
}

}  // namespace
}  // namespace ddb
