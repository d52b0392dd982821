#include "pipeline/run_control.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "base/signals.h"
#include "base/times.h"

namespace ddb {

RunControl::RunControl(const Clock& clock, MessageWriter& writer, int signal_fd)
    : clock_(clock), writer_(writer), signal_fd_(signal_fd), tick_(loop_), state_([this] {
        loop_.Post([this] { OnStop(); });
      }) {
  if (signal_fd_ >= 0) {
    signals_ = std::make_unique<EventLoop::Watch>(loop_, signal_fd_);
    signals_->WhenReadable([this] { OnSignal(); });
  }
  writer_.OnClosed([this] { state_.Stop(StopReason::kStdoutClosed); });
}

RunControl::~RunControl() { writer_.OnClosed({}); }

bool RunControl::StopRequested() {
  pollfd ask{signal_fd_, POLLIN, 0};
  if (signal_fd_ >= 0 && poll(&ask, 1, 0) > 0) OnSignal();
  return state_.stopped();
}

void RunControl::Supervise(const Phase& phase) {
  phase_ = &phase;
  StartTick();
  while (phase_) loop_.Run();
  tick_.Cancel();
}

void RunControl::Leave() {
  loop_.Post([this] {
    phase_ = nullptr;
    loop_.Stop();
  });
}

void RunControl::OnSignal() {
  // After a failure too, a signal leaves no more than its own time.
  EndBy(clock_.Now() + times::kStoringAfterStop);
  if (!state_.stopped()) {
    writer_.Info(
        fmt::format("Stopping on {}: nothing more is read, and what is under way is brought to its "
                    "end, within {} s.",
                    Signals::received_name().view(), WholeSeconds(times::kStop)));
  }
  state_.Stop(StopReason::kSignal);
}

void RunControl::OnStop() {
  const bool failed = state_.reason() == StopReason::kFailure;
  EndBy(clock_.Now() + (failed ? times::kStoringAfterFailure : times::kStoringAfterStop));
  if (phase_) phase_->stop();
}

void RunControl::EndBy(Instant instant) { deadline_ = deadline_ ? std::min(*deadline_, instant) : instant; }

void RunControl::StartTick() {
  Instant when = clock_.Now() + times::kTick;
  if (deadline_) when = std::min(when, *deadline_);
  tick_.Start(when, [this] {
    if (!phase_) return;
    const Instant now = clock_.Now();
    if (deadline_ && now >= *deadline_) {
      Leave();
      return;
    }
    phase_->each_tick(now);
    StartTick();
  });
}

}  // namespace ddb
