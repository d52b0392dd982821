#include "pipeline/live_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dynamodb/errors.h"

namespace ddb {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> TextsOf(const std::vector<LiveScreen::Line>& lines) {
  std::vector<std::string> texts;
  for (const LiveScreen::Line& line : lines) texts.push_back(line.text);
  return texts;
}

RunTotals SomeTotals() {
  return {.read = 1000,
          .stored = 660,
          .rejected = 1,
          .waiting = 339,
          .in_flight = 1,
          .throttled = 1,
          .per_second = 66,
          .bytes_read = 123'456,
          .elapsed = seconds(10),
          .left = seconds(5),
          .oldest_state = seconds(8),
          .reading = {ReadingWaits::kMemory, "t_users"}};
}

std::vector<StreamTotals> SomeStreams() {
  return {{.stream = "public.users",
           .stored = 12'345'678,
           .waiting = 339,
           .per_second = 9.94,
           .throttled = true,
           .throttled_by = kThrottledIndexKeyRange,
           .oldest_state = seconds(8)},
          {.stream = "orders", .stored = 60, .per_second = 6}};
}

TEST(LiveText, AllFiguresStandIn60Columns) {
  EXPECT_THAT(
      TextsOf(LiveLines(SomeTotals(), SomeStreams(), {60, 24})),
      ElementsAre("0:00:10, 660 of 1000 records stored, 66/s, ETA 0:00:05",  //
                  "1 rejected, 1 table throttled, 339 waiting, 0.1 MB read",
                  "1 request in flight, oldest STATE 8 s", "reading waits for table t_users (memory is full)",
                  "stream        stored     /s waiting  STATE throttled",
                  "public.users   12.3M    9.9     339    8 s index",
                  "orders            60      6       0      -"));
}

TEST(LiveText, In140ColumnsTheCauseIsWhole) {
  EXPECT_THAT(TextsOf(LiveLines(SomeTotals(), SomeStreams(), {140, 24})),
              ElementsAre("0:00:10, 660 of 1000 records stored, 66/s, ETA 0:00:05, 1 rejected, 1 table "
                          "throttled, 339 waiting, 0.1 MB read, 1 request in flight",
                          "oldest STATE 8 s, reading waits for table t_users (memory is full)",
                          "stream        stored     /s waiting  STATE throttled",
                          "public.users   12.3M    9.9     339    8 s a hot partition of an index",
                          "orders            60      6       0      -"));
}

TEST(LiveText, NoLineIsFullAndAllFitTheTerminal) {
  RunTotals totals = SomeTotals();
  totals.read = totals.stored = totals.waiting = UINT64_MAX;
  totals.per_second = 1e18;
  totals.ending = true;
  totals.trouble = std::string(500, 'x');
  totals.reading.table = std::string(255, 't');
  std::vector<StreamTotals> streams(40, {.stream = std::string(400, 's'),
                                         .stored = UINT64_MAX,
                                         .waiting = UINT64_MAX,
                                         .per_second = 1e18,
                                         .throttled = true,
                                         .throttled_by = kThrottledIndexOnDemandMax,
                                         .oldest_state = seconds(1'000'000)});
  for (const size_t columns : {1, 2, 5, 20, 39, 60, 80, 140, 1000}) {
    for (const size_t rows : {1, 2, 4, 8, 24}) {
      const auto lines = LiveLines(totals, streams, {columns, rows});
      EXPECT_LE(lines.size(), std::max<size_t>(1, rows - 1));
      for (const auto& line : lines) EXPECT_LT(ColumnsOf(line.text), columns) << columns;
    }
    EXPECT_LT(ColumnsOf(PlainLine(totals, columns)), columns);
  }
}

TEST(LiveText, TheOthersAreCounted) {
  std::vector<StreamTotals> streams(kShownStreams, {.stream = "s", .stored = 1});
  EXPECT_THAT(TextsOf(LiveLines({}, streams, {80, 24})).back(), Not(HasSubstr("more")));
  streams.resize(kShownStreams + 1, streams.front());
  EXPECT_EQ(TextsOf(LiveLines({}, streams, {80, 24})).back(), "and 1 more stream");
  // Fewer rows, fewer streams.
  const auto lines = TextsOf(LiveLines({}, streams, {140, 6}));
  EXPECT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines.back(), "and 7 more streams");
}

TEST(LiveText, ThrottledAndSlowStreamsComeFirst) {
  std::vector<StreamTotals> streams{{.stream = "idle", .stored = 9},
                                    {.stream = "busy", .per_second = 5},
                                    {.stream = "waits", .waiting = 7, .per_second = 90},
                                    {.stream = "throttled", .waiting = 1, .throttled = true}};
  MostTroubledFirst(streams);
  std::vector<std::string> names;
  for (const StreamTotals& of : streams) names.push_back(of.stream);
  EXPECT_THAT(names, ElementsAre("throttled", "waits", "busy", "idle"));
}

TEST(LiveText, TheBriefCauseOfEachThrottle) {
  const std::vector<std::pair<Text, std::string>> cases{
      {kThrottledProvisioned, "table"},      {kThrottledKeyRange, "hot key"},
      {kThrottledOnDemandMax, "maximum"},    {kThrottledAccount, "account"},
      {kThrottledIndexProvisioned, "index"}, {kThrottledIndexOnDemandMax, "index"},
      {kThrottledUnnamed, "table"},          {Text(), "table"},
  };
  for (const auto& [by, brief] : cases) {
    const auto lines =
        TextsOf(LiveLines({}, {{.stream = "s", .throttled = true, .throttled_by = by}}, {60, 24}));
    EXPECT_TRUE(lines.back().ends_with(" " + brief)) << lines.back();
  }
}

TEST(LiveText, NamesInAnyScriptKeepTheirColumns) {
  EXPECT_EQ(ColumnsOf("ab"), 2u);
  EXPECT_EQ(ColumnsOf("注文"), 4u);
  EXPECT_EQ(ColumnsOf("e\u0301"), 1u);               // a letter and its accent
  EXPECT_EQ(InColumns("注文の明細", 7), "注文.. ");  // half a character has no place
  EXPECT_EQ(InColumns("orders", 8), "orders  ");
  EXPECT_EQ(InColumns("orders", 2), "or");
  EXPECT_EQ(InColumns("orders", 0), "");
}

TEST(LiveText, NoNameCommandsTheTerminal) {
  // An escape, its form as one character of 8 bits, what turns the direction of text, and bytes of no text.
  EXPECT_EQ(InColumns("a\x1b[2Jb", 6), "a?[2Jb");
  EXPECT_EQ(InColumns("a\u009b2J", 4), "a?2J");
  EXPECT_EQ(InColumns("a\u202eb\r\n", 5), "a?b??");
  EXPECT_EQ(InColumns("a\xff\x9b", 3), "a??");
}

TEST(LiveText, APlainLineHasWhatFits) {
  EXPECT_EQ(PlainLine(SomeTotals(), 60), "0:00:10, 660 of 1000 records stored, 66/s, ETA 0:00:05");
  EXPECT_EQ(PlainLine(SomeTotals(), 40), "0:00:10, 660 of 1000 records stored");
}

}  // namespace
}  // namespace ddb
