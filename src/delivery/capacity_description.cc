// What a CapacityBound makes of what DescribeTable says: at the start, and each time it is looked again.
#include <algorithm>
#include <utility>

#include "delivery/capacity_bound.h"
#include "delivery/capacity_rules.h"

namespace ddb {

namespace rules = capacity_rules;

void CapacityBound::Describe(const Description& description, Instant now) {
  Pass(now);
  const bool first = began_ == now_ && stored_ == 0 && in_flight_ == 0;
  const double before = std::exchange(told_, description.units);
  const double unseen = now_ - std::exchange(looked_, now_);  // s
  if (!first && description.units == before) return;
  held_ = {now_, stored_};
  chance_.Clear();
  if (mode_ == Mode::kCruise) dry_.reset();  // what it took since then was of another capacity
  const bool held = described_.units > 0;
  // What did not hold the table to the one does not hold it to the other; but more than it was found to take
  // is worth trying.
  if (!first && before > 0 && !held && !description.certain && description.units <= rate_) return;
  described_.units = description.units;
  described_.certain = description.units > 0 && (description.certain || described_.certain);
  if (first) {
    if (!described_.certain) return;
    rate_ = description.units;
    bank_ = rules::kSaves * rate_;
    level_ = 0;
    return;
  }
  if (description.units <= 0) {  // it has no limit that is known any more
    if (mode_ == Mode::kCruise || mode_ == Mode::kStartup) Forget();
    return;
  }
  if (rate_ <= 0 || mode_ == Mode::kMeasure) return;
  clean_ = 0;
  if (description.units < rate_) {
    rate_ = description.units;
    bank_ = std::min(bank_, rules::kSaves * rate_);
  } else if (description.units > before && (described_.certain || !held)) {
    Raise(held ? description.units / before : description.units / rate_);
    // It may have been raised, and have saved what nobody sent, since the last look.
    bank_ = std::min(bank_ + (description.units - before) * unseen, rules::kSaves * rate_);
    held_.stored += bank_;
  }
}

// Who had a share of the old capacity, beside others, begins with the same share of the new one. Not so when
// it is lowered: what is refused meanwhile may have said it already.
void CapacityBound::Raise(double factor) {
  rate_ = std::min(told_, factor * rate_);
  recovers_ = std::min(told_, factor * recovers_);
  before_dark_ = std::min(told_, factor * before_dark_);
}

// As if nothing had been sent yet.
void CapacityBound::Forget() {
  mode_ = Mode::kStartup;
  window_ = rules::kFirstWindow;
  rate_ = level_ = bank_ = 0;
}

bool CapacityBound::LimitedLately(Instant now) const {
  const double at = std::chrono::duration<double>(now.time_since_epoch()).count();
  return at - held_back_ < rules::kHeldBackFor;
}

}  // namespace ddb
