// HotPace: how many write units a second are sent of what one partition of a table refuses while others are
// taken. Nobody says what a partition takes, the service changes it by itself, and what is refused costs the
// table nothing: so the rate is tried out all the time, up while everything is stored, down by a fifth with
// a refusal.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
//
// WriteGate owns it and locks; no clock of its own. Units are what DynamoDB counts for a write.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>

#include "base/clock.h"
#include "delivery/rate_cap.h"

namespace ddb {

class HotPace {
 public:
  HotPace() { pace_.Set(kFirst); }

  // As RateCap's.
  bool MaySend(double ahead, Instant now) {
    const bool may = pace_.MaySend(ahead, now);
    if (!may) wanted_ = true;
    return may;
  }
  Duration Wait(double ahead) const { return pace_.Wait(ahead); }
  // Of a request of several items at the most.
  double request_units() const { return std::max(1.0, kRequest * pace_.rate()); }
  void Send(double units) { pace_.Take(units); }

  void OnReply(Instant sent, double units, double refused, size_t items, Instant now) {
    item_ = units / static_cast<double>(items);
    if (refused > 0) {
      if (sent <= cut_) return;  // it left before the last
      cut_ = grown_ = now;
      starts_ = false;
      Set(kCut * pace_.rate());
      return;
    }
    const double seconds = std::min(kMostAtOnce, Seconds(now - grown_));
    if (seconds < kStep) return;
    grown_ = now;
    if (!std::exchange(wanted_, false)) return;
    const double times = std::min(kMostGrowth, std::exp2(std::floor(Seconds(now - cut_) / kAccelerate)));
    Set(pace_.rate() * (starts_ ? 2 : std::exp(kGrowth * times * seconds)));
  }
  // The run ends: it is tried more often.
  void Hurry() { Set(std::max(pace_.rate(), kHurried * item_)); }

 private:
  static constexpr double kFirst = 10;     // units a second
  static constexpr double kLeast = 0.2;    // items a second
  static constexpr double kHurried = 1;    // items a second
  static constexpr double kRequest = 0.5;  // s of the rate
  static constexpr double kCut = 0.8;      // of the rate is left
  static constexpr double kGrowth = 0.05;  // of it, a second
  // After each so many seconds without a refusal it grows twice as fast.
  static constexpr double kAccelerate = 10;
  static constexpr double kMostGrowth = 8;
  static constexpr double kStep = 0.25, kMostAtOnce = 5;  // s

  static double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
  void Set(double rate) { pace_.Set(std::max(rate, kLeast * item_)); }

  RateCap pace_;
  Instant cut_, grown_;
  double item_ = 1;      // units, of late
  bool starts_ = true;   // nothing has been refused
  bool wanted_ = false;  // somebody was told no since it grew
};

}  // namespace ddb
