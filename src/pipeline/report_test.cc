#include "pipeline/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ddb {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant kNow = Instant(seconds(1000));

const StreamNames kNames{.display = [](StreamNo stream) { return "s" + std::to_string(stream.value()); },
                         .throttled = [](StreamNo stream) { return stream == StreamNo(1); }};

TEST(Report, Progress) {
  RunTotals totals;
  totals.read = 7;
  totals.stored = 5;
  totals.retried = 3;
  totals.waiting = 2;
  totals.in_flight = 1;
  totals.throttled = 4;
  totals.per_second = 12.6;
  EXPECT_EQ(ProgressText("Done", totals),
            "Done: 7 records read, 5 stored, 3 requests retried, 2 records waiting, 4 tables throttled, 13 "
            "records/s");
  EXPECT_EQ(TerminalLine(totals),
            "\r7 records, 13/s, 5 stored, 1 requests in flight, 4 tables throttled\x1b[K");
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
