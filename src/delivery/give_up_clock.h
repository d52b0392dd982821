// GiveUpClock: how long one table's items have waited to be stored while none of them was: what a run gives
// up by. FlowControl owns one per table; every worker's Settlement says what waits and what became of it, the
// supervisor asks. Any thread; one short lock per batch.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"

namespace ddb {

class GiveUpClock {
 public:
  // So many items wait from now on, until they are settled. The first one starts the clock.
  void AddWaiting(uint64_t items, Instant now) {
    MutexLock lock(mu_);
    if (waiting_ == 0) progress_ = now;
    waiting_ += items;
  }
  // So many were stored, rejected or given up: the clock starts anew.
  void Settle(uint64_t items, Instant now) {
    MutexLock lock(mu_);
    waiting_ -= items;
    progress_ = now;
  }

  std::optional<Duration> WaitedWithoutProgress(Instant now) const {  // empty: nothing waits
    MutexLock lock(mu_);
    if (waiting_ == 0) return std::nullopt;
    return now - progress_;
  }
  uint64_t waiting() const {
    MutexLock lock(mu_);
    return waiting_;
  }

 private:
  mutable Mutex mu_;
  uint64_t waiting_ GUARDED_BY(mu_) = 0;  // items
  Instant progress_ GUARDED_BY(mu_);
};

}  // namespace ddb
