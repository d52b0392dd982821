#include "pipeline/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "base/text.h"

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

std::string ProgressText(std::string_view what, const RunTotals& totals) {
  std::string text =
      fmt::format("{}: {} read, {} stored", what, Counted(totals.read, "record"), totals.stored);
  if (totals.rejected > 0) text += fmt::format(", {} rejected", totals.rejected);
  if (totals.waiting > 0) text += fmt::format(", {} waiting", totals.waiting);
  if (totals.retried > 0) text += fmt::format(", {} retried", Counted(totals.retried, "request"));
  if (totals.throttled > 0) text += fmt::format(", {} throttled", Counted(totals.throttled, "table"));
  return text + fmt::format(", {:.0f} records/s", totals.per_second);
}

std::vector<std::string> StreamTexts(const std::vector<StreamTotals>& streams) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < streams.size() && i < kNamedInALog; ++i) {
    const StreamTotals& of = streams[i];
    std::string& text = texts.emplace_back(
        fmt::format("Stream {}: {} stored in table {}", of.stream, Counted(of.stored, "record"), of.table));
    if (of.rejected > 0) text += fmt::format(", {} rejected", of.rejected);
    if (of.waiting > 0) text += fmt::format(", {} waiting{}", of.waiting, of.throttled ? ", throttled" : "");
    text += fmt::format(", {:.0f} records/s", of.per_second);
  }
  if (streams.size() > kNamedInALog)
    texts.push_back(fmt::format("And {}.", Counted(streams.size() - kNamedInALog, "more stream")));
  return texts;
}

std::string TerminalLine(const RunTotals& totals, size_t columns) {
  std::string line = Counted(totals.read, "record");
  if (line.size() >= columns) line.resize(columns > 0 ? columns - 1 : 0);
  const auto add = [&](const std::string& clause) {
    // A line that is full would go on in the next one, and could not be written over.
    if (line.size() + 2 + clause.size() < columns) line.append(", ").append(clause);
  };
  add(fmt::format("{} stored", totals.stored));
  add(fmt::format("{:.0f}/s", totals.per_second));
  if (totals.rejected > 0) add(fmt::format("{} rejected", totals.rejected));
  if (totals.throttled > 0) add(fmt::format("{} throttled", Counted(totals.throttled, "table")));
  if (totals.waiting > 0) add(fmt::format("{} waiting", totals.waiting));
  add(fmt::format("{} in flight", Counted(totals.in_flight, "request")));
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
