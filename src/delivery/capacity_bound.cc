#include "delivery/capacity_bound.h"

#include <algorithm>
#include <cmath>

namespace ddb {
namespace {

// What a table saves, in seconds of its capacity.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
constexpr double kSaves = 300;
// What was saved leaves within so many seconds, and never at more than kBurst times the rate; of a small
// table faster, as each of its partitions takes 1,000 units a second.
constexpr double kSpendSaved = 10;
constexpr double kBurst = 10;
constexpr double kPartition = 1000;
// Nor so fast that more than so many seconds of the rate are in flight: it is refused when there is no more.
constexpr double kBurstInFlight = 0.3;
// What is not known of how the table counts must not add up to more than there is.
constexpr double kSaved = 0.98;

// A request takes so many seconds of the rate at the most, so that a small table is asked often.
constexpr double kRequestSeconds = 0.5;
constexpr double kFullRequest = 25;  // units, while nothing is known
constexpr double kLevelSeconds = 0.1;

// While nothing is known of the table, what is in flight grows with what it takes: it doubles every round
// trip up to so many units, then it grows by this share. What is in flight when the table turns out to be
// empty is sent in vain.
constexpr double kFirstWindow = 50;
constexpr double kFastStart = 250;
constexpr double kSlowStart = 0.25;

// A refused share of so much of the last requests says that the rate is too high; less may be chance. Taken
// over so many requests, and half a second at the least.
constexpr double kShare = 0.02;
constexpr double kChance = 1.5;
constexpr double kChanceDescribed = 3;  // at a rate that is known to be right, or nearly
constexpr double kNearly = 0.95;
constexpr size_t kRequests = 40;
constexpr size_t kFewRequests = 8;
constexpr double kRecent = 60;
// A cut: this of the rate, or with a known capacity this of its share of it: who has more gives more.
constexpr double kCut = 0.05;
constexpr double kCutOfShare = 0.3;
constexpr double kLeastCut = 0.5;
// Growth: so much of the capacity a second, twice that after each kAccelerate seconds without a cut.
constexpr double kGrowth = 0.002;
constexpr double kAccelerate = 10;
constexpr double kMostGrowth = 16;
// This share of what is stored may be refused for growing; a debt is forgotten after so long.
constexpr double kBudget = 0.015;
constexpr double kDebtSeconds = 60;

// Measured: so many units since it was empty, in so many seconds and some round trips, or at the latest then.
constexpr double kMeasureUnits = 50;
constexpr double kLeastMeasure = 0.5;
constexpr double kMeasureSeconds = 5;
constexpr double kHungry = 0.5;  // of that time somebody has to have waited
constexpr double kNearlyMeasured = 0.98;
constexpr double kFarFromDescribed = 1.25;

constexpr int kDarkRequests = 3;
constexpr double kFirstTry = 1;
constexpr double kHurriedTry = 1.5;
constexpr double kDarkAgain = 60;
constexpr double kLeastRate = 1;

double SecondsOf(Instant instant) {
  return std::chrono::duration<double>(instant.time_since_epoch()).count();
}

}  // namespace

// ---- what is known

void CapacityBound::Describe(const Description& description, Instant now) {
  Pass(now);
  const double before = described_.units;
  const bool first = began_ == now_ && stored_ == 0 && in_flight_ == 0;
  described_.units = description.units;
  described_.certain = description.certain || (described_.certain && description.units > 0);
  doubts_ = false;
  if (description.units <= 0) return;
  if (first) {
    if (!description.certain) return;
    rate_ = description.units;
    bank_ = kSaves * rate_;
    level_ = 0;
    return;
  }
  if (rate_ <= 0 || mode_ == Mode::kMeasure || description.units == before) return;
  if (description.units < rate_) {
    rate_ = description.units;
    bank_ = std::min(bank_, kSaves * rate_);
  } else if (before > 0 && description.units > before && described_.certain) {
    rate_ = std::max(rate_, description.units);
    clean_ = 0;
  }
}

// ---- time

double CapacityBound::FillRate() const {
  if (mode_ == Mode::kStartup && bank_ > 0)
    return std::max(std::min(kBurst, kBurstInFlight / round_trip_) * rate_, std::min(bank_, kPartition));
  return rate_ + std::min(bank_ / kSpendSaved, (burst_ - 1) * rate_);
}

double CapacityBound::Pause() const { return rate_ * round_trip_; }

void CapacityBound::Pass(Instant now) {
  const double at = SecondsOf(now);
  if (began_ < 0) began_ = now_ = last_stored_ = stepped_ = at;
  const double passed = at - now_;
  if (passed <= 0) return;
  now_ = at;
  if (rate_ > 0) {
    const double rate = FillRate();
    const double most = std::max({kLevelSeconds * rate, largest_, kLeastRate});
    const double level = std::max(level_, std::min(most, level_ + rate * passed));
    bank_ = std::clamp(bank_ + kSaved * rate_ * passed - (level - level_), 0.0, kSaves * rate_);
    level_ = level;
  }
  if (!wanted_) return;
  hungry_ += passed;
  Accelerate();
  Grow(passed);
}

// What was saved is spent faster and faster, and after the dark the rate comes back so.
void CapacityBound::Accelerate() {
  if (recovers_ > 0 && mode_ == Mode::kCruise) {
    if (now_ - stepped_ < std::max(0.25, 2 * round_trip_)) return;
    stepped_ = now_;
    rate_ = std::min(recovers_, 2 * rate_);
    if (rate_ == recovers_) recovers_ = 0;
    return;
  }
  if (now_ - stepped_ < std::max(0.5, 4 * round_trip_)) return;
  stepped_ = now_;
  burst_ = bank_ > rate_ ? std::min(kBurst, 2 * burst_) : 1;
}

void CapacityBound::Grow(double seconds) {
  if (mode_ != Mode::kCruise || budget_ < 0) return;
  const double most = described_.certain && described_.units > 0 ? described_.units : 1e12;
  if (rate_ >= most) return;
  clean_ += seconds;
  const double times = std::min(kMostGrowth, std::exp2(std::floor(clean_ / kAccelerate)));
  const double of = described_.units > 0 ? described_.units : rate_;
  rate_ = std::min(most, rate_ + kGrowth * times * of * seconds);
}

// ---- sending

double CapacityBound::request_units() const {
  if (mode_ == Mode::kDark) return 0;
  if (mode_ == Mode::kStartup) return 1e12;
  if (mode_ == Mode::kMeasure) return kFullRequest;
  return std::max(1.0, kRequestSeconds * rate_);
}

bool CapacityBound::MaySend(double units, Instant now) {
  largest_ = std::max(units, largest_ * 0.999);
  Pass(now);
  bool may = false;
  switch (mode_) {
    case Mode::kDark:
      may = now_ >= next_try_;
      break;
    case Mode::kStartup:
      may = flights_ == 0 || in_flight_ + units <= std::max(window_, kFirstWindow);
      if (rate_ > 0) may = may && level_ >= units;
      break;
    case Mode::kMeasure:
      may = now_ >= next_try_ && (flights_ == 0 || in_flight_ + units <= window_);
      break;
    case Mode::kCruise:
      may = level_ >= units;
      break;
  }
  wanted_ = !may;
  return may;
}

Duration CapacityBound::Wait(double units) const {
  double seconds = round_trip_ / 8;  // a reply to anybody lets more through
  if (mode_ == Mode::kDark || (mode_ == Mode::kMeasure && now_ < next_try_)) {
    seconds = next_try_ - now_;
  } else if (rate_ > 0 && mode_ != Mode::kMeasure && level_ < units) {
    seconds = (units - level_) / FillRate();
  }
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::clamp(seconds + 1e-4, 1e-3, 1.0)));
}

void CapacityBound::Send(double units, Instant now) {
  Pass(now);
  in_flight_ += units;
  ++flights_;
  wanted_ = false;
  if (rate_ > 0) level_ -= units;
  if (mode_ != Mode::kDark) return;
  next_try_ = now_ + between_tries_;
  between_tries_ = std::min(longest_try_, 1.5 * between_tries_);
}

// ---- replies

void CapacityBound::OnReply(const Reply& reply, Instant now) {
  Pass(now);
  const double sent = SecondsOf(reply.sent);
  Land(reply.units);
  round_trip_ = 0.9 * round_trip_ + 0.1 * (now_ - sent);
  if (rate_ > 0) level_ -= reply.stored + reply.refused - reply.units;  // what was not foreseen
  recent_.push_back({now_, sent, reply.stored, reply.refused, static_cast<double>(reply.items)});
  while (recent_.size() > 4000 || recent_.front().at < now_ - kRecent) recent_.pop_front();
  // Nothing was taken until now: what it takes is measured from here on.
  const bool light = mode_ == Mode::kMeasure && !took_ && refused_whole_ >= kDarkRequests;
  OnTaken(reply);
  if (light && reply.stored > 0) SetDry();
  took_ = took_ || reply.stored > 0;
  const double room = kBudget * rate_ * std::max(kDebtSeconds, 7 * largest_ / std::max(rate_, kLeastRate));
  const double refused = sent > empty_at_ ? reply.refused : 0;
  if (rate_ > 0) budget_ = std::clamp(budget_ + kBudget * reply.stored - refused, -room, room);
  if (mode_ == Mode::kDark) {
    if (reply.stored > 0) OnLight();
  } else if (reply.refused > 0) {
    OnRefusal(sent);
  }
}

void CapacityBound::OnTaken(const Reply& reply) {
  if (reply.stored > 0) {
    last_stored_ = now_;
    stored_ += reply.stored;
    refused_whole_ = 0;
    window_ = std::max(window_, kFirstWindow);
    if (in_flight_ + reply.units >= window_ / 2)
      window_ += (window_ < kFastStart ? 1 : kSlowStart) * reply.stored;
  } else if (reply.refused > 0) {
    if (refused_whole_++ == 0) before_dark_ = rate_;
  }
}

// A refusal says that nothing is saved.
void CapacityBound::OnRefusal(double sent) {
  bank_ = 0;
  burst_ = 1;
  if (GoDark()) return;
  if (mode_ == Mode::kStartup) {
    OnFirstRefusal();
    return;
  }
  if (mode_ == Mode::kMeasure) {
    if (sent > dry_->at) OnMeasured();
    return;
  }
  if (sent <= cut_at_) return;  // it left before the last cut
  const Share share = RefusedLately();
  const double chance =
      described_.units > 0 && rate_ >= kNearly * described_.units ? kChanceDescribed : kChance;
  if (share.refused <= kShare + chance * std::sqrt(kShare / std::max(1.0, share.items))) return;
  Cut(share);
}

CapacityBound::Share CapacityBound::RefusedLately() const {
  const double least = std::max(2 * round_trip_, 0.5);
  double stored = 0;
  double refused = 0;
  Share share;
  for (auto reply = recent_.rbegin(); reply != recent_.rend(); ++reply) {
    if (reply->at <= cut_at_ || (reply->at < now_ - least && share.requests >= kRequests)) break;
    if (reply->sent <= cut_at_) continue;
    stored += reply->stored;
    refused += reply->refused;
    share.items += reply->items;
    ++share.requests;
  }
  share.refused = refused / (stored + refused);
  return share;
}

void CapacityBound::Cut(const Share& share) {
  const bool at_once = now_ - cut_at_ < 4 * round_trip_ + 2 * largest_ / rate_;
  cuts_in_row_ = at_once ? cuts_in_row_ + 1 : 0;
  const double capacity = described_.units;
  double cut = capacity > 0 ? std::max(kCut, kCutOfShare * rate_ / capacity) : kCut;
  if (share.requests >= kFewRequests || cuts_in_row_ >= 2) cut = std::max(cut, share.refused);
  double rate = rate_ * (1 - cut);
  // Between two moments when it was empty, what it took is what it takes: whoever else writes to it.
  if (dry_ && now_ - dry_->at > std::max({4.0, 4 * round_trip_, 8 * largest_ / rate_}))
    rate = std::min(rate, (stored_ - dry_->stored) / (now_ - dry_->at));
  if (share.refused > 0.2) doubts_ = true;
  rate_ = std::max({rate, kLeastCut * rate_, kLeastRate / 10});
  level_ = std::min(level_, 0.0) - Pause();
  SetDry();
}

void CapacityBound::SetDry() {
  hungry_ = 0;
  dry_ = Dry{now_, stored_};
  clean_ = 0;
  cut_at_ = now_;
  recovers_ = 0;
}

void CapacityBound::OnFirstRefusal() {
  empty_at_ = now_;
  budget_ = 0;
  SetDry();
  if (described_.certain && described_.units > 0) {
    mode_ = Mode::kCruise;
    rate_ = described_.units;
    level_ = -Pause();  // what the table saves meanwhile is not lost
    return;
  }
  mode_ = Mode::kMeasure;
  took_ = false;
  window_ = kFullRequest;
  next_try_ = now_ + round_trip_;
}

void CapacityBound::OnMeasured() {
  const double passed = now_ - dry_->at;
  const double units = stored_ - dry_->stored;
  const double measured = std::max(units / passed, kLeastRate / 10);
  // What nobody wanted to send says nothing of what it takes: it is unknown again.
  if (passed >= kLeastMeasure && hungry_ < kHungry * passed) {
    mode_ = Mode::kStartup;
    window_ = kFirstWindow;
    return;
  }
  const bool enough = units >= kMeasureUnits && passed >= std::max(kLeastMeasure, 8 * round_trip_);
  if (!enough && (passed < kMeasureSeconds || units <= 0)) {
    window_ = std::max(kFullRequest, measured * round_trip_);
    next_try_ = now_ + std::max(round_trip_, std::min(1.0, kFullRequest / measured));
    return;
  }
  mode_ = Mode::kCruise;
  empty_at_ = now_;
  rate_ = kNearlyMeasured * measured;
  if (described_.units > 0 && measured > kFarFromDescribed * described_.units) {
    described_ = {};  // it is no limit here
  } else if (described_.units > 0) {
    described_.certain = true;
    rate_ = described_.units;
  }
  level_ = -Pause();
  SetDry();
}

// ---- a table that takes nothing

void CapacityBound::Hurry() {
  longest_try_ = kHurriedTry;
  between_tries_ = std::min(between_tries_, longest_try_);
  next_try_ = std::min(next_try_, now_ + longest_try_);
}

bool CapacityBound::GoDark() {
  if (mode_ == Mode::kDark) return true;
  const double rate = std::max(before_dark_, kLeastRate);
  if (refused_whole_ < kDarkRequests) return false;
  if (now_ - last_stored_ <= std::max({1.0, 4 * round_trip_, 2 * largest_ / rate})) return false;
  if (mode_ == Mode::kStartup || mode_ == Mode::kMeasure) {
    empty_at_ = now_;
    before_dark_ = described_.certain ? described_.units : 0;
  }
  // Again so soon: it is not dark, but far slower than was thought.
  if (light_at_ > 0 && now_ - light_at_ < kDarkAgain) before_dark_ *= kLeastCut;
  mode_ = Mode::kDark;
  dark_since_ = now_;
  between_tries_ = kFirstTry;
  next_try_ = now_ + between_tries_;
  return true;
}

void CapacityBound::OnLight() {
  light_at_ = now_;
  if (before_dark_ <= 0) {
    mode_ = Mode::kMeasure;
    window_ = kFullRequest;
    next_try_ = now_;
    SetDry();
    return;
  }
  mode_ = Mode::kCruise;
  rate_ = std::max(0.1 * before_dark_, kLeastRate);
  recovers_ = before_dark_;
  clean_ = 0;
  stepped_ = now_;
  budget_ = std::max(budget_, 0.0);
  level_ = 0;
  cut_at_ = now_;
  bank_ = before_dark_ * std::min(kSaves, now_ - dark_since_);  // at the most
}

}  // namespace ddb
