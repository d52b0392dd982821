// RecentRate: how much a second of late, of a figure that only grows; RecentRates: of thousands of them, in
// less memory. Values; as an int is.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "base/numbered.h"
#include "base/stream_id.h"

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

// Of each stream's: what it was twice, so that the time that is looked at is half a window to a whole one
// long.
class RecentRates {
 public:
  RecentRates(size_t streams, Instant begin) : of_(streams, {begin, begin, 0, 0}) {}

  // Of this figure at this instant; some times a second.
  double PerSecond(StreamNo stream, uint64_t figure, Instant now) {
    Seen& seen = of_[stream];
    if (now - seen.later >= RecentRate::kWindow / 2) {
      seen.before = seen.then;
      seen.earlier = seen.later;
      seen.then = figure;
      seen.later = now;
    }
    const double seconds = std::chrono::duration<double>(now - seen.earlier).count();
    return seconds > 0 ? static_cast<double>(figure - seen.before) / seconds : 0;
  }

 private:
  struct Seen {
    Instant earlier, later;
    uint64_t before, then;
  };
  NumberedVector<StreamNo, Seen> of_;
};

}  // namespace ddb
