// What a run says of itself while it goes on and at its end: the texts of its log and of the terminal's line.
// Decides nothing. Pure; called by the phases, on their thread. No value of a record is ever in a text (P6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/literal.h"
#include "base/stream_id.h"
#include "delivery/checkpoint_ledger.h"

namespace ddb {

// What it is that no more is read for now.
enum class ReadingWaits { kNothing, kInput, kMemory, kService, kEnded };

struct RunTotals {
  uint64_t read = 0;       // records
  uint64_t stored = 0;     // records
  uint64_t retried = 0;    // requests
  uint64_t rejected = 0;   // records
  uint64_t waiting = 0;    // records
  uint64_t in_flight = 0;  // requests
  uint64_t throttled = 0;  // tables
  double per_second = 0;   // records stored: of late, or since the data began to flow
  uint64_t bytes_read = 0;
  std::optional<uint64_t> expected = {};  // records in all, where there is an estimate
  Duration elapsed = {};
  std::optional<Duration> left = {};          // until all is stored, as far as can be told
  std::optional<Duration> oldest_state = {};  // since it was read, of those that have not left
  struct Reading {
    ReadingWaits waits_for = ReadingWaits::kNothing;
    std::string table = {};  // kMemory: whose records fill it
  };
  Reading reading = {};
  bool ending = false;       // early: what is in flight is still stored
  std::string trouble = {};  // of a table of which nothing is stored; "": there is none
};

struct StreamTotals {
  StreamNo no = {};
  std::string stream = {};
  std::string table = {};
  uint64_t stored = 0;    // records
  uint64_t rejected = 0;  // records
  uint64_t waiting = 0;   // records, for its table
  double per_second = 0;  // records stored
  uint64_t changed = 0;   // records, stored in another form
  double units = 0;       // write units that its table has counted
  Duration held_back{};   // time in which records waited for what the table takes
  Duration capped{};      // and for the write limit
  bool throttled = false;
  Text throttled_by = {};                     // as the service says; "": it does not
  std::optional<Duration> oldest_state = {};  // since it was read, of those of this stream alone
};

// For the log. `what`: "Progress", or how it ended.
std::string ProgressText(std::string_view what, const RunTotals& totals);
// A line each of those that come first, and one of how many there are beside them.
std::vector<std::string> StreamTexts(const std::vector<StreamTotals>& streams);
// By what a stream that is throttled is.
std::string ThrottleCause(const StreamTotals& of);

std::string RateText(double per_second);    // "0.4", "350"
std::string ClockText(Duration duration);   // "1:02:03"
std::string MegabytesText(uint64_t bytes);  // "0.3 MB", "1234 MB"
// How long the rest takes at this rate: all that is expected, or what waits for a table.
std::optional<Duration> TimeLeft(const RunTotals& totals);
std::optional<Duration> TimeLeft(const StreamTotals& of);

// Of tables that are to be overwritten and stay as they are, as their streams gave nothing.
std::string NotReplacedText(const std::vector<std::string>& tables, Text why, bool any_replaced);
// Of those that stay as they are, as every record of their streams was rejected.
std::string AllRejectedText(const std::vector<std::string>& tables);
// Of those that were replaced, and every record of whose streams was rejected later.
std::string RejectedAndEmptyText(const std::vector<std::string>& tables);
// Of those that were replaced by a run which ended before it stored anything in them.
std::string LeftEmptyText(const std::vector<std::string>& tables);

// Of STATEs that wait for long: which streams they wait for, and why.
struct StreamNames {
  std::function<std::string(StreamNo)> display;
  std::function<bool(StreamNo)> throttled;
};
std::vector<std::string> LateStateTexts(const std::vector<CheckpointLedger::Waiting>& late,
                                        const StreamNames& names, Instant now);

}  // namespace ddb
