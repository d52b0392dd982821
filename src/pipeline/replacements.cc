#include "pipeline/replacements.h"

#include <algorithm>
#include <chrono>
#include <system_error>

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
      done_(closed.empty()),
      rejected_(plan.streams.size(), 0) {
  for (const TableNo table : closed) {
    gates_[table] = Gate::kClosed;
    ledger_.Close(*plan.stream_of[table]);
  }
}

void Replacements::Start() {
  if (done()) return;
  MutexLock lock(mu_);
  AddThread();
}

void Replacements::AddThread() {
  threads_.emplace_back([this] { Run(); });
  ++running_;
}

void Replacements::Said(uint64_t chunk, const std::vector<Word>& words) {
  MutexLock lock(mu_);
  if (!words.empty()) said_[chunk] = words;
  if (said_.empty()) return;
  const uint64_t known_to = ledger_.RegisteredTo();  // looked at behind the entry, so that no word is missed
  for (auto it = said_.begin(); it != said_.end() && it->first <= known_to; it = said_.erase(it)) {
    for (const Word& word : it->second) Hear(word);
  }
}

void Replacements::Hear(const Word& word) {
  if (word.kind == Word::kRejected) {
    rejected_[word.stream] = 1;
  } else if (word.kind == Word::kRecord || rejected_[word.stream] == 0) {
    Ask(word.stream);
  }
}

void Replacements::Ask(StreamNo stream) {
  Gate closed = Gate::kClosed;
  if (!gates_[plan_.streams[stream].table].compare_exchange_strong(closed, Gate::kAsked)) return;
  round_.push_back(plan_.streams[stream].table);
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
  for (;;) {
    std::vector<std::thread> threads;
    {
      MutexLock lock(mu_);
      threads.swap(threads_);
    }
    if (threads.empty()) return;
    for (std::thread& thread : threads) thread.join();
  }
}

// After a failure what lies before it may still be stored.
bool Replacements::StopRequested() const {
  const StopReason reason = state_.stopped() ? state_.reason() : StopReason::kNone;
  return ending_ || reason == StopReason::kSignal || reason == StopReason::kStdoutClosed;
}

// Empty: there is none any more.
std::vector<TableNo> Replacements::AwaitRound() {
  MutexLock lock(mu_);
  ++waiting_;
  while (round_.empty() && !no_more_ && !failed_ && !StopRequested()) {
    (void)asked_.WaitUntil(mu_, std::chrono::steady_clock::now() + times::kSignalPoll);
  }
  --waiting_;
  if (failed_ || StopRequested()) return {};
  const auto end = round_.begin() + static_cast<std::ptrdiff_t>(std::min(round_.size(), kMostTables));
  std::vector<TableNo> round(round_.begin(), end);
  round_.erase(round_.begin(), end);
  // For those that are left, and for whoever speaks meanwhile.
  const bool more = !round_.empty() || std::any_of(tables_.begin(), tables_.end(), [this](TableNo table) {
    return gate(table) == Gate::kClosed;
  });
  if (more && !round.empty() && waiting_ == 0 && running_ < kMostRounds) {
    try {
      AddThread();
    } catch (const std::system_error&) {  // no thread to be had: they wait for this round
    }
  }
  return round;
}

void Replacements::Run() {
  for (std::vector<TableNo> tables = AwaitRound(); !tables.empty(); tables = AwaitRound()) {
    Status replaced =
        step_(tables, [this] { return StopRequested(); }, [this](TableNo table) { Open(table); });
    if (replaced.ok()) {
      for (const TableNo table : tables) Open(table);
    } else {
      EndAsFailed(tables, std::move(replaced).error());
    }
  }
  EndThread();
}

void Replacements::Open(TableNo table) {
  if (gates_[table].exchange(Gate::kOpen, std::memory_order_acq_rel) == Gate::kOpen) return;
  ledger_.Open(*plan_.stream_of[table]);
  changed_();
}

// The other rounds that are under way come to their end.
void Replacements::EndAsFailed(const std::vector<TableNo>& round, Error error) {
  {
    MutexLock lock(mu_);
    failed_ = true;
    for (std::atomic<Gate>& gate : gates_) {
      Gate closed = Gate::kClosed;
      gate.compare_exchange_strong(closed, Gate::kNever);
    }
    std::vector<TableNo> left = std::exchange(round_, {});
    left.insert(left.end(), round.begin(), round.end());
    for (const TableNo table : left) {
      if (gate(table) != Gate::kOpen) gates_[table] = Gate::kNever;
    }
    asked_.NotifyAll();
  }
  changed_();
  if (!StopRequested()) state_.Fail(std::move(error));
}

void Replacements::EndThread() {
  {
    MutexLock lock(mu_);
    if (--running_ > 0) return;
  }
  for (std::atomic<Gate>& gate : gates_) {
    if (gate != Gate::kOpen) gate = Gate::kNever;
  }
  done_.store(true, std::memory_order_release);
  changed_();
}

}  // namespace ddb
