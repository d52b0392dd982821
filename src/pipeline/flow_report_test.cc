#include "pipeline/flow_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/pipeline/table_targets.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr Instant kLookedFrom{std::chrono::hours(1)};
constexpr size_t kManyTables = 25;

class FlowReportTest : public testing::Test {
 protected:
  std::vector<std::string> At(Duration later) { return report_.Look(flow_, 3, kLookedFrom + later); }
  void Wait(size_t table, uint64_t items) { flow_.clock(TableNo(table)).AddWaiting(items, kLookedFrom); }

  const TableTargets tables_ = NumberedTables(kManyTables);
  FlowControl flow_{1, kManyTables};
  FlowReport report_{tables_};
};

TEST_F(FlowReportTest, OnlyOfWhatHasMovedAndAtMostOnceASecond) {
  EXPECT_THAT(At(seconds(0)), IsEmpty());
  Wait(3, 120);
  EXPECT_THAT(At(milliseconds(999)), IsEmpty());
  EXPECT_THAT(At(seconds(1)),
              ElementsAre(StartsWith("In flight: 3 requests with 0 bytes, of a window of "),
                          "Table t3 of stream s3: 120 items not stored yet, 0 bytes in flight; no bound of "
                          "what the table takes is known."));
  EXPECT_THAT(At(seconds(2)), IsEmpty());
  flow_.trouble(TableNo(3)).Count({.fault = ReplyFault::kUnprocessed});
  EXPECT_THAT(At(seconds(3)), ElementsAre(StartsWith("In flight"), HasSubstr("1 (items came back")));
  flow_.gate(TableNo(3)).OnReply({.sent = kLookedFrom, .units = 1, .stored = 1, .consumed = {}}, kLookedFrom);
  EXPECT_THAT(At(seconds(4)), SizeIs(2));
  flow_.clock(TableNo(3)).Settle(120, kLookedFrom);
  EXPECT_THAT(At(seconds(5)), ElementsAre(StartsWith("In flight"), HasSubstr("0 items not stored yet")));
  EXPECT_THAT(At(seconds(6)), IsEmpty());
}

// Each second another ten of them: nobody reads more, and nobody is left out.
TEST_F(FlowReportTest, ManyTablesTakeTurns) {
  std::vector<std::string> said;
  for (int second = 0; second < 5; ++second) {
    for (size_t table = 0; table < kManyTables; ++table) Wait(table, 1);
    const std::vector<std::string> now = At(seconds(second));
    EXPECT_THAT(now, SizeIs(FlowReport::kTablesAtOnce + 1));
    said.insert(said.end(), now.begin(), now.end());
  }
  for (size_t table = 0; table < kManyTables; ++table)
    EXPECT_THAT(said, testing::Contains(StartsWith("Table t" + std::to_string(table) + " of")).Times(2));
}

TEST(FlowTexts, OfATable) {
  const TableTargets tables = NumberedTables(1);
  const TableTarget& table = tables[TableNo(0)];
  TableFlow flow{.gate = {}, .waiting = 1, .in_flight = 1};
  flow.gate.rate = 19.5;
  flow.gate.limits = true;
  EXPECT_EQ(TableFlowText(table, flow),
            "Table t0 of stream s0: 1 item not stored yet, 1 byte in flight; bound 19.5 write units a "
            "second, which holds items back.");
  flow.gate.dark = true;
  flow.gate.cap = 5;
  flow.gate.factor = 2.254;
  flow.in_vain = {{.replies = 12, .last = {.fault = ReplyFault::kServiceFailed, .status = 503}},
                  {.replies = 3, .last = {.fault = ReplyFault::kUnprocessed}}};
  EXPECT_EQ(
      TableFlowText(table, flow),
      "Table t0 of stream s0: 1 item not stored yet, 1 byte in flight; bound 19.5 write units a second, "
      "as it takes nothing: one item is tried now and then, write limit 5, a write counts 2.25 times "
      "its size; replies that did not store all: 12 (the service fails (HTTP status 503)), 3 (items "
      "came back as unprocessed).");
}

TEST(FlowTexts, OfTheLine) {
  EXPECT_EQ(LineText({.in_flight = 1, .window = 32768, .body_limit = 16384}, 1),
            "In flight: 1 request with 1 byte, of a window of 32768; a request of several items has at most "
            "16384.");
}

}  // namespace
}  // namespace ddb
