#include "scripted_server/line.h"

#include <algorithm>
#include <thread>

namespace scripted {

double Line::RateAt(Clock::time_point instant) const {
  const double age = std::chrono::duration<double>(instant - begun_).count();
  double rate = rules_.bytes_per_s;
  for (const auto& [from, then] : rules_.steps) rate = age >= from ? then : rate;
  return rate;
}

void Line::Carry(size_t bytes) {
  if (!bounded()) return;
  Clock::time_point through;
  {
    std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (begun_ == Clock::time_point{}) begun_ = now;
    free_ = std::max(free_, now);
    free_ += std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(static_cast<double>(bytes) / RateAt(free_)));
    through = free_;
  }
  std::this_thread::sleep_until(through);
}

void Line::RoundTrip() const { std::this_thread::sleep_for(std::chrono::milliseconds(rules_.latency_ms)); }

}  // namespace scripted
