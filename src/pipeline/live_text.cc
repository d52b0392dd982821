#include "pipeline/live_text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.h"

namespace ddb {
namespace {

// Two for the "^C" that a terminal shows behind the last line, and one that stays free: behind a full line
// the cursor is in the next one.
constexpr size_t kMargin = 3;
constexpr size_t kTotalsLines = 4;  // at the most
constexpr size_t kWide = 100;       // columns, from which on words need not be short

// The table's columns of figures. What is larger is shortened.
constexpr size_t kStoredColumns = 8;
constexpr size_t kRateColumns = 7;
constexpr size_t kWaitingColumns = 8;
constexpr size_t kStateColumns = 7;
constexpr size_t kFigures = kStoredColumns + kRateColumns + kWaitingColumns + kStateColumns;
constexpr size_t kLeastName = 8;

// ---- figures

std::string Compact(uint64_t n) {
  if (n < 10'000'000) return std::to_string(n);
  const auto of = static_cast<double>(n);
  return n < 10'000'000'000 ? fmt::format("{:.1f}M", of / 1e6) : fmt::format("{:.1f}G", of / 1e9);
}

std::string Rate(double per_second) {
  return per_second < 999'999 ? RateText(per_second) : Compact(static_cast<uint64_t>(per_second));
}

std::string Age(std::optional<Duration> age) {
  if (!age) return "-";
  const int64_t seconds = WholeSeconds(*age);
  if (seconds < 120) return fmt::format("{} s", seconds);
  return seconds < 7200 ? fmt::format("{} min", seconds / 60) : fmt::format("{} h", seconds / 3600);
}

// ---- text

// Of a character that is not printed as itself: what could move the cursor, or turn the direction of what
// follows it.
bool IsCommand(utf8proc_int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return false;
  }
}

struct Shown {
  std::string text;
  size_t columns = 0;
};
Shown ShowUpTo(std::string_view text, size_t most) {
  Shown shown;
  const auto* p = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code = -1;
    utf8proc_ssize_t length = utf8proc_iterate(p, left, &code);
    const bool known = length > 0 && !IsCommand(code);
    if (length <= 0) length = 1;
    const size_t columns = known ? static_cast<size_t>(std::max(0, utf8proc_charwidth(code))) : 1;
    if (shown.columns + columns > most) break;
    if (known) {
      shown.text.append(reinterpret_cast<const char*>(p), static_cast<size_t>(length));
    } else {
      shown.text += '?';
    }
    shown.columns += columns;
    p += length;
    left -= length;
  }
  return shown;
}

// Cut with ".." in the end where it is too long.
Shown Cut(std::string_view text, size_t columns) {
  if (ColumnsOf(text) <= columns) return ShowUpTo(text, columns);
  constexpr std::string_view kMore = "..";
  if (columns <= kMore.size()) return ShowUpTo(text, columns);
  Shown shown = ShowUpTo(text, columns - kMore.size());
  shown.text += kMore;
  shown.columns += kMore.size();
  return shown;
}

std::string RightIn(std::string_view figure, size_t columns) {
  return fmt::format("{:>{}}", figure, columns);
}

// ---- the totals

std::string WhatReadingWaitsFor(const RunTotals& totals) {
  switch (totals.reading.waits_for) {
    case ReadingWaits::kNothing:
      return "";
    case ReadingWaits::kInput:
      return "reading waits for input";
    case ReadingWaits::kMemory:
      return totals.reading.table.empty()
                 ? "reading waits for memory"
                 : fmt::format("reading waits for table {} (memory is full)", totals.reading.table);
    case ReadingWaits::kService:
      return "reading waits for DynamoDB";
    case ReadingWaits::kEnded:
      return "all is read";
  }
  return "";
}

// What matters most comes first.
std::vector<std::string> Clauses(const RunTotals& totals) {
  std::vector<std::string> clauses{
      ClockText(totals.elapsed) + (totals.ending ? ", stopping: what is in flight is stored" : ""),
      fmt::format("{} of {} stored", totals.stored, Counted(totals.read, "record")),
      fmt::format("{}/s", Rate(totals.per_second))};
  if (totals.left) clauses.push_back(fmt::format("ETA {}", ClockText(*totals.left)));
  if (totals.rejected > 0) clauses.push_back(fmt::format("{} rejected", totals.rejected));
  if (totals.throttled > 0)
    clauses.push_back(fmt::format("{} throttled", Counted(totals.throttled, "table")));
  if (totals.waiting > 0) clauses.push_back(fmt::format("{} waiting", totals.waiting));
  clauses.push_back(fmt::format("{} read", MegabytesText(totals.bytes_read)));
  clauses.push_back(fmt::format("{} in flight", Counted(totals.in_flight, "request")));
  if (totals.oldest_state) clauses.push_back(fmt::format("oldest STATE {}", Age(totals.oldest_state)));
  if (std::string waits = WhatReadingWaitsFor(totals); !waits.empty()) clauses.push_back(std::move(waits));
  return clauses;
}

// One after the other, in as many lines as that takes.
std::vector<std::string> Flowing(const std::vector<std::string>& clauses, size_t columns) {
  std::vector<std::string> lines;
  size_t used = columns;
  for (const std::string& clause : clauses) {
    const Shown shown = Cut(clause, columns);
    if (lines.empty() || used + 2 + shown.columns > columns) {
      lines.push_back(shown.text);
      used = shown.columns;
    } else {
      lines.back().append(", ").append(shown.text);
      used += 2 + shown.columns;
    }
  }
  return lines;
}

// ---- the streams

struct ThrottleWords {
  std::string_view said, brief;  // a part of what the service says, and one word for it
};
// The first that is found, of texts of dynamodb/errors.
constexpr std::array kThrottleWords = {
    ThrottleWords{"index", "index"}, ThrottleWords{"hot partition", "hot key"},
    ThrottleWords{"maximum", "maximum"}, ThrottleWords{"account", "account"},
    ThrottleWords{"encryption key", "KMS key"}};

std::string ThrottledBy(const StreamTotals& of, bool wide) {
  if (!of.throttled) return "";
  std::string by = ThrottleCause(of);
  if (wide) return by;
  for (const ThrottleWords& words : kThrottleWords) {
    if (by.find(words.said) != std::string::npos) return std::string(words.brief);
  }
  return "table";
}

struct Columns {
  size_t name = 0;
  size_t throttled = 0;
  bool wide = false;
};

std::string Row(const Columns& columns, std::string_view name, std::string_view stored, std::string_view rate,
                std::string_view waiting, std::string_view state, std::string_view throttled) {
  std::string row = InColumns(name, columns.name) + RightIn(stored, kStoredColumns) +
                    RightIn(rate, kRateColumns) + RightIn(waiting, kWaitingColumns) +
                    RightIn(state, kStateColumns);
  if (columns.throttled > 0 && !throttled.empty())
    row.append(" ").append(Cut(throttled, columns.throttled).text);
  return row;
}

std::vector<LiveScreen::Line> StreamTable(const std::vector<StreamTotals>& streams, size_t width,
                                          size_t rows) {
  std::vector<LiveScreen::Line> lines;
  size_t shown = std::min(streams.size(), kShownStreams);
  const auto needed = [&] { return 1 + shown + (shown < streams.size() ? 1 : 0); };
  while (shown > 0 && needed() > rows) --shown;
  if (shown == 0) return lines;

  constexpr std::string_view kName = "stream", kThrottled = "throttled";
  Columns columns{.name = kName.size(), .throttled = 0, .wide = width >= kWide};
  for (size_t i = 0; i < shown; ++i) {
    columns.name = std::max(columns.name, ColumnsOf(streams[i].stream));
    if (const std::string by = ThrottledBy(streams[i], columns.wide); !by.empty())
      columns.throttled = std::max({columns.throttled, ColumnsOf(by), kThrottled.size()});
  }
  const size_t taken = kFigures + (columns.throttled > 0 ? 1 + columns.throttled : 0);
  columns.name = std::min(columns.name, std::max(kLeastName, width - std::min(width, taken)));

  const auto add = [&](std::string text, bool alarm) {
    lines.push_back({Cut(text, width).text, alarm});  // of a terminal that is narrower still
  };
  add(Row(columns, kName, "stored", "/s", "waiting", "STATE", kThrottled), false);
  for (size_t i = 0; i < shown; ++i) {
    const StreamTotals& of = streams[i];
    add(Row(columns, of.stream, Compact(of.stored), Rate(of.per_second), Compact(of.waiting),
            Age(of.oldest_state), ThrottledBy(of, columns.wide)),
        of.throttled);
  }
  if (shown < streams.size())
    add(fmt::format("and {}", Counted(streams.size() - shown, "more stream")), false);
  return lines;
}

}  // namespace

size_t ColumnsOf(std::string_view text) { return ShowUpTo(text, SIZE_MAX / 2).columns; }

std::string InColumns(std::string_view text, size_t columns) {
  Shown shown = Cut(text, columns);
  shown.text.append(columns - shown.columns, ' ');
  return std::move(shown.text);
}

void MostTroubledFirst(std::vector<StreamTotals>& streams) {
  std::ranges::sort(streams, [](const StreamTotals& a, const StreamTotals& b) {
    if (a.throttled != b.throttled) return a.throttled;
    if (a.waiting != b.waiting) return a.waiting > b.waiting;
    if (a.per_second != b.per_second) return a.per_second > b.per_second;
    return a.no < b.no;
  });
}

std::vector<LiveScreen::Line> LiveLines(const RunTotals& totals, const std::vector<StreamTotals>& streams,
                                        const LiveScreen::Size& size) {
  const size_t width = size.columns - std::min(size.columns, kMargin);
  const size_t rows = std::max<size_t>(1, size.rows - std::min<size_t>(size.rows, 1));
  std::vector<std::string> totals_lines = Flowing(Clauses(totals), width);
  totals_lines.resize(std::min({totals_lines.size(), kTotalsLines, rows}));
  std::vector<LiveScreen::Line> lines;
  for (std::string& line : totals_lines) lines.push_back({std::move(line)});
  if (!totals.trouble.empty() && lines.size() < rows)
    lines.push_back({Cut(totals.trouble, width).text, true});
  for (LiveScreen::Line& line : StreamTable(streams, width, rows - lines.size()))
    lines.push_back(std::move(line));
  return lines;
}

std::string PlainLine(const RunTotals& totals, size_t columns) {
  const size_t width = columns - std::min(columns, kMargin);
  std::string line;
  for (const std::string& clause : Clauses(totals)) {
    const size_t wanted = ColumnsOf(clause) + (line.empty() ? 0 : 2);
    if (ColumnsOf(line) + wanted > width) continue;
    line.append(line.empty() ? "" : ", ").append(clause);
  }
  return line;
}

}  // namespace ddb
