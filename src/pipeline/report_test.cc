#include "pipeline/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dynamodb/errors.h"

namespace ddb {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant kNow = Instant(seconds(1000));

const StreamNames kNames{.display = [](StreamNo stream) { return "s" + std::to_string(stream.value()); },
                         .throttled = [](StreamNo stream) { return stream == StreamNo(1); }};

TEST(Report, Progress) {
  RunTotals totals{.read = 7,
                   .stored = 5,
                   .retried = 3,
                   .rejected = 6,
                   .waiting = 2,
                   .in_flight = 1,
                   .throttled = 4,
                   .per_second = 12.6};
  EXPECT_EQ(ProgressText("Progress", totals),
            "Progress: 7 records read, 5 stored, 6 rejected, 2 waiting, 3 requests retried, 4 tables "
            "throttled, 13 records/s");
  totals = {.read = 1, .retried = 1, .throttled = 1};
  EXPECT_EQ(ProgressText("Failed", totals),
            "Failed: 1 record read, 0 stored, 1 request retried, 1 table throttled, 0 records/s");
  EXPECT_EQ(ProgressText("Finished", {.read = 2, .stored = 2, .per_second = 2}),
            "Finished: 2 records read, 2 stored, 2 records/s");
}

TEST(Report, ProgressWithTimes) {
  RunTotals totals{.read = 50,
                   .stored = 20,
                   .rejected = 5,
                   .per_second = 0.5,
                   .bytes_read = 12'340'000,
                   .expected = 100,
                   .elapsed = seconds(3723),
                   .oldest_state = seconds(12)};
  totals.left = TimeLeft(totals);
  EXPECT_EQ(ProgressText("Progress", totals),
            "Progress: 50 records read, 20 stored, 5 rejected, 0.5 records/s, 12.3 MB read, 1:02:03 elapsed, "
            "ETA 0:02:30, oldest STATE 12 s");
}

TEST(Report, TimeIsLeftWhereThereIsAnEstimateAndARate) {
  RunTotals totals{.read = 50, .stored = 50, .per_second = 10};
  EXPECT_EQ(TimeLeft(totals), std::nullopt);
  totals.expected = 150;
  EXPECT_EQ(TimeLeft(totals), seconds(10));
  totals.expected = 40;  // there was more than was thought
  EXPECT_EQ(TimeLeft(totals), seconds(0));
  totals.expected = UINT64_MAX;  // nobody has the time
  EXPECT_EQ(TimeLeft(totals), std::nullopt);
  totals = {.per_second = 0, .expected = 10};
  EXPECT_EQ(TimeLeft(totals), std::nullopt);
  EXPECT_EQ(TimeLeft(StreamTotals{.waiting = 30, .per_second = 10}), seconds(3));
}

TEST(Report, Figures) {
  EXPECT_EQ(MegabytesText(0), "0.0 MB");
  EXPECT_EQ(MegabytesText(99'940'000), "99.9 MB");
  EXPECT_EQ(MegabytesText(99'960'000), "100 MB");
  EXPECT_EQ(MegabytesText(1'234'567'890), "1235 MB");
  EXPECT_EQ(ClockText(seconds(59)), "0:00:59");
  EXPECT_EQ(ClockText(seconds(360'000)), "100:00:00");
  EXPECT_EQ(RateText(0), "0");
  EXPECT_EQ(RateText(3), "3");
  EXPECT_EQ(RateText(9.94), "9.9");
  EXPECT_EQ(RateText(9.96), "10");
}

TEST(Report, Streams) {
  std::vector<StreamTotals> streams{{.stream = "a", .table = "t_a", .stored = 1, .per_second = 0.4},
                                    {.stream = "b",
                                     .table = "t_b",
                                     .rejected = 2,
                                     .waiting = 3,
                                     .changed = 4,
                                     .units = 1.2,
                                     .held_back = seconds(72),
                                     .capped = seconds(1),
                                     .throttled = true,
                                     .throttled_by = kThrottledAccount,
                                     .oldest_state = seconds(75)},
                                    {.stream = "c",
                                     .table = "t_c",
                                     .units = 1499.6,
                                     .held_back = std::chrono::milliseconds(999),
                                     .throttled = true}};
  EXPECT_THAT(StreamTexts(streams),
              ElementsAre("Stream a: 1 record stored in table t_a, 0.4 records/s",
                          "Stream b: 0 records stored in table t_b, 2 rejected, 4 changed, 1 write unit, 3 "
                          "waiting, throttled by the account's limit, held back for 72 s by the account's "
                          "limit, held back for 1 s by the write limit, 0 records/s, oldest STATE 75 s",
                          "Stream c: 0 records stored in table t_c, 1500 write units, throttled by what its "
                          "table takes, 0 records/s"));
  streams.resize(11, {.stream = "c", .table = "t_c"});
  EXPECT_EQ(StreamTexts(streams).size(), 11u);
  EXPECT_EQ(StreamTexts(streams).back(), "And 1 more stream.");
  EXPECT_THAT(StreamTexts({}), IsEmpty());
}

CheckpointLedger::Waiting WaitsFor(int streams) {
  CheckpointLedger::Waiting waiting;
  waiting.read = kNow - seconds(75);
  for (int i = 0; i < streams; ++i)
    waiting.streams.push_back(
        {StreamNo(static_cast<size_t>(i)), static_cast<uint64_t>(100 - i), kNow - seconds(80 + i)});
  return waiting;
}

TEST(Report, AStateThatIsLateSaysWhatItWaitsFor) {
  EXPECT_THAT(LateStateTexts({}, kNames, kNow), IsEmpty());
  EXPECT_THAT(LateStateTexts({WaitsFor(2)}, kNames, kNow),
              ElementsAre("A STATE has waited 75 s for what it covers to be stored: s0: 100 records, oldest "
                          "80 s; s1: 99 records, oldest 81 s, throttled"));
  EXPECT_THAT(LateStateTexts({WaitsFor(0)}, kNames, kNow),
              ElementsAre("A STATE has waited 75 s for what it covers to be stored: the input before it is "
                          "not parsed yet, or its table is not replaced yet"));
}

TEST(Report, AStateThatAHoldKeepsDoesNotWaitForTheInput) {
  CheckpointLedger::Waiting held = WaitsFor(0);
  held.held = true;
  held.stream = StreamNo(1);
  EXPECT_THAT(
      LateStateTexts({held}, kNames, kNow),
      ElementsAre("A STATE has waited 75 s: what it covers is stored, and it leaves when stream s1 is "
                  "finished, or behind its next STATE"));
  held.stream.reset();
  EXPECT_THAT(
      LateStateTexts({held}, kNames, kNow),
      ElementsAre("A STATE has waited 75 s: what it covers is stored, and it leaves when every stream "
                  "is finished, or behind the next STATE"));
}

TEST(Report, TenOfMany) {
  const std::vector<std::string> streams = LateStateTexts({WaitsFor(12)}, kNames, kNow);
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_THAT(streams[0], testing::EndsWith("s9: 91 records, oldest 89 s; 2 more streams"));
  const std::vector<std::string> states =
      LateStateTexts(std::vector<CheckpointLedger::Waiting>(13, WaitsFor(1)), kNames, kNow);
  ASSERT_EQ(states.size(), 11u);
  EXPECT_EQ(states.back(), "The STATEs of 3 more streams wait.");
}

}  // namespace
}  // namespace ddb
