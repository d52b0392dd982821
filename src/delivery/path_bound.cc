#include "delivery/path_bound.h"

#include <algorithm>
#include <utility>

namespace ddb {
namespace {

using std::chrono::seconds;

// A queue of this many seconds harms nobody, and covers the turns of our own loops.
constexpr double kLeastLatency = 0.020;
// A round this many times as late as an empty line's has a queue ...
constexpr double kQueued = 1.4;
// ... which stands when it is this long for kStandingRounds, or at once when it is much longer.
constexpr double kStanding = 2;
constexpr int kStandingRounds = 3;
constexpr double kCollapsing = 3;
// How far above what the line holds the window goes, and how fast it moves a round.
constexpr double kAbove = 1.15;
constexpr double kUp = 1.1;
constexpr double kDown = 0.8;
// Startup: the window grows by this many times what is answered, to this many times what the line holds. It
// is over when the rate grew less than kGrowth in each of kFlatRounds.
constexpr size_t kStartupStep = 3;
constexpr double kStartupAbove = 2;
constexpr double kGrowth = 1.25;
constexpr int kFlatRounds = 3;
// At the borders of the clock's slots, processes that share a machine's line let it run empty at one moment:
// each alone would find the others' queue.
constexpr int64_t kSlotSeconds = 10;
constexpr Duration kBetweenProbes = seconds(2);
// What is in flight never takes longer than this many seconds: a third of a request's deadline.
constexpr double kLongest = 10;
// The bodies of all workers together take this many seconds of the line at the most.
constexpr double kBodySeconds = 0.5;
constexpr size_t kMeasured = 64 << 10;  // bytes in flight
constexpr size_t kQuantile = 4;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

int64_t SlotOf(Instant now) {
  return std::chrono::duration_cast<seconds>(now.time_since_epoch()).count() / kSlotSeconds;
}

}  // namespace

PathBound::PathBound(size_t workers)
    : workers_(workers), first_body_(std::clamp<size_t>(kFirstBodies / workers, 256 << 10, 1 << 20)) {}

double PathBound::Latency() const {
  return latency_ == kUnknown ? kLeastLatency : std::max(latency_, kLeastLatency);
}

size_t PathBound::body_limit() const {
  const double known = rate_ * kBodySeconds / static_cast<double>(workers_);
  return std::max(measured_ ? kLeastBody : first_body_, static_cast<size_t>(known));
}

PathBound::Ticket PathBound::Send(size_t bytes, Instant now) {
  // The time in which nothing was in flight is not the line's.
  if (requests_ == 0) delivered_at_ = first_sent_ = now;
  ++requests_;
  in_flight_ += bytes;
  reached_ = in_flight_;
  last_event_ = now;
  return {now, bytes, delivered_, delivered_at_, first_sent_};
}

void PathBound::OnEnd(const Ticket& ticket, Outcome outcome, Instant now) {
  const bool full = reached_ >= window_;
  --requests_;
  in_flight_ -= ticket.bytes;
  if (outcome == Outcome::kTimeout) OnTimeout(ticket, now);
  if (outcome != Outcome::kAnswered && outcome != Outcome::kRefused) return;
  last_event_ = heard_ = now;
  if (outcome == Outcome::kAnswered) OnAnswer(ticket, full, now);
}

void PathBound::OnAnswer(const Ticket& ticket, bool full, Instant now) {
  const double latency = std::max(Seconds(now - ticket.at), 1e-5);
  measured_ = measured_ || (full && reached_ >= kMeasured);
  LearnRate(ticket, latency, full, now);
  slot_.full |= full;
  now_round_.largest = std::max(now_round_.largest, ticket.bytes);
  now_round_.full |= full;
  if (mode_ == Mode::kProbe) {
    LearnProbe(ticket, latency, now);
    return;
  }
  if (mode_ == Mode::kStartup && full) GrowAtStart(ticket.bytes);
  latencies_.push_back(latency);
  if (ticket.delivered >= now_round_.delivered) EndRound(now);
  TurnSlot(now);
}

void PathBound::LearnRate(const Ticket& ticket, double latency, bool full, Instant now) {
  delivered_ += ticket.bytes;
  delivered_at_ = now;
  first_sent_ = std::max(first_sent_, ticket.at);
  // Bodies that share the line can end together: what then comes at once had been sent over a longer time.
  const double took =
      std::max({Seconds(now - ticket.delivered_at), Seconds(ticket.at - ticket.first_sent), latency});
  const double rate = static_cast<double>(delivered_ - ticket.delivered) / took;
  if (rate <= rate_ && (!full || mode_ == Mode::kProbe)) return;
  double& best = rates_[round_ % kRounds];
  best = std::max(best, rate);
  rate_ = std::max(rate_, rate);
}

void PathBound::SetRate(double rate) {
  rates_.fill(0);
  rates_[round_ % kRounds] = rate_ = rate;
}

void PathBound::GrowAtStart(size_t bytes) {
  const double most = std::min(kStartupAbove * LineHolds() + static_cast<double>(bytes), kLongest * rate_);
  window_ = std::max(window_, std::min(window_ + kStartupStep * bytes, static_cast<size_t>(most)));
}

// Of the latencies collected, where the quicker quarter ends: the least of them would be the one that a queue
// let pass by luck, the middle one may be a handshake's.
double PathBound::TypicalLatency() {
  const auto at = latencies_.begin() + static_cast<ptrdiff_t>((latencies_.size() - 1) / kQuantile);
  std::nth_element(latencies_.begin(), at, latencies_.end());
  return *at;
}

void PathBound::BeginRound(Instant now) {
  now_round_ = Round();
  now_round_.delivered = delivered_;
  now_round_.began = now;
}

void PathBound::EndRound(Instant now) {
  const Round round = now_round_;
  BeginRound(now);
  // At the start every other request is on a new connection.
  const double latency =
      mode_ == Mode::kStartup ? *std::min_element(latencies_.begin(), latencies_.end()) : TypicalLatency();
  latencies_.clear();
  latency_ = std::min(latency_, latency);
  slot_.latency = std::min(slot_.latency, latency);
  // A round that was not full ages nothing, and moves nothing.
  if (!round.full) {
    standing_rounds_ = 0;
    return;
  }
  rate_ = *std::max_element(rates_.begin(), rates_.end());
  rates_[++round_ % kRounds] = 0;
  const double own = static_cast<double>(round.largest) / rate_;
  standing_rounds_ = latency > kStanding * Latency() + 2 * own ? standing_rounds_ + 1 : 0;
  const bool collapsing = latency > kCollapsing * Latency() + 2 * own;
  if ((collapsing || standing_rounds_ >= kStandingRounds) && now - probe_.began > kBetweenProbes) {
    // Too much was in flight for the line, or the line (or the service) is farther than it was. What was
    // delivered with a queue standing is what the line carries, in either case.
    BeginProbe(now, static_cast<double>(delivered_ - round.delivered) / Seconds(now - round.began));
    return;
  }
  FollowRound(latency > kQueued * Latency() + own);
}

void PathBound::FollowRound(bool queued) {
  double window = static_cast<double>(window_);
  if (mode_ == Mode::kStartup) {
    flat_rounds_ = rate_ < kGrowth * startup_rate_ ? flat_rounds_ + 1 : 0;
    if (flat_rounds_ == 0) startup_rate_ = rate_;
    if (!queued && flat_rounds_ < kFlatRounds) return;
    mode_ = Mode::kCruise;
    window = std::min(window, kAbove * LineHolds());
  } else if (queued) {
    window = std::max(kDown * window, kAbove * LineHolds());
  } else {
    window = std::max(kUp * window, kAbove * LineHolds());
  }
  window_ = static_cast<size_t>(std::min(window, kLongest * rate_));
}

// A slot that never saw the latency of an empty line, though the window was the limit, leaves two
// explanations; the next one finds out.
void PathBound::TurnSlot(Instant now) {
  const int64_t number = SlotOf(now);
  if (number == slot_.number) return;
  const Slot slot = std::exchange(slot_, Slot());
  slot_.number = number;
  const bool unseen = std::max(slot.latency, kLeastLatency) > kQueued * Latency();
  if (slot.full && unseen && mode_ == Mode::kCruise) BeginProbe(now, 0);
}

void PathBound::BeginProbe(Instant now, double rate) {
  mode_ = Mode::kProbe;
  probe_ = Probe();
  probe_.began = now;
  probe_.rate = rate;
  latencies_.clear();
  window_ = static_cast<size_t>(0.5 * (rate > 0 ? rate : rate_) * Latency());
}

void PathBound::LearnProbe(const Ticket& ticket, double latency, Instant now) {
  if (!probe_.drained) {
    if (in_flight_ <= window_ || requests_ <= workers_) probe_.drained = now;
    return;
  }
  if (ticket.at < *probe_.drained) return;
  latencies_.push_back(latency);
  if (!probe_.answered) probe_.answered = now;
  if (ticket.at < *probe_.answered) return;  // the first ones all left at once
  const double found = TypicalLatency();
  const bool farther = std::max(found, kLeastLatency) > kStanding * Latency();
  latency_ = slot_.latency = found;
  if (probe_.rate > 0) SetRate(probe_.rate);
  mode_ = farther ? Mode::kStartup : Mode::kCruise;
  window_ = static_cast<size_t>(LineHolds());
  startup_rate_ = 0;
  flat_rounds_ = standing_rounds_ = 0;
  latencies_.clear();
  BeginRound(now);
}

void PathBound::OnTimeout(const Ticket& ticket, Instant now) {
  first_body_ = std::max(kLeastBody, first_body_ / 2);
  if (ticket.at < cut_at_) return;  // once for all that were in flight together
  cut_at_ = now;
  startup_rate_ = 0;
  flat_rounds_ = 0;
  if (now - heard_ > (now - ticket.at) / 4 * 3) {
    // Hardly a word since it left: what was known of the line is void. One at a time, until one comes back.
    mode_ = Mode::kStartup;
    SetRate(0);
    window_ = 0;
    return;
  }
  if (mode_ == Mode::kStartup) mode_ = Mode::kCruise;
  SetRate(rate_ / 2);
  window_ /= 2;
}

}  // namespace ddb
