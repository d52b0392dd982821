#include "pipeline/throttle_report.h"

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
using testing::Not;
using testing::SizeIs;

constexpr Instant kThrottledFrom{std::chrono::hours(1)};

class ThrottleReportTest : public testing::Test {
 protected:
  void Refuse(size_t table, Duration later, Text reason, const std::string& index = "") {
    flow_.throttle(TableNo(table)).Refuse({reason, index}, kThrottledFrom + later);
  }
  std::vector<std::string> At(Duration later) {
    std::vector<std::string> texts;
    for (ThrottleReport::Line& line : report_.Look(flow_, kThrottledFrom + later))
      texts.push_back(std::move(line.text));
    return texts;
  }

  const TableTargets tables_ = NumberedTables(8);
  FlowControl flow_{1, 8};
  double units_ = 10;
  ThrottleReport report_{tables_, [this](TableNo) { return units_; }};
};

TEST_F(ThrottleReportTest, TheCauseAtOnceAndOnceAndWhenItIsOver) {
  EXPECT_THAT(At(seconds(0)), IsEmpty());
  Refuse(3, seconds(0), kThrottledProvisioned);
  const auto begin = report_.Look(flow_, kThrottledFrom);
  ASSERT_THAT(begin, SizeIs(1));
  EXPECT_EQ(begin[0].level, LogLevel::kWarn);
  EXPECT_THAT(begin[0].text, AllOf(HasSubstr("Table t3 of stream s3 is throttled"),
                                   HasSubstr("provisioned write capacity, 10 write units a second")));
  for (int second = 1; second < 300; ++second) {
    Refuse(3, seconds(second), kThrottledProvisioned);
    EXPECT_THAT(At(seconds(second)), IsEmpty());
  }
  const auto end = report_.Look(flow_, kThrottledFrom + seconds(299) + times::kThrottledFor);
  ASSERT_THAT(end, SizeIs(1));
  EXPECT_EQ(end[0].level, LogLevel::kInfo);
  EXPECT_THAT(end[0].text, HasSubstr("Table t3 of stream s3 is throttled no more, after 309 s"));
  EXPECT_THAT(At(seconds(400)), IsEmpty());
}

TEST_F(ThrottleReportTest, EachCauseHasItsWords) {
  struct Case {
    Text reason;
    const char* words;
  };
  constexpr Case kCases[] = {
      {kThrottledProvisioned, "its provisioned write capacity"},
      {kThrottledKeyRange, "hot range of keys"},
      {kThrottledOnDemandMax, "maximum"},
      {kThrottledAccount, "account's limit"},
      {kThrottledIndexProvisioned, "write capacity of its index by_date"},
      {kThrottledIndexKeyRange, "one partition of its index by_date"},
      {kThrottledIndexOnDemandMax, "on-demand capacity of its index by_date"},
      {kThrottledIndexAccount, "limit for its index by_date"},
      {"throttled: the encryption key", "the encryption key"},
  };
  int minute = 0;
  for (const auto& [reason, words] : kCases) {
    const Duration at = std::chrono::minutes(minute += 2);
    EXPECT_THAT(At(at - seconds(10)), SizeIs(minute > 2 ? 1 : 0)) << "the last one is over";
    Refuse(0, at, reason, reason.view().find("index") == std::string_view::npos ? "" : "by_date");
    EXPECT_THAT(At(at), ElementsAre(HasSubstr(words)));
  }
}

TEST_F(ThrottleReportTest, AnIndexThatIsNotNamed) {
  Refuse(0, seconds(0), kThrottledIndexProvisioned);
  EXPECT_THAT(At(seconds(0)), ElementsAre(HasSubstr("one of its indexes")));
}

TEST_F(ThrottleReportTest, ACapacityThatIsNotKnown) {
  units_ = 0;
  Refuse(0, seconds(0), kThrottledProvisioned);
  EXPECT_THAT(At(seconds(0)), ElementsAre(Not(HasSubstr("a second"))));
}

TEST_F(ThrottleReportTest, WhatNoReplyTellsIsSaidWhenItLasts) {
  Refuse(0, seconds(0), {});
  EXPECT_THAT(At(seconds(9)), IsEmpty()) << "one refusal";
  Refuse(0, seconds(9), {});
  EXPECT_THAT(At(seconds(9)), ElementsAre(HasSubstr("no reply says")));
  Refuse(0, seconds(30), kThrottledKeyRange);
  EXPECT_THAT(At(seconds(30)), ElementsAre(HasSubstr("hot range")));
}

TEST_F(ThrottleReportTest, ASecondCauseIsSaidOnceAndNotInTheSameBreath) {
  Refuse(0, seconds(0), kThrottledProvisioned);
  EXPECT_THAT(At(seconds(0)), SizeIs(1));
  size_t lines = 0;
  for (int second = 1; second < 100; ++second) {
    Refuse(0, seconds(second), second % 2 == 0 ? kThrottledProvisioned : kThrottledIndexProvisioned, "i");
    const auto texts = At(seconds(second));
    if (second < 15) {
      EXPECT_THAT(texts, IsEmpty());
    }
    lines += texts.size();
  }
  EXPECT_LE(lines, 2u);
  EXPECT_GE(lines, 1u);
}

// A pair of lines in a minute.
TEST_F(ThrottleReportTest, WhatComesAndGoesIsNotSaidEachTime) {
  size_t lines = 0;
  for (int second = 0; second < 600; ++second) {
    if (second % 20 == 0) Refuse(0, seconds(second), kThrottledProvisioned);
    lines += At(seconds(second)).size();
  }
  EXPECT_GE(lines, 15u);
  EXPECT_LE(lines, 20u);
}

TEST_F(ThrottleReportTest, ManyTablesAreToldTogether) {
  for (size_t i = 0; i < 8; ++i) Refuse(i, seconds(0), kThrottledAccount);
  EXPECT_THAT(At(seconds(0)), ElementsAre(HasSubstr("t0"), HasSubstr("t1"), HasSubstr("t2"),
                                          HasSubstr("5 more tables are throttled")));
  EXPECT_THAT(At(seconds(1)), IsEmpty());
}

TEST_F(ThrottleReportTest, OneAfterTheOtherEachIsSaidInTheEnd) {
  size_t lines = 0;
  for (int second = 0; second < 40; ++second) {
    for (size_t i = 0; i < 8; ++i)
      if (second >= static_cast<int>(i)) Refuse(i, seconds(second), kThrottledAccount);
    const auto texts = At(seconds(second));
    lines += texts.size();
    if (second < 3) {
      EXPECT_THAT(texts, SizeIs(1)) << "at once";
    }
  }
  EXPECT_EQ(lines, 8u);
}

}  // namespace
}  // namespace ddb
