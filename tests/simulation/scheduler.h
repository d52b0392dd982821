// Scheduler: virtual time, and who goes on next. All event loops of a run, whichever threads they would have,
// take their turns on the one thread there is; which of them is next, and how far it comes, the seed draws.
// Where a thread of the program would wait (EventLoop::Run, CondVar), everything else goes on: a step at a
// time, until what it waits for is there. Time passes only when nobody can go on, and as a turn takes it.
//
// One run at a time: event_loop_sim.cc finds the one there is. It is also what a broken invariant is told:
// the first ends the run, at the next step.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "simulation/dice.h"

namespace ddb::simulation {

// A broken invariant: its name, by which a smaller plan is known to show the same, and what was seen.
struct Violation : std::runtime_error {
  Violation(std::string invariant_in, const std::string& what)
      : std::runtime_error(what), invariant(std::move(invariant_in)) {}
  std::string invariant;
};

// A wait on a descriptor: what EventLoop::Watch holds.
struct Wait {
  int fd = -1;
  std::function<void()> readable, writable, broken;
};

// What an EventLoop holds.
struct Loop {
  int number = 0;  // in the order of their making
  bool running = false;
  bool stop = false;
  std::deque<std::function<void()>> ready;
  std::vector<std::function<void()>> end_of_turn;
  std::vector<Wait*> waits;
  bool has_descriptor = false;  // one that is ready, by the last look

  bool CanTurn() const {
    return running && !stop && (!ready.empty() || !end_of_turn.empty() || has_descriptor);
  }
};

class Scheduler final : public Clock {
 public:
  struct Options {
    uint64_t seed = 1;
    Duration turn{};        // the longest that a turn takes
    Duration ends_after{};  // virtual time: a run that goes on for longer hangs
  };
  explicit Scheduler(const Options& options);
  ~Scheduler() override;

  static Scheduler& Current();

  // Clock
  Instant Now() const override { return now_; }
  int64_t WallMillis() const override;
  double Seconds() const;  // since the start

  void At(Instant when, std::function<void()> fn);
  // Lets one thing happen that happens before `until`, or, if there is none, time pass up to it. Throws the
  // violation that was found.
  void Step(std::optional<Instant> until = std::nullopt);
  // After each turn and event, before anything else happens.
  void OnStep(std::function<void()> fn) { on_step_ = std::move(fn); }

  void Add(Loop& loop);
  void Remove(Loop& loop);
  size_t loops() const { return loops_.size(); }

  void FillWithEntropy(void* out, size_t size);

  // The run is to end: an invariant is broken. The first one counts.
  void Fail(std::string invariant, std::string what);
  bool failed() const { return violation_.has_value(); }
  const std::optional<Violation>& violation() const { return violation_; }

  // Goes into the trace's hash, and, with a listener, is told.
  void Trace(std::string_view what, uint64_t value);
  void ListenTo(std::function<void(const std::string& line)> listener) { listener_ = std::move(listener); }
  uint64_t trace_hash() const { return hash_; }
  uint64_t steps() const { return steps_; }

 private:
  struct Event {
    Instant when;
    uint64_t tie;
    uint64_t number;
    std::function<void()> fn;
    bool operator<(const Event& other) const {  // of the heap: the first is the greatest
      if (when != other.when) return when > other.when;
      if (tie != other.tie) return tie > other.tie;
      return number > other.number;
    }
  };
  void LookAtDescriptors();
  void Turn(Loop& loop);
  void RunReadyDescriptors(Loop& loop);
  void RunNextEvent();
  void GuardAgainstHangs();

  const Options options_;
  Instant now_;
  Dice turns_;
  Dice ties_;
  Dice entropy_;
  std::vector<Loop*> loops_;
  int next_loop_ = 0;
  std::vector<Event> events_;  // a heap
  uint64_t next_event_ = 0;
  std::function<void()> on_step_;
  std::optional<Violation> violation_;
  bool thrown_ = false;
  uint64_t steps_ = 0;
  uint64_t steps_at_one_instant_ = 0;
  uint64_t hash_ = 0;
  std::function<void(const std::string&)> listener_;
};

}  // namespace ddb::simulation
