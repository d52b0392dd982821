// RecentRate: how much a second of late, of a figure that only grows. Value; as an int is.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "base/clock.h"

namespace ddb {

class RecentRate {
 public:
  // What is older says nothing of now.
  static constexpr Duration kWindow = std::chrono::seconds(10);

  explicit RecentRate(Instant begin) : seen_{{begin, 0}} {}

  // The figure at this instant; some times a second.
  void Add(Instant now, uint64_t figure) {
    seen_.push_back({now, figure});
    // The oldest is the last one that is a window old, or older: between it and now all of the window lies.
    while (seen_.size() > 2 && now - seen_[1].at >= kWindow) seen_.pop_front();
  }
  double PerSecond() const {
    const double seconds = std::chrono::duration<double>(seen_.back().at - seen_.front().at).count();
    return seconds > 0 ? static_cast<double>(seen_.back().figure - seen_.front().figure) / seconds : 0;
  }

 private:
  struct Sample {
    Instant at;
    uint64_t figure;
  };
  std::deque<Sample> seen_;
};

}  // namespace ddb
