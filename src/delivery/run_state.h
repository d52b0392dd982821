// RunState: whether this run still reads, and why it ended. The first reason wins. How long what is under way
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
  const std::function<void()> changed_;
  std::atomic<bool> stopped_{false};
  mutable Mutex mu_;
  StopReason reason_ GUARDED_BY(mu_) = StopReason::kNone;
  std::optional<Error> error_ GUARDED_BY(mu_);
  std::vector<TableNo> given_up_ GUARDED_BY(mu_);
};

}  // namespace ddb
