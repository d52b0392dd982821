// RateCap: no more write units a second than somebody has set for a table, whatever it would take. A request
// leaves as soon as nothing is owed, and what it takes is owed then, so that the mean is what was set,
// however large requests are. WriteGate owns it and locks; no clock of its own.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/clock.h"

namespace ddb {

class RateCap {
 public:
  // 0: none. What is owed takes as long as it did.
  void Set(double units_per_second) {
    if (left_ < 0) left_ *= rate_ > 0 ? units_per_second / rate_ : 0;
    rate_ = units_per_second;
  }
  bool is_set() const { return rate_ > 0; }
  double rate() const { return rate_; }

  // Behind others of so many units that go first.
  bool MaySend(double ahead, Instant now) {
    if (!is_set()) return true;
    Pass(now);
    return left_ - ahead > 0;
  }
  // After a no: how long it makes no sense to ask again.
  Duration Wait(double ahead) const {
    const double seconds = (ahead - left_) / rate_;
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds)) +
           std::chrono::milliseconds(1);
  }
  void Take(double units) { left_ -= units; }
  // It took less than was thought, or, below zero, more.
  void GiveBack(double units) { left_ += units; }

 private:
  // What nobody used is kept no longer: who sets a cap wants others to have the rest in each second.
  static constexpr double kKept = 0.1;  // s

  void Pass(Instant now) {
    if (passed_) {
      const double seconds = std::chrono::duration<double>(now - *passed_).count();
      left_ = std::min(std::max(kKept * rate_, 1.0), left_ + rate_ * std::max(0.0, seconds));
    }
    passed_ = now;
  }

  double rate_ = 0;
  double left_ = 1;  // units that may leave now; below zero: owed
  std::optional<Instant> passed_;
};

}  // namespace ddb
