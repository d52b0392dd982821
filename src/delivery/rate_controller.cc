#include "delivery/rate_controller.h"

namespace ddb {

void RateController::Roll(Instant now) {
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

bool RateController::TrySend(uint64_t items, Instant now) {
  MutexLock lock(mu_);
  if (last_throttle_ && in_flight_ > 0) {
    Roll(now);
    if (in_flight_ + items > stored_in_window_) return false;
  }
  in_flight_ += items;
  return true;
}

void RateController::OnReply(uint64_t sent, uint64_t stored, bool throttled, Instant now) {
  MutexLock lock(mu_);
  Roll(now);
  in_flight_ -= sent;
  stored_[static_cast<size_t>(second_ % kWindowSeconds)] += stored;
  stored_in_window_ += stored;
  if (throttled) last_throttle_ = now;
}

void RateController::AddWaiting(uint64_t items, Instant now) {
  MutexLock lock(mu_);
  if (waiting_ == 0) progress_ = now;
  waiting_ += items;
}

void RateController::RemoveWaiting(uint64_t items, Instant now) {
  MutexLock lock(mu_);
  waiting_ -= items;
  progress_ = now;
}

std::optional<Duration> RateController::WaitedWithoutProgress(Instant now) const {
  MutexLock lock(mu_);
  if (waiting_ == 0) return std::nullopt;
  return now - progress_;
}

RateController::Snapshot RateController::Get(Instant now) const {
  MutexLock lock(mu_);
  return {in_flight_, waiting_, last_throttle_ && now - *last_throttle_ < std::chrono::seconds(10)};
}

}  // namespace ddb
