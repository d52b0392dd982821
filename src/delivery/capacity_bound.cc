#include "delivery/capacity_bound.h"

#include <algorithm>
#include <cmath>

#include "delivery/capacity_rules.h"

namespace ddb {
namespace {

namespace rules = capacity_rules;

constexpr double kAny = 1e12;  // units: no limit

double SecondsOf(Instant instant) {
  return std::chrono::duration<double>(instant.time_since_epoch()).count();
}

}  // namespace

// ---- time

double CapacityBound::FillRate() const {
  if (mode_ == Mode::kStartup && bank_ > 0)
    return std::max(std::min(rules::kBurst, rules::kBurstInFlight / round_trip_) * rate_,
                    std::min(bank_, rules::kPartition));
  return rate_ + std::min(bank_ / rules::kSpendSaved, (burst_ - 1) * rate_);
}

double CapacityBound::Pause() const { return rate_ * round_trip_; }

// The longest between two replies that say something of a table that takes so much; 0: that is not known.
double CapacityBound::Usual(double rate) const {
  const double request = 2 * largest_ / (rate > 0 ? rate : rules::kUsualRate);
  return std::max({rules::kUsual, 4 * round_trip_, request});
}

void CapacityBound::Pass(Instant now) {
  const double at = SecondsOf(now);
  if (began_ < 0) began_ = now_ = last_stored_ = replied_ = stepped_ = at;
  const double passed = at - now_;
  if (passed <= 0) return;
  now_ = at;
  if (rate_ > 0) {
    const double rate = FillRate();
    const double most = std::max({rules::kLevelSeconds * rate, asked_, rules::kLeastRate});
    const double level = std::max(level_, std::min(most, level_ + rate * passed));
    bank_ = std::clamp(bank_ + rules::kSaved * rate_ * passed - (level - level_), 0.0, rules::kSaves * rate_);
    level_ = level;
  }
  if (mode_ == Mode::kStartup && bank_ > 0) held_ = {now_, stored_};
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
  burst_ = bank_ > rate_ ? std::min(rules::kBurst, 2 * burst_) : 1;
}

void CapacityBound::Grow(double seconds) {
  const bool spent = mode_ == Mode::kStartup && rate_ > 0 && bank_ <= 0;
  if ((mode_ != Mode::kCruise && !spent) || budget_ < 0) return;
  const double by_chance = chance_.share(now_);  // which costs the table nothing
  const double most = Holds() ? described_.units / (1 - by_chance) : kAny;
  if (rate_ >= most) return;
  if (described_.certain && by_chance <= 0 && rate_ >= described_.units)
    clean_ = std::max(clean_, rules::kTriedFor);
  clean_ += seconds;
  const double times = std::min(rules::kMostGrowth, std::exp2(std::floor(clean_ / rules::kAccelerate)));
  const double of = std::max(described_.units > 0 ? described_.units : rate_, rules::kLeastGrown);
  rate_ = std::min(most, rate_ + rules::kGrowth * times * of * seconds);
  // It took more than it could have saved: it is no longer what is described.
  const bool is_more = stored_ - held_.stored > described_.units * (now_ - held_.at) + largest_;
  const bool is_far = by_chance <= 0 && rate_ > rules::kFarFromDescribed * described_.units;
  if (described_.certain && is_far && is_more) described_ = {};
}

// Whether what is described is the most that the table takes. To try more costs an item or two each time.
bool CapacityBound::Holds() const {
  if (!described_.certain) return false;
  const double item = item_ / described_.units;  // s
  const double most = std::max(rules::kHoldsMost, rules::kHoldsMostItems * item);
  const double least = std::max(rules::kHoldsLeast, rules::kHoldsRoundTrips * round_trip_);
  return now_ - held_.at < std::clamp(rules::kHoldsItems * item, std::min(least, most), most);
}

// ---- sending

double CapacityBound::request_units() const {
  if (mode_ == Mode::kDark) return 0;
  if (mode_ == Mode::kStartup) return rate_ > 0 ? std::max(1.0, rules::kRequestSeconds * FillRate()) : kAny;
  if (mode_ == Mode::kMeasure) return rules::kFullRequest;
  return std::max(1.0, rules::kRequestSeconds * rate_);
}

bool CapacityBound::MaySend(double units, double ahead, Instant now) {
  largest_ = std::max(units, largest_);
  units += ahead;
  asked_ = std::max(units, asked_);
  Pass(now);
  bool may = false;
  switch (mode_) {
    case Mode::kDark:
      may = now_ >= next_try_;
      break;
    case Mode::kStartup:
      may = flights_ == 0 || in_flight_ + units <= std::max(window_, rules::kFirstWindow);
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
  if (limits()) held_back_ = now_;
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
  largest_ *= rules::kForgets;
  asked_ *= rules::kForgets;
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
  item_ = std::max(reply.units / static_cast<double>(reply.items), item_ * rules::kForgets);
  round_trip_ = 0.9 * round_trip_ + 0.1 * (now_ - sent);
  // Requests that time out, or nothing to send: as if that time had not been.
  if (const double usual = Usual(rate_); dry_ && now_ - replied_ > usual) dry_->at += now_ - replied_ - usual;
  replied_ = now_;
  if (rate_ > 0) level_ -= reply.stored + reply.refused - reply.units;  // what was not foreseen
  if (mode_ == Mode::kCruise && sent > cut_at_)
    recent_.Add(now_, LookedAt(), reply.stored, reply.refused, reply.items);
  // Nothing was taken until now: what it takes is measured from here on.
  const bool light = mode_ == Mode::kMeasure && !took_ && refused_whole_ >= rules::kDarkRequests;
  OnTaken(reply);
  if (light && reply.stored > 0) SetDry();
  took_ = took_ || reply.stored > 0;
  const double owed_s = std::clamp(rules::kDebtItems * item_ / std::max(rate_, rules::kLeastRate),
                                   rules::kDebtSeconds, rules::kDebtMost);
  const double room = rules::kBudget * rate_ * owed_s;
  chance_.OnReply(sent, reply.stored, reply.refused);
  saved_doubt_.OnReply(sent, reply.stored, reply.refused);
  const double by_chance = chance_.share(now_) * (reply.stored + reply.refused);
  const double refused = sent > empty_at_ ? reply.refused : 0;
  if (rate_ > 0)
    budget_ = std::clamp(budget_ + rules::kBudget * reply.stored + by_chance - refused, -room, room);
  if (mode_ == Mode::kDark) {
    if (reply.stored > 0) OnLight();
  } else if (reply.refused > 0) {
    OnRefusal(reply, sent);
  }
}

void CapacityBound::OnTaken(const Reply& reply) {
  if (reply.stored > 0) {
    last_stored_ = now_;
    stored_ += reply.stored;
    refused_whole_ = 0;
    window_ = std::max(window_, rules::kFirstWindow);
    if (in_flight_ + reply.units >= window_ / 2)
      window_ += (window_ < rules::kFastStart ? 1 : rules::kSlowStart) * reply.stored;
  } else if (reply.refused > 0) {
    if (refused_whole_++ == 0) before_dark_ = rate_;
  }
}

// A refusal says that nothing is saved, unless it is chance.
void CapacityBound::OnRefusal(const Reply& reply, double sent) {
  if (bank_ > 0 && saved_doubt_.MayBeChance(now_, reply.stored, reply.refused, reply.items)) return;
  saved_doubt_.Clear();
  bank_ = 0;
  burst_ = 1;
  held_ = {now_, stored_};
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
  const double by_chance = chance_.share(now_);
  if (described_.certain && by_chance <= 0 && rate_ > described_.units) {  // more than that was tried
    rate_ = described_.units;
    level_ = std::min(level_, 0.0) - Pause();
    SetDry();
    return;
  }
  const RecentReplies::Share share = recent_.Refused();
  const double chance = described_.units > 0 && rate_ >= rules::kNearly * described_.units
                            ? rules::kChanceDescribed
                            : rules::kChance;
  // What comes by chance comes in clusters, such as a request of which half is refused.
  const double usual = rules::kShare + by_chance;
  if (by_chance > 0 && share.requests < rules::kRequests) return;
  const double seen = by_chance > 0 ? static_cast<double>(share.requests) : share.items;
  if (share.refused <= usual + chance * std::sqrt(usual / std::max(1.0, seen))) return;
  Cut(share);
}

double CapacityBound::LookedAt() const { return std::max(2 * round_trip_, rules::kLookedAt); }

void CapacityBound::Cut(const RecentReplies::Share& share) {
  const bool at_once = now_ - cut_at_ < 4 * round_trip_ + 2 * largest_ / rate_;
  cuts_in_row_ = at_once ? cuts_in_row_ + 1 : 0;
  const double capacity = described_.units;
  double cut = capacity > 0 ? std::max(rules::kCut, rules::kCutOfShare * rate_ / capacity) : rules::kCut;
  if (share.requests >= rules::kFewRequests || cuts_in_row_ >= 2) cut = std::max(cut, share.refused);
  double rate = rate_ * (1 - cut);
  // Between two moments when it was empty, what it took is what it takes: whoever else writes to it.
  if (dry_ && now_ - dry_->at > std::max({4.0, 4 * round_trip_, 8 * largest_ / rate_}))
    rate = std::min(rate, (stored_ - dry_->stored) / (now_ - dry_->at));
  const ChanceRefusals::Verdict verdict = chance_.OnCut(now_, rate_, item_);
  if (verdict.what == ChanceRefusals::Verdict::kGoBack) {
    rate_ = verdict.rate;
    budget_ = 0;
  } else if (verdict.what == ChanceRefusals::Verdict::kCut) {
    rate_ = std::max({rate, rules::kLeastCut * rate_, rules::kLeastRate});
  }
  level_ = std::min(level_, 0.0) - Pause();
  SetDry();
}

void CapacityBound::SetDry() {
  hungry_ = 0;
  dry_ = Moment{now_, stored_};
  clean_ = 0;
  SetCut();
  recovers_ = 0;
}

void CapacityBound::SetCut() {
  cut_at_ = now_;
  recent_.Clear();
}

void CapacityBound::OnFirstRefusal() {
  empty_at_ = now_;
  largest_ = asked_ = item_;  // no request has so many again
  budget_ = 0;
  SetDry();
  if (described_.certain) {
    mode_ = Mode::kCruise;
    rate_ = described_.units;
    level_ = -Pause();  // what the table saves meanwhile is not lost
    return;
  }
  mode_ = Mode::kMeasure;
  rate_ = level_ = 0;
  took_ = false;
  window_ = rules::kFullRequest;
  next_try_ = now_ + round_trip_;
}

void CapacityBound::OnMeasured() {
  const double passed = now_ - dry_->at;
  const double units = stored_ - dry_->stored;
  const double measured = std::max(units / passed, rules::kLeastRate);
  // What nobody wanted to send says nothing of what it takes: it is unknown again.
  if (passed >= rules::kLeastMeasure && hungry_ < rules::kHungry * passed) {
    Forget();
    return;
  }
  const bool enough =
      units >= rules::kMeasureUnits && passed >= std::max(rules::kLeastMeasure, 8 * round_trip_);
  if (!enough && (passed < rules::kMeasureSeconds || units <= 0)) {
    window_ = std::max(rules::kFullRequest, measured * round_trip_);
    next_try_ = now_ + std::max(round_trip_, std::min(1.0, rules::kFullRequest / measured));
    return;
  }
  mode_ = Mode::kCruise;
  empty_at_ = now_;
  rate_ = rules::kNearlyMeasured * measured;
  if (described_.units > 0 && measured > rules::kFarFromDescribed * described_.units) {
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
  longest_try_ = rules::kHurriedTry;
  between_tries_ = std::min(between_tries_, longest_try_);
  next_try_ = std::min(next_try_, now_ + longest_try_);
}

bool CapacityBound::GoDark() {
  if (mode_ == Mode::kDark) return true;
  const double rate = before_dark_ > 0 ? before_dark_ : rate_;
  if (refused_whole_ < rules::kDarkRequests) return false;
  if (now_ - last_stored_ <= Usual(rate)) return false;
  if (mode_ == Mode::kStartup || mode_ == Mode::kMeasure) {
    empty_at_ = now_;
    before_dark_ = described_.certain ? described_.units : 0;
  }
  // Again so soon: it is not dark, but far slower than was thought.
  if (light_at_ > 0 && now_ - light_at_ < rules::kDarkAgain) before_dark_ *= rules::kLeastCut;
  mode_ = Mode::kDark;
  dark_since_ = now_;
  between_tries_ = rules::kFirstTry;
  next_try_ = now_ + between_tries_;
  return true;
}

void CapacityBound::OnLight() {
  light_at_ = now_;
  if (before_dark_ <= 0) {
    mode_ = Mode::kMeasure;
    rate_ = level_ = 0;
    window_ = rules::kFullRequest;
    next_try_ = now_;
    SetDry();
    return;
  }
  mode_ = Mode::kCruise;
  rate_ = std::max(0.1 * before_dark_, rules::kLeastRate);
  recovers_ = before_dark_;
  clean_ = 0;
  stepped_ = now_;
  budget_ = std::max(budget_, 0.0);
  level_ = 0;
  SetCut();
  bank_ = before_dark_ * std::min(rules::kSaves, now_ - dark_since_);  // at the most
}

}  // namespace ddb
