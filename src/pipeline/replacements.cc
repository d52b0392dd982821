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
      size_(closed.size()),
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
  while (true) {
    const std::vector<StreamNo> round = AwaitRound();
    if (round.empty()) break;
    std::vector<TableNo> tables;
    for (const StreamNo stream : round) tables.push_back(plan_.streams[stream].table);
    Status replaced = step_(tables, [this] { return StopRequested(); });
    if (!replaced.ok()) {
      if (!StopRequested()) state_.Fail(std::move(replaced).error());
      break;
    }
    for (const TableNo table : tables) gates_[table].store(Gate::kOpen, std::memory_order_release);
    for (const StreamNo stream : round) ledger_.Open(stream);
    changed_();
  }
  for (std::atomic<Gate>& gate : gates_) {
    if (gate != Gate::kOpen) gate = Gate::kNever;
  }
  done_.store(true, std::memory_order_release);
  changed_();
}

}  // namespace ddb
