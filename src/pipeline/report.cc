#include "pipeline/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <utility>

#include "base/text.h"

namespace ddb {
namespace {

constexpr Duration kWorthAWord = std::chrono::seconds(1);
constexpr size_t kNamedInALog = 10;  // STATEs that are late, streams that one waits for, tables

std::optional<Duration> TimeFor(uint64_t records, double per_second) {
  constexpr double kNobodyWaits = 100 * 365 * 86400.0;  // s
  if (per_second <= 0) return std::nullopt;
  const double seconds = static_cast<double>(records) / per_second;
  if (seconds > kNobodyWaits) return std::nullopt;
  return FromSeconds(seconds);
}

// "public.users: 75 records, oldest 12 s, throttled; ..."
std::string WhyItWaits(const CheckpointLedger::Waiting& waiting, const StreamNames& names, Instant now) {
  if (waiting.streams.empty())
    return "the input before it is not parsed yet, or its table is not replaced yet";
  std::string why;
  for (size_t i = 0; i < waiting.streams.size() && i < kNamedInALog; ++i) {
    const auto& reason = waiting.streams[i];
    why += fmt::format("{}{}: {} records, oldest {} s{}", i > 0 ? "; " : "", names.display(reason.stream),
                       reason.records, WholeSeconds(now - reason.oldest),
                       names.throttled(reason.stream) ? ", throttled" : "");
  }
  if (waiting.streams.size() > kNamedInALog)
    why += fmt::format("; {} more streams", waiting.streams.size() - kNamedInALog);
  return why;
}

std::string UnitsText(double units) {
  const auto whole = static_cast<uint64_t>(std::llround(std::max(units, 1.0)));
  return Counted(whole, "write unit");
}

std::string NamesOf(const std::vector<std::string>& tables) {
  const std::span<const std::string> named(tables.data(), std::min(tables.size(), kNamedInALog));
  std::string names = fmt::format("{}", fmt::join(named, ", "));
  if (tables.size() > named.size()) names += fmt::format(" and {} more", tables.size() - named.size());
  return names;
}

std::string WhenAHoldGoes(const CheckpointLedger::Waiting& waiting, const StreamNames& names) {
  return waiting.stream ? fmt::format("when stream {} is finished, or behind its next STATE",
                                      names.display(*waiting.stream))
                        : "when every stream is finished, or behind the next STATE";
}

}  // namespace

std::string ProgressText(std::string_view what, const RunTotals& totals) {
  std::string text =
      fmt::format("{}: {} read, {} stored", what, Counted(totals.read, "record"), totals.stored);
  if (totals.rejected > 0) text += fmt::format(", {} rejected", totals.rejected);
  if (totals.waiting > 0) text += fmt::format(", {} waiting", totals.waiting);
  if (totals.retried > 0) text += fmt::format(", {} retried", Counted(totals.retried, "request"));
  if (totals.throttled > 0) text += fmt::format(", {} throttled", Counted(totals.throttled, "table"));
  text += fmt::format(", {} records/s", RateText(totals.per_second));
  if (totals.bytes_read > 0) text += fmt::format(", {} read", MegabytesText(totals.bytes_read));
  if (totals.elapsed > Duration::zero()) text += fmt::format(", {} elapsed", ClockText(totals.elapsed));
  if (totals.left) text += fmt::format(", ETA {}", ClockText(*totals.left));
  if (totals.oldest_state) text += fmt::format(", oldest STATE {} s", WholeSeconds(*totals.oldest_state));
  return text;
}

std::vector<std::string> StreamTexts(const std::vector<StreamTotals>& streams) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < streams.size() && i < kNamedInALog; ++i) {
    const StreamTotals& of = streams[i];
    std::string& text = texts.emplace_back(
        fmt::format("Stream {}: {} stored in table {}", of.stream, Counted(of.stored, "record"), of.table));
    if (of.rejected > 0) text += fmt::format(", {} rejected", of.rejected);
    if (of.changed > 0) text += fmt::format(", {} changed", of.changed);
    if (of.units > 0) text += ", " + UnitsText(of.units);
    if (of.waiting > 0) text += fmt::format(", {} waiting", of.waiting);
    if (of.throttled) text += fmt::format(", throttled by {}", ThrottleCause(of));
    if (of.held_back >= kWorthAWord)
      text += fmt::format(", held back for {} s by {}", WholeSeconds(of.held_back), ThrottleCause(of));
    if (of.capped >= kWorthAWord)
      text += fmt::format(", held back for {} s by the write limit", WholeSeconds(of.capped));
    text += fmt::format(", {} records/s", RateText(of.per_second));
    if (of.oldest_state) text += fmt::format(", oldest STATE {} s", WholeSeconds(*of.oldest_state));
  }
  if (streams.size() > kNamedInALog)
    texts.push_back(fmt::format("And {}.", Counted(streams.size() - kNamedInALog, "more stream")));
  return texts;
}

std::string ThrottleCause(const StreamTotals& of) {
  constexpr std::string_view kPrefix = "throttled: ";
  const std::string_view by = of.throttled_by.view();
  return std::string(by.starts_with(kPrefix) ? by.substr(kPrefix.size()) : "what its table takes");
}

std::string RateText(double per_second) {
  std::string text = fmt::format("{:.{}f}", per_second, per_second < 9.95 ? 1 : 0);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string ClockText(Duration duration) {
  const int64_t seconds = WholeSeconds(duration);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string MegabytesText(uint64_t bytes) {
  const double megabytes = static_cast<double>(bytes) / 1e6;
  return megabytes < 99.95 ? fmt::format("{:.1f} MB", megabytes) : fmt::format("{:.0f} MB", megabytes);
}

std::optional<Duration> TimeLeft(const RunTotals& totals) {
  if (!totals.expected) return std::nullopt;
  const uint64_t settled = totals.stored + totals.rejected;
  const uint64_t expected = std::max(*totals.expected, totals.read);
  return TimeFor(expected - std::min(settled, expected), totals.per_second);
}

std::optional<Duration> TimeLeft(const StreamTotals& of) { return TimeFor(of.waiting, of.per_second); }

std::string NotReplacedText(const std::vector<std::string>& tables, Text why, bool any_replaced) {
  return fmt::format(
      "{}: {}. The input ended without a record and without a state of a stream of that table, and {}. What "
      "the "
      "table holds stays.",
      any_replaced ? "Not every table was replaced" : "No table was replaced", NamesOf(tables), why);
}

std::string AllRejectedText(const std::vector<std::string>& tables) {
  return fmt::format(
      "Not replaced: {}. Every record of the stream of that table was rejected. "
      "What the table holds stays.",
      NamesOf(tables));
}

std::string RejectedAndEmptyText(const std::vector<std::string>& tables) {
  return fmt::format(
      "Empty: {}. What that table held was replaced, and every record that was to take its place was "
      "rejected "
      "by DynamoDB.",
      NamesOf(tables));
}

std::string LeftEmptyText(const std::vector<std::string>& tables) {
  return fmt::format(
      "Empty: {}. What that table held was dropped to be overwritten, and the sync ended before a record is "
      "known to be stored in it. The next sync that succeeds fills it.",
      NamesOf(tables));
}

std::vector<std::string> LateStateTexts(const std::vector<CheckpointLedger::Waiting>& late,
                                        const StreamNames& names, Instant now) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < late.size() && i < kNamedInALog; ++i) {
    const int64_t waited = WholeSeconds(now - late[i].read);
    texts.push_back(late[i].held
                        ? fmt::format("A STATE has waited {} s: what it covers is stored, and it leaves {}",
                                      waited, WhenAHoldGoes(late[i], names))
                        : fmt::format("A STATE has waited {} s for what it covers to be stored: {}", waited,
                                      WhyItWaits(late[i], names, now)));
  }
  if (late.size() > kNamedInALog)
    texts.push_back(fmt::format("The STATEs of {} more streams wait.", late.size() - kNamedInALog));
  return texts;
}

}  // namespace ddb
