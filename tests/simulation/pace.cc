#include "simulation/pace.h"

#include <algorithm>
#include <cmath>

#include "simulation/standard_streams.h"

namespace ddb::simulation {
namespace {

// Around a text, in a request.
constexpr double kAroundText = 260;
// Of a table of a few units whose capacity nobody tells, one refused item of hundreds of units is worth a
// minute.
constexpr double kSlack = 1.35;
// The same of any table to which one item is many seconds: each refusal by chance of one costs as much again.
constexpr double kManySeconds = 20, kSlackOfLarge = 1.6;
// A refusal by chance, or in a dark spell, tells the program what one of the table would: that it is empty.
// What had been saved may then stay there, and when there are no more of them what it takes is found again: a
// debt of a minute is paid, and a minute it grows (delivery/capacity_rules.h); a large item sent meanwhile
// may be a minute's debt again.
constexpr double kFoundAgain = 60 + 60 + 60;
// The deadline of a request (HttpClient::Options), the longest pause (times::kLongestPause), and a little.
constexpr double kLastTrouble = 30 + 20 + 5;

double LastEnd(const std::vector<Spell>& spells, double begin) {
  for (const Spell& spell : spells) begin = std::max(begin, spell.to);
  return begin;
}

double BytesOf(const InputPiece& piece) { return kAroundText + piece.bytes; }

bool HasRecords(const InputPiece& piece) { return piece.what != "state" && piece.what != "pause"; }

double UnitsOf(const Plan& plan, size_t table) {
  double units = 0;
  for (const InputPiece& piece : plan.input) {
    if (HasRecords(piece) && static_cast<size_t>(piece.stream) % plan.tables.size() == table)
      units += piece.count * std::ceil(BytesOf(piece) / 1024);
  }
  return units;
}

// Of a table that takes nothing else. Where it is given more, that may be found late.
double SecondsFor(double units, const TableSetting& table) {
  if (table.changes_s <= 0 || table.changes_to >= table.wcu || units <= table.changes_s * table.wcu)
    return units / table.wcu;
  return table.changes_s + (units - table.changes_s * table.wcu) / table.changes_to;
}

// A batch with an item that is refused is sent again, item by item.
bool HasRefusedItems(const Plan& plan) {
  return std::any_of(plan.input.begin(), plan.input.end(),
                     [](const InputPiece& piece) { return piece.what == "refused"; });
}

bool HasFaults(const Plan& plan) { return plan.fired ? !plan.fired->empty() : !plan.faults.empty(); }

bool HasRefusals(const Plan& plan) {
  const auto may_refuse = [](const TableSetting& table) {
    return !table.dark.empty() || (table.changes_s > 0 && table.changes_to < table.wcu);
  };
  if (std::any_of(plan.tables.begin(), plan.tables.end(), may_refuse)) return true;
  const auto refuses = [](const auto& fault) {
    return fault.fault == NameOf(Fault::kThrottled) || fault.fault == NameOf(Fault::kUnprocessed);
  };
  return plan.fired ? std::any_of(plan.fired->begin(), plan.fired->end(), refuses)
                    : std::any_of(plan.faults.begin(), plan.faults.end(), refuses);
}

}  // namespace

double SecondsForLargestItem(const Plan& plan) {
  double longest = 0;
  for (const InputPiece& piece : plan.input) {
    const TableSetting& table = plan.tables[static_cast<size_t>(piece.stream) % plan.tables.size()];
    if (!HasRecords(piece) || table.wcu <= 0) continue;
    const double least = table.changes_s > 0 ? std::min(table.wcu, table.changes_to) : table.wcu;
    longest = std::max(longest, std::ceil(BytesOf(piece) / 1024) / least);
  }
  return longest;
}

namespace {

double SlackOf(const Plan& plan) {
  return HasRefusals(plan) && SecondsForLargestItem(plan) > kManySeconds ? kSlackOfLarge : kSlack;
}

}  // namespace

Pace PaceOf(const Plan& plan, const Input& input) {
  Pace pace;
  const bool refusals = HasRefusals(plan);
  if (HasFaults(plan)) pace.troubled_s = plan.calm_s;
  pace.troubled_s = LastEnd(plan.line_stalls, pace.troubled_s);
  pace.troubled_s = LastEnd(plan.reader_stalls, pace.troubled_s);
  double bytes = 0;
  for (const InputPiece& piece : plan.input)
    if (HasRecords(piece)) bytes += piece.count * BytesOf(piece);
  if (HasRefusedItems(plan)) bytes *= 2;
  pace.need_s = std::max(StandardStreams::FedWithin(plan, input), bytes / plan.line_bytes_per_s);
  for (size_t i = 0; i < plan.tables.size(); ++i) {
    const TableSetting& table = plan.tables[i];
    for (const Spell& spell : table.dark)
      pace.troubled_s = std::max(pace.troubled_s, std::min(spell.to, spell.from + plan.give_up_s));
    const double saved_s = refusals ? 0 : table.saved_s;
    if (table.wcu > 0) pace.need_s = std::max(pace.need_s, SecondsFor(UnitsOf(plan, i), table) - saved_s);
  }
  if (refusals) pace.troubled_s += kFoundAgain;
  return pace;
}

double LongestRun(const Plan& plan, const Input& input) {
  const Pace pace = PaceOf(plan, input);
  const double turns = plan.turn_us * 1e-6 * static_cast<double>(input.records.size());
  return pace.troubled_s + (SlackOf(plan) + 0.15) * pace.need_s + turns + plan.give_up_s + 180;
}

double LongestGoodRun(const Plan& plan, const Input& input, uint64_t requests) {
  const Pace pace = PaceOf(plan, input);
  const auto count = static_cast<double>(requests);
  const double connections = std::max(1, plan.connections / plan.workers);
  const double round_trips = count * plan.delay_s * (1 + plan.jitter) / connections;
  const double turns = plan.turn_us * 1e-6 * (10 * count + static_cast<double>(input.records.size()));
  return pace.troubled_s + SlackOf(plan) * pace.need_s + round_trips + turns + kLastTrouble;
}

}  // namespace ddb::simulation
