#include "pipeline/run_figures.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/times.h"
#include "delivery/table_errors.h"

namespace ddb {

RunTotals RunFigures::Totals() const {
  RunTotals totals;
  for (const auto& worker : workers_) {
    totals.read += worker->progress().read.value();
    totals.stored += worker->progress().stored.value();
    totals.retried += worker->progress().retried.value();
    totals.rejected += worker->progress().rejected.value();
  }
  totals.in_flight = requests_in_flight();
  const Instant now = run_.clock.Now();
  for (const TableNo table : run_.tables.numbers()) {
    if (run_.flow.gate(table).Throttled(now)) ++totals.throttled;
  }
  // Wherever: in a batch, behind a bound, or for a table that is being replaced.
  const uint64_t settled = totals.stored + totals.rejected;
  totals.waiting = totals.read - std::min(settled, totals.read);
  totals.bytes_read = source_.bytes_taken();
  totals.expected = Expected(totals);
  totals.reading = Reading();
  totals.ending = run_.state.stopped();
  totals.trouble = Trouble(now);
  if (const auto oldest = run_.ledger.OldestWaiting(std::nullopt)) totals.oldest_state = now - *oldest;
  return totals;
}

// As many as were read, once all were; before that as many as were read of the part that was.
std::optional<uint64_t> RunFigures::Expected(const RunTotals& totals) const {
  if (source_.ended()) return totals.read;
  const std::optional<uint64_t> all = source_.bytes_in_all();
  if (!all || totals.bytes_read == 0) return std::nullopt;
  const double times = static_cast<double>(*all) / static_cast<double>(totals.bytes_read);
  return static_cast<uint64_t>(static_cast<double>(totals.read) * std::max(1.0, times));
}

RunTotals::Reading RunFigures::Reading() const {
  if (source_.ended()) return {ReadingWaits::kEnded};
  using Waits = Worker::Waits;
  const auto any = [this](Waits waits) {
    return std::ranges::any_of(workers_, [waits](const auto& worker) { return worker->waits() == waits; });
  };
  if (any(Waits::kNothing)) return {};
  if (any(Waits::kInput)) return {ReadingWaits::kInput};
  if (any(Waits::kMemory)) return {ReadingWaits::kMemory, FillsMemory()};
  return any(Waits::kService) ? RunTotals::Reading{ReadingWaits::kService} : RunTotals::Reading{};
}

// Of the first table of which nothing is stored, and not as it is throttled, which its stream's line says.
std::string RunFigures::Trouble(Instant now) const {
  for (const TableNo table : run_.tables.numbers()) {
    const std::optional<Duration> waited = run_.flow.clock(table).WaitedWithoutProgress(now);
    if (!waited || *waited < times::kSayTrouble) continue;
    const std::optional<TableTrouble::Seen> seen = run_.flow.trouble(table).Look();
    if (!seen || IsThrottle(seen->fault.fault)) continue;
    return fmt::format("table {}: {}; it is tried again", run_.tables[table].name, FaultWords(seen->fault));
  }
  return "";
}

// The table for which most records wait; "": none do.
std::string RunFigures::FillsMemory() const {
  std::optional<TableNo> fills;
  uint64_t most = 0;
  for (const TableNo table : run_.tables.numbers()) {
    const uint64_t waiting = run_.flow.clock(table).waiting();
    if (waiting <= most) continue;
    most = waiting;
    fills = table;
  }
  return fills ? run_.tables[*fills].name : std::string();
}

StreamTotals RunFigures::Of(StreamNo stream) const {
  const CheckpointLedger::Totals settled = run_.ledger.TotalsOf(stream);
  const TableNo table = run_.plan.streams[stream].table;
  const Instant now = run_.clock.Now();
  StreamTotals of{.stored = settled.stored,
                  .rejected = settled.rejected,
                  .waiting = run_.flow.clock(table).waiting(),
                  .throttled = run_.flow.gate(table).Throttled(now)};
  const WriteGate::Spent spent = run_.flow.gate(table).spent();
  of.changed = run_.rejections.changed(stream);
  of.units = spent.units;
  of.held_back = spent.held_back;
  of.capped = spent.capped;
  const std::optional<ThrottleEpisode::Seen> throttle = run_.flow.throttle(table).Look();
  if (throttle && (of.throttled || of.held_back > Duration::zero())) of.throttled_by = throttle->cause.reason;
  if (const auto oldest = run_.ledger.OldestWaiting(stream)) of.oldest_state = now - *oldest;
  return of;
}

size_t RunFigures::requests_in_flight() const {
  size_t requests = 0;
  for (const auto& worker : workers_) requests += worker->requests_in_flight();
  return requests;
}

}  // namespace ddb
