// PathBound: how many bytes a run keeps in flight: as many as the line to the endpoint holds, and no more.
//
// A line that is slower than the data looks, by its latency alone, like one that is far away: every request
// waits behind the others. Who answers that with more requests makes them wait longer, until all outlast
// their deadline and nothing is stored any more. So the bound is what a line holds, its delivery rate times
// the latency that it has without a queue of ours; to learn that latency, the line is now and then let run
// empty.
//
// A pure state machine: events and their time go in, how many bytes may be in flight comes out. One for all
// workers, since they share the line, and each for itself would take the others' queue for distance.
// FlowControl owns it and locks. Why these rules, and what they measure: docs/decisions/0011-path-bound.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace ddb {

class PathBound {
 public:
  // Bodies, in bytes: the largest ones of all workers together while no rate is known, and what may always be
  // sent in one.
  static constexpr size_t kFirstWindow = 32 << 10;  // bytes in flight, until something is known
  static constexpr size_t kFirstBodies = 4 << 20;
  static constexpr size_t kLeastBody = 16 << 10;

  explicit PathBound(size_t workers);

  // Whether one more request may leave. (The first of each worker leaves without asking.)
  bool open() const { return in_flight_ < window_; }
  size_t window() const { return window_; }        // bytes
  size_t in_flight() const { return in_flight_; }  // bytes
  // Requests of several items are to be no larger than this, or one of them holds the line for too long.
  size_t body_limit() const;
  Instant last_event() const { return last_event_; }  // a request that left, or a reply

  // A request in flight, and what had been delivered when it left.
  struct Ticket {
    Instant at;
    size_t bytes = 0;
    uint64_t delivered = 0;
    Instant delivered_at;
    Instant first_sent;  // when that which had been delivered last was sent
  };
  Ticket Send(size_t bytes, Instant now);

  enum class Outcome {
    kAnswered,  // the work was done
    kRefused,   // answered without it: says nothing of how long work takes
    kTimeout,   // no answer, or no connection, in time
    kLost,      // the connection broke, or was refused
  };
  void OnEnd(const Ticket& ticket, Outcome outcome, Instant now);

 private:
  enum class Mode {
    kStartup,  // the window grows with each reply, until a queue shows or the rate stays
    kCruise,   // it follows what the line holds, a little above
    kProbe,    // the line is let run empty
  };
  static constexpr size_t kRounds = 10;  // that the rate is the best of
  static constexpr double kUnknown = std::numeric_limits<double>::max();

  void OnAnswer(const Ticket& ticket, bool full, Instant now);
  void OnTimeout(const Ticket& ticket, Instant now);
  void LearnRate(const Ticket& ticket, double latency, bool full, Instant now);
  void GrowAtStart(size_t bytes);
  void BeginRound(Instant now);
  void EndRound(Instant now);
  void FollowRound(bool queued);
  void TurnSlot(Instant now);
  void BeginProbe(Instant now, double rate);
  void LearnProbe(const Ticket& ticket, double latency, Instant now);
  void SetRate(double rate);
  double TypicalLatency();
  double Latency() const;
  double LineHolds() const { return rate_ * Latency(); }  // bytes

  const size_t workers_;
  Mode mode_ = Mode::kStartup;
  size_t window_ = kFirstWindow;  // bytes
  size_t requests_ = 0;           // in flight
  size_t in_flight_ = 0;          // bytes
  size_t reached_ = 0;            // what was in flight when a request left last: was the window the limit?
  Instant last_event_;

  // Delivery, in bytes a second. A sample counts when the window was full, or when it is better than all:
  // what nobody wanted to send says nothing of the line.
  uint64_t delivered_ = 0;  // bytes
  Instant delivered_at_;
  Instant first_sent_;
  std::array<double, kRounds> rates_{};  // the best of each of the last rounds that were full
  size_t round_ = 0;
  double rate_ = 0;        // the best of them
  bool measured_ = false;  // with enough in flight to know a slow line by
  size_t first_body_;

  // A round lasts from a reply to the first reply of what was sent after it.
  struct Round {
    uint64_t delivered = 0;  // when it began
    Instant began;
    size_t largest = 0;  // body
    bool full = false;   // at some time
  } now_round_;
  std::vector<double> latencies_;  // of the round, or of the probe, s
  double startup_rate_ = 0;        // that startup compares with
  int flat_rounds_ = 0;
  int standing_rounds_ = 0;  // in a row, with a queue that does not go away

  double latency_ = kUnknown;  // of a line without a queue, s
  struct Slot {                // of the clock
    int64_t number = 0;
    double latency = kUnknown;  // the least of its rounds, s
    bool full = false;
  } slot_;
  struct Probe {
    Instant began;
    std::optional<Instant> drained;
    std::optional<Instant> answered;  // the first of what was sent after that
    double rate = 0;                  // to go on with; 0: the one there is
  } probe_;

  Instant heard_;   // the last reply of any kind
  Instant cut_at_;  // what was sent before it has had its time-out
};

}  // namespace ddb
