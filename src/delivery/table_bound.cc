#include "delivery/table_bound.h"

#include <algorithm>

#include "base/times.h"

namespace ddb {

void TableBound::Roll(Instant now) {
  const int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (second - second_ >= kWindowSeconds) {
    stored_.fill(0);
    stored_in_window_ = 0;
  } else {
    for (int64_t s = second_ + 1; s <= second; ++s) {
      uint64_t& slot = stored_[static_cast<size_t>(s % kWindowSeconds)];
      stored_in_window_ -= slot;
      slot = 0;
    }
  }
  if (second > second_) second_ = second;
}

bool TableBound::TrySend(uint64_t cost, Instant now) {
  MutexLock lock(mu_);
  if (last_throttle_ && let_through_ > 0) {
    Roll(now);
    if (let_through_ + cost > std::max(kLeast, stored_in_window_ / kBoundsInWindow)) return false;
  }
  let_through_ += cost;
  return true;
}

void TableBound::OnReply(const Reply& reply, Instant now) {
  MutexLock lock(mu_);
  Roll(now);
  let_through_ -= reply.settled;
  stored_[static_cast<size_t>(second_ % kWindowSeconds)] += reply.stored;
  stored_in_window_ += reply.stored;
  if (reply.throttled) last_throttle_ = now;
}

bool TableBound::Throttled(Instant now) const {
  MutexLock lock(mu_);
  return last_throttle_ && now - *last_throttle_ < times::kThrottledFor;
}

}  // namespace ddb
