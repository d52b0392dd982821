// RunState: whether this run still reads, and why it ended. The first reason wins; of failures that are about
// a place in the input, the one that stands first there: what lies before a failure is read and stored all
// the same, so that the same input is told the same, whichever worker was faster. How long what is under way
// then has stands in base/times.h. Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "delivery/checkpoint.h"
#include "dynamodb/table.h"

namespace ddb {

enum class StopReason {
  kNone,
  kFailure,       // see error()
  kSignal,        // SIGTERM, SIGINT, SIGHUP
  kStdoutClosed,  // nobody is left to tell
};

class RunState {
 public:
  // `changed` runs on the thread that made the change, once, when reading has to stop.
  explicit RunState(std::function<void()> changed) : changed_(std::move(changed)) {}

  // `at`: of what in the input it is about, where it is about that.
  void Fail(Error error, std::optional<Position> at = std::nullopt) {
    {
      MutexLock lock(mu_);
      const bool is_first = reason_ == StopReason::kNone;
      const bool stands_before = reason_ == StopReason::kFailure && at && error_at_ && *at < *error_at_;
      if (!is_first && !stands_before) return;
      reason_ = StopReason::kFailure;
      error_ = std::move(error);
      error_at_ = at;
      if (!is_first) return;
    }
    TellStopped();
  }
  void Stop(StopReason reason) {
    {
      MutexLock lock(mu_);
      if (reason_ != StopReason::kNone) return;
      reason_ = reason;
    }
    TellStopped();
  }

  // The same for a table in which nothing could be stored for too long: what waits for it need not wait any
  // longer. What other tables are sent goes on.
  void GiveUpOn(TableNo table, Error error) {
    {
      MutexLock lock(mu_);
      given_up_.push_back(table);
    }
    Fail(std::move(error));
  }

  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  StopReason reason() const {
    MutexLock lock(mu_);
    return reason_;
  }
  std::vector<TableNo> given_up() const {
    MutexLock lock(mu_);
    return given_up_;
  }
  bool has_given_up(TableNo table) const {
    MutexLock lock(mu_);
    return std::find(given_up_.begin(), given_up_.end(), table) != given_up_.end();
  }
  std::optional<Error> error() const {
    MutexLock lock(mu_);
    return error_;
  }

 private:
  void TellStopped() {
    stopped_.store(true, std::memory_order_release);
    changed_();
  }

  const std::function<void()> changed_;
  std::atomic<bool> stopped_{false};
  mutable Mutex mu_;
  StopReason reason_ GUARDED_BY(mu_) = StopReason::kNone;
  std::optional<Error> error_ GUARDED_BY(mu_);
  std::optional<Position> error_at_ GUARDED_BY(mu_);
  std::vector<TableNo> given_up_ GUARDED_BY(mu_);
};

}  // namespace ddb
