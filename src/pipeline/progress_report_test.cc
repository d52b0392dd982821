#include "pipeline/progress_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "support/pipeline/plans.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr Instant kBegin = Instant(seconds(1000));

TEST(RecentRate, IsThatOfTheLastSeconds) {
  RecentRate rate(kBegin);
  EXPECT_EQ(rate.PerSecond(), 0);
  for (int i = 1; i <= 8; ++i) rate.Add(kBegin + i * milliseconds(500), static_cast<uint64_t>(i) * 50);
  EXPECT_DOUBLE_EQ(rate.PerSecond(), 100);
  for (int i = 9; i <= 28; ++i) rate.Add(kBegin + i * milliseconds(500), 400);
  EXPECT_DOUBLE_EQ(rate.PerSecond(), 0);  // the fast time is over for long
  rate.Add(kBegin + seconds(3600), 36000);
  EXPECT_NEAR(rate.PerSecond(), 10, 0.1);  // nobody has looked meanwhile
}

TEST(RecentRates, EachIsThatOfTheLastSeconds) {
  RecentRates rates(2, kBegin);
  EXPECT_EQ(rates.PerSecond(StreamNo(0), 0, kBegin), 0);
  for (int i = 1; i <= 60; ++i) {
    const Instant now = kBegin + i * milliseconds(500);
    const auto slow = static_cast<uint64_t>(i);
    EXPECT_NEAR(rates.PerSecond(StreamNo(0), slow * 50, now), 100, 1e-9) << i;
    const double late = rates.PerSecond(StreamNo(1), i <= 10 ? slow * 50 : 500, now);
    if (i > 35) {  // its fast time is over for long
      EXPECT_EQ(late, 0) << i;
    }
  }
}

class Told final : public Log {
 public:
  void Write(LogLevel level, std::string text) override {
    EXPECT_EQ(level, LogLevel::kInfo);
    texts.push_back(std::move(text));
  }
  std::vector<std::string> Take() { return std::exchange(texts, {}); }
  std::vector<std::string> texts;
};

class ProgressReportTest : public testing::Test {
 protected:
  ProgressReport Of(const RunPlan& plan) {
    return {plan,
            log_,
            {.run = [this] { return run_; }, .of = [this](StreamNo no) { return streams_[no]; }},
            /*screen=*/nullptr,
            kBegin};
  }
  RunTotals run_;
  std::map<StreamNo, StreamTotals> streams_;
  Told log_;
};

TEST_F(ProgressReportTest, SaysTheRateOfLateAndTheStreamsThatMoved) {
  const RunPlan plan = PlanOf({"a", "b", "c"});
  ProgressReport report = Of(plan);
  run_.stored = 6000;
  streams_[StreamNo(0)].stored = 6000;
  streams_[StreamNo(2)] = {.waiting = 5, .throttled = true};
  for (int i = 0; i < 120; ++i) report.Tick(kBegin + i * milliseconds(500));
  EXPECT_THAT(log_.Take(), IsEmpty());
  report.Tick(kBegin + seconds(60));
  EXPECT_THAT(
      log_.Take(),
      ElementsAre(AllOf(StartsWith("Progress: "), HasSubstr("6000 stored"), HasSubstr(" 0 records/s")),
                  AllOf(StartsWith("Stream c: 0 records"), HasSubstr("5 waiting, throttled by")),
                  AllOf(StartsWith("Stream a: 6000 records"), HasSubstr("100 records/s"))));
  report.Tick(kBegin + seconds(119));
  EXPECT_THAT(log_.Take(), IsEmpty());
  streams_[StreamNo(2)] = {};
  report.Tick(kBegin + seconds(120));
  EXPECT_THAT(log_.Take(), ElementsAre(StartsWith("Progress: ")));  // none has moved since
}

TEST_F(ProgressReportTest, TheEndNamesEveryStreamAndTheRateOfAll) {
  run_ = {.read = 40, .stored = 30, .rejected = 10};
  streams_[StreamNo(1)] = {.stored = 30, .rejected = 10};
  const RunPlan two = PlanOf({"a", "b"});
  Of(two).End("Finished", kBegin + seconds(10));
  EXPECT_THAT(log_.Take(),
              ElementsAre(AllOf(StartsWith("Stream b: 30 records"), HasSubstr("10 rejected, 3 records/s")),
                          StartsWith("Stream a: 0 records"),
                          "Finished: 40 records read, 30 stored, 10 rejected, 3 records/s, 0:00:10 elapsed"));
  const RunPlan one = PlanOf({"a"});
  streams_[StreamNo(0)] = {.stored = 30, .units = 60};
  Of(one).End("Failed", kBegin);
  EXPECT_THAT(log_.Take(),
              ElementsAre(AllOf(StartsWith("Stream a: 30 records stored"), HasSubstr(", 60 write units")),
                          StartsWith("Failed: 40 records read")));
}

}  // namespace
}  // namespace ddb
