// TokenBucket: a capacity in units a second, some of which can be saved for later. Time goes in, as seconds
// on whatever clock; nothing else. Not thread-safe.
//
// Shares no code with src/, and knows nothing of who uses it: simulations, unit tests, the scripted server.
#pragma once

#include <algorithm>
#include <cmath>

namespace capacity {

class TokenBucket {
 public:
  struct Rules {
    double rate = 0;      // units a second; 0: it is no limit
    double saves_s = 1;   // seconds of the rate that it can hold
    double grain_s = 0;   // it is filled in steps of so many seconds; 0: all the time
    bool debt = false;    // who comes while anything is left gets all that it asks for
    double saved_s = -1;  // that it begins with; -1: all that it can hold
  };
  TokenBucket() = default;
  TokenBucket(const Rules& rules, double now) : rules_(rules), at_(now) {
    level_ = rules.saved_s < 0 ? Most() : std::min(Most(), rules.rate * rules.saved_s);
  }

  bool limits() const { return rules_.rate > 0; }
  double rate() const { return rules_.rate; }
  double level() const { return level_; }
  double filled() const { return filled_; }  // units that came in, whether it could hold them or not

  void SetRate(double rate, double now) {
    Fill(now);
    rules_.rate = rate;
    level_ = std::min(level_, Most());
  }
  void Fill(double now) {
    double passed = now - at_;
    if (rules_.grain_s > 0) passed = std::floor(passed / rules_.grain_s) * rules_.grain_s;
    if (passed <= 0) return;
    at_ += passed;
    filled_ += passed * rules_.rate;
    level_ = std::min(Most(), level_ + passed * rules_.rate);
  }
  // After Fill. A full bucket lets anything pass, else what costs more than it can hold could never be.
  bool Has(double units) const {
    if (!limits()) return true;
    return rules_.debt ? level_ > 0 : level_ >= std::min(units, Most());
  }
  void Take(double units) {
    if (limits()) level_ -= units;
  }

 private:
  double Most() const { return std::max(1.0, rules_.rate * rules_.saves_s); }

  Rules rules_;
  double at_ = 0;
  double level_ = 0;
  double filled_ = 0;
};

}  // namespace capacity
