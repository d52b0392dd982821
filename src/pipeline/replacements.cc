#include "pipeline/replacements.h"

#include <chrono>

#include "base/times.h"

namespace ddb {

Replacements::Replacements(const RunPlan& plan, const std::vector<TableNo>& closed, Step step,
                           CheckpointLedger& ledger, RunState& state, std::function<void()> changed)
    : plan_(plan),
      step_(std::move(step)),
      ledger_(ledger),
      state_(state),
      changed_(std::move(changed)),
      tables_(closed),
      gates_(plan.tables.size()),
      done_(closed.empty()) {
  for (const TableNo table : closed) {
    gates_[table] = Gate::kClosed;
    ledger_.Close(*plan.stream_of[table]);
  }
}

void Replacements::Start() {
  if (!done()) thread_ = std::thread([this] { Run(); });
}

void Replacements::Said(uint64_t chunk, const std::vector<StreamNo>& streams) {
  MutexLock lock(mu_);
  if (!streams.empty()) said_[chunk] = streams;
  if (said_.empty()) return;
  const uint64_t known_to = ledger_.RegisteredTo();  // looked at behind the entry, so that no word is missed
  for (auto it = said_.begin(); it != said_.end() && it->first <= known_to; it = said_.erase(it)) {
    for (const StreamNo stream : it->second) Ask(stream);
  }
}

void Replacements::Ask(StreamNo stream) {
  Gate closed = Gate::kClosed;
  if (!gates_[plan_.streams[stream].table].compare_exchange_strong(closed, Gate::kAsked)) return;
  round_.push_back(stream);
  asked_.NotifyAll();
}

std::vector<StreamNo> Replacements::Silent() const {
  std::vector<StreamNo> silent;
  for (const StreamNo stream : plan_.streams.numbers()) {
    if (gate(plan_.streams[stream].table) == Gate::kClosed) silent.push_back(stream);
  }
  return silent;
}

std::vector<TableNo> Replacements::Replaced() const {
  std::vector<TableNo> replaced;
  for (const TableNo table : tables_) {
    if (gate(table) == Gate::kOpen) replaced.push_back(table);
  }
  return replaced;
}

void Replacements::NoMore(const std::vector<StreamNo>& streams) {
  MutexLock lock(mu_);
  for (const StreamNo stream : streams) Ask(stream);
  no_more_ = true;
  asked_.NotifyAll();
}

void Replacements::End() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
}

// After a failure what lies before it may still be stored.
bool Replacements::StopRequested() const {
  const StopReason reason = state_.stopped() ? state_.reason() : StopReason::kNone;
  return ending_ || reason == StopReason::kSignal || reason == StopReason::kStdoutClosed;
}

// Empty: there is none any more.
std::vector<StreamNo> Replacements::AwaitRound() {
  MutexLock lock(mu_);
  while (round_.empty() && !no_more_ && !StopRequested()) {
    (void)asked_.WaitUntil(mu_, std::chrono::steady_clock::now() + times::kSignalPoll);
  }
  if (StopRequested()) return {};
  return std::exchange(round_, {});
}

void Replacements::Run() {
  bool failed = false;
  while (!failed) {
    const std::vector<StreamNo> asked = AwaitRound();
    if (asked.empty()) break;
    std::vector<TableNo> tables;
    for (const StreamNo stream : asked) tables.push_back(plan_.streams[stream].table);
    Round round = step_(tables, [this] { return StopRequested(); });
    for (const TableNo table : round.replaced) {
      gates_[table].store(Gate::kOpen, std::memory_order_release);
      ledger_.Open(*plan_.stream_of[table]);
    }
    changed_();
    failed = round.error.has_value();
    if (failed && !StopRequested()) state_.Fail(*std::move(round.error));
  }
  for (std::atomic<Gate>& gate : gates_) {
    if (gate != Gate::kOpen) gate = Gate::kNever;
  }
  done_.store(true, std::memory_order_release);
  changed_();
}

}  // namespace ddb
