// RunState: whether this run still reads, and why it ended. The first reason wins. Any thread.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/result.h"

namespace ddb {

enum class StopReason {
  kNone,
  kFailure,       // see error(); what lies before it gets 30 s
  kSignal,        // SIGTERM, SIGINT; what is in flight gets 10 s
  kStdoutClosed,  // nobody is left to tell; what is in flight gets 10 s
};

class RunState {
 public:
  // `changed` runs on the thread that made the change, once, when reading has to stop.
  explicit RunState(std::function<void()> changed) : changed_(std::move(changed)) {}

  void Fail(Error error) { Stop(StopReason::kFailure, std::move(error)); }
  void Stop(StopReason reason, std::optional<Error> error = std::nullopt) {
    {
      MutexLock lock(mu_);
      if (reason_ != StopReason::kNone) return;
      reason_ = reason;
      error_ = std::move(error);
    }
    stopped_.store(true, std::memory_order_release);
    changed_();
  }

  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  StopReason reason() const {
    MutexLock lock(mu_);
    return reason_;
  }
  std::optional<Error> error() const {
    MutexLock lock(mu_);
    return error_;
  }

 private:
  const std::function<void()> changed_;
  std::atomic<bool> stopped_{false};
  mutable Mutex mu_;
  StopReason reason_ GUARDED_BY(mu_) = StopReason::kNone;
  std::optional<Error> error_ GUARDED_BY(mu_);
};

}  // namespace ddb
