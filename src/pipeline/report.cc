#include "pipeline/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace ddb {
namespace {

constexpr size_t kNamedInALog = 10;  // STATEs that are late, streams that one waits for, tables

int64_t WholeSeconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
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

std::string Count(uint64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string ProgressText(std::string_view what, const RunTotals& totals) {
  std::string text = fmt::format("{}: {} read, {} stored", what, Count(totals.read, "record"), totals.stored);
  if (totals.rejected > 0) text += fmt::format(", {} rejected", totals.rejected);
  if (totals.waiting > 0) text += fmt::format(", {} waiting", totals.waiting);
  if (totals.retried > 0) text += fmt::format(", {} retried", Count(totals.retried, "request"));
  if (totals.throttled > 0) text += fmt::format(", {} throttled", Count(totals.throttled, "table"));
  return text + fmt::format(", {:.0f} records/s", totals.per_second);
}

std::vector<std::string> StreamTexts(const std::vector<StreamTotals>& streams) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < streams.size() && i < kNamedInALog; ++i) {
    const StreamTotals& of = streams[i];
    std::string& text = texts.emplace_back(
        fmt::format("Stream {}: {} stored in table {}", of.stream, Count(of.stored, "record"), of.table));
    if (of.rejected > 0) text += fmt::format(", {} rejected", of.rejected);
    if (of.waiting > 0) text += fmt::format(", {} waiting{}", of.waiting, of.throttled ? ", throttled" : "");
    text += fmt::format(", {:.0f} records/s", of.per_second);
  }
  if (streams.size() > kNamedInALog)
    texts.push_back(fmt::format("And {}.", Count(streams.size() - kNamedInALog, "more stream")));
  return texts;
}

std::string TerminalLine(const RunTotals& totals, size_t columns) {
  std::string line = Count(totals.read, "record");
  const auto add = [&](const std::string& clause) {
    // A line that is full would go on in the next one, and could not be written over.
    if (line.size() + 2 + clause.size() < columns) line.append(", ").append(clause);
  };
  add(fmt::format("{} stored", totals.stored));
  add(fmt::format("{:.0f}/s", totals.per_second));
  if (totals.rejected > 0) add(fmt::format("{} rejected", totals.rejected));
  if (totals.throttled > 0) add(fmt::format("{} throttled", Count(totals.throttled, "table")));
  if (totals.waiting > 0) add(fmt::format("{} waiting", totals.waiting));
  add(fmt::format("{} in flight", Count(totals.in_flight, "request")));
  return "\r" + line + "\x1b[K";
}

std::string NotReplacedText(const std::vector<std::string>& tables, Text why, bool any_replaced) {
  return fmt::format(
      "{}: {}. The input ended without a record and without a state of a stream of that table, and {}. What "
      "the "
      "table holds stays.",
      any_replaced ? "Not every table was replaced" : "No table was replaced", NamesOf(tables), why);
}

std::string AllRejectedText(const std::vector<std::string>& tables) {
  return fmt::format(
      "Not replaced: {}. Every record of the stream of that table was rejected, and nothing else came of it. "
      "What the table holds stays.",
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
