#include "delivery/write_gate.h"

#include <algorithm>

#include "base/times.h"
#include "delivery/capacity_rules.h"

namespace ddb {
namespace {

// For so long after the cap last held something back.
constexpr Duration kCappedFor = std::chrono::seconds(10);
constexpr double kLearns = 0.1;  // of what the last reply says
constexpr double kLeastFactor = 0.25;
constexpr double kMostFactor = 400;  // every item replaces one of the largest

}  // namespace

void WriteGate::Describe(const CapacityBound::Description& description, Instant now) {
  MutexLock lock(mu_);
  bound_.Describe(description, now);
  SetCap(description.units);
}

void WriteGate::Limit(const WriteLimit& limit) {
  MutexLock lock(mu_);
  limit_ = limit;
  SetCap(/*described=*/0);
}

void WriteGate::SetCap(double described) {
  if (!limit_.is_set()) return;
  const double units = limit_.units > 0 ? limit_.units : limit_.percent / 100 * described;
  cap_.Set(units > 0 ? std::max(1.0, units) : 0);
}

// Whoever waits asks again and again: the time between two times that it was told to wait. Threads may come
// in another order than their times.
void WriteGate::Count(std::optional<Instant>& last, Duration& total, Instant now) {
  if (last && now - *last <= kForgotten) total += std::max(now - *last, Duration::zero());
  last = std::max(last.value_or(now), now);
}

WriteGate::Spent WriteGate::spent() const {
  MutexLock lock(mu_);
  return spent_;
}

WriteGate::Answer WriteGate::TrySend(const Wanted& wanted, Instant now) {
  MutexLock lock(mu_);
  const double units = factor_ * wanted.units;
  Queue& waiting = wanted.hot ? OfHot().waiting : waiting_;
  if (wanted.worker >= waiting.size()) waiting.resize(wanted.worker + 1);
  Waiting& own = waiting[wanted.worker];
  double ahead = 0;
  for (const Waiting& other : waiting) {
    if (&other == &own || !other.oldest || *other.oldest >= wanted.oldest) continue;
    if (now - other.asked <= kForgotten) ahead += other.units;
  }
  if (!cap_.MaySend(ahead, now)) {
    own = {wanted.oldest, now, units};
    Count(capped_, spent_.capped, now);
    return {std::nullopt, std::min(cap_.Wait(ahead), kAsksAgain), true};
  }
  if (wanted.hot ? !OfHot().pace.MaySend(ahead, now) : !bound_.MaySend(units, ahead, now)) {
    own = {wanted.oldest, now, units};
    const bool limits = wanted.hot || bound_.limits();
    if (limits) Count(held_back_, spent_.held_back, now);
    return {std::nullopt,
            wanted.hot ? std::min(OfHot().pace.Wait(ahead), kAsksAgain) : bound_.Wait(ahead + units), limits};
  }
  own.oldest.reset();
  wanted.hot ? OfHot().pace.Send(units) : bound_.Send(units, now);
  cap_.Take(units);
  return {units, {}, false};
}

double WriteGate::SendAnyway(double units, Instant now) {
  MutexLock lock(mu_);
  units *= factor_;
  bound_.Send(units, now);
  cap_.Take(units);
  return units;
}

void WriteGate::Hurry() {
  MutexLock lock(mu_);
  bound_.Hurry();
  if (hot_) hot_->pace.Hurry();
}

void WriteGate::Withdraw(size_t worker, bool hot) {
  MutexLock lock(mu_);
  Queue& waiting = hot ? OfHot().waiting : waiting_;
  if (worker < waiting.size()) waiting[worker].oldest.reset();
}

WriteGate::Limits WriteGate::LimitsOfRequest(bool hot) const {
  MutexLock lock(mu_);
  double units = hot ? (hot_ ? hot_->pace : HotPace()).request_units() : bound_.request_units();
  if (cap_.is_set()) units = std::min(units, std::max(1.0, capacity_rules::kRequestSeconds * cap_.rate()));
  return {units / factor_, !hot && bound_.dark()};
}

void WriteGate::OnReply(const Reply& reply, Instant now) {
  MutexLock lock(mu_);
  if (reply.consumed && reply.stored > 0) {
    const double seen = std::clamp(*reply.consumed / reply.stored, kLeastFactor, kMostFactor);
    factor_ += kLearns * (seen - factor_);
  }
  if (reply.refused > 0) refused_ = now;
  CapacityBound::Reply counted;
  counted.sent = reply.sent;
  counted.units = reply.units;
  counted.stored = reply.consumed.value_or(factor_ * reply.stored);
  counted.refused = factor_ * reply.refused;
  counted.items = reply.items;
  spent_.units += counted.stored;
  cap_.GiveBack(reply.units - counted.stored);
  if (reply.hot) {
    OfHot().pace.OnReply(reply.sent, reply.units, counted.refused, reply.items, now);
    // What it takes the table has spent, too.
    counted.units = counted.stored;
    bound_.Send(counted.units, now);
  }
  // What a partition refuses says nothing of the table.
  if (reply.of_partition) counted.refused = 0;
  bound_.OnReply(counted, now);
}

void WriteGate::OnUnknown(double units, bool hot) {
  MutexLock lock(mu_);
  if (!hot) bound_.OnUnknown(units);
}

bool WriteGate::LimitedLately(Instant now) const {
  MutexLock lock(mu_);
  if (limit_.percent > 0 && capped_ && now - *capped_ < kCappedFor) return true;
  return bound_.LimitedLately(now);
}

WriteGate::Look WriteGate::LookAt(Instant now) const {
  MutexLock lock(mu_);
  return {bound_.rate(),   cap_.rate(),   factor_,
          bound_.limits(), bound_.dark(), refused_ && now - *refused_ < times::kThrottledFor};
}

}  // namespace ddb
