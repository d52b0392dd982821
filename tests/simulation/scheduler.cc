#include "simulation/scheduler.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace ddb::simulation {
namespace {

Scheduler* current = nullptr;

constexpr Instant kStart{std::chrono::hours(1)};
constexpr int64_t kWallAtStart = 1'790'000'000'000;
// With turns that take no time, a run that goes on for ever stands still.
constexpr uint64_t kMostStepsAtOneInstant = 200'000;
constexpr uint64_t kMostSteps = 20'000'000;
// Workers that wait for room look again every few milliseconds, through hours of a slow table.
constexpr double kMostStepsASecond = 5'000;

constexpr short kFailed = POLLERR | POLLHUP | POLLNVAL;

short Asked(const Wait& wait) {
  return static_cast<short>((wait.readable ? POLLIN : 0) | (wait.writable ? POLLOUT : 0));
}
bool IsReady(const Wait& wait, short events) {
  const bool failed = (events & kFailed) != 0;
  if (Asked(wait) == 0) return failed && wait.broken != nullptr;
  return failed || (events & Asked(wait)) != 0;
}
short Look(const Wait& wait) {
  pollfd look{wait.fd, Asked(wait), 0};
  return poll(&look, 1, 0) > 0 ? look.revents : short{0};
}

}  // namespace

Scheduler::Scheduler(const Options& options)
    : options_(options),
      now_(kStart),
      turns_(options.seed, Draw::kTurn),
      ties_(options.seed, Draw::kTie),
      entropy_(options.seed, Draw::kEntropy) {
  current = this;
}

Scheduler::~Scheduler() { current = nullptr; }

Scheduler& Scheduler::Current() {
  if (current == nullptr) throw std::logic_error("a loop outside of a simulated run");
  return *current;
}

int64_t Scheduler::WallMillis() const {
  return kWallAtStart + std::chrono::duration_cast<std::chrono::milliseconds>(now_ - kStart).count();
}

double Scheduler::Seconds() const { return std::chrono::duration<double>(now_ - kStart).count(); }

void Scheduler::At(Instant when, std::function<void()> fn) {
  events_.push_back({std::max(when, now_), ties_.Next(), next_event_++, std::move(fn)});
  std::push_heap(events_.begin(), events_.end());
}

void Scheduler::Add(Loop& loop) {
  loop.number = next_loop_++;
  loops_.push_back(&loop);
}

void Scheduler::Remove(Loop& loop) { std::erase(loops_, &loop); }

void Scheduler::Step(std::optional<Instant> until) {
  if (violation_) {
    if (std::exchange(thrown_, true)) return;  // whoever waits while all of it goes
    throw *violation_;
  }
  GuardAgainstHangs();
  LookAtDescriptors();
  std::vector<Loop*> able;
  for (Loop* loop : loops_) {
    if (loop->CanTurn()) able.push_back(loop);
  }
  const bool due = !events_.empty() && events_.front().when <= now_;
  const size_t choices = able.size() + (due ? 1 : 0);
  if (choices > 0) {
    const size_t choice = choices > 1 ? turns_.Below(choices) : 0;
    choice < able.size() ? Turn(*able[choice]) : RunNextEvent();
  } else if (events_.empty() || (until && events_.front().when > *until)) {
    if (!until) Fail("hang", "everybody waits, and nothing is left to happen");
    now_ = std::max(now_, until.value_or(now_));
    steps_at_one_instant_ = 0;
  } else {
    now_ = events_.front().when;
    steps_at_one_instant_ = 0;
    RunNextEvent();
  }
  if (on_step_) on_step_();
}

void Scheduler::GuardAgainstHangs() {
  ++steps_;
  if (++steps_at_one_instant_ > kMostStepsAtOneInstant) Fail("livelock", "turns go on and on at one instant");
  if (static_cast<double>(steps_) > kMostSteps + kMostStepsASecond * Seconds())
    Fail("livelock", "turns go on and on");
  if (now_ - kStart > options_.ends_after) Fail("hang", "it goes on after all that it waits for has passed");
}

// Pipes are real, so that what reads and writes them is, too; only the run itself and its Source and Reader
// touch them.
void Scheduler::LookAtDescriptors() {
  for (Loop* loop : loops_) {
    loop->has_descriptor = false;
    if (!loop->running || loop->stop) continue;
    for (const Wait* wait : loop->waits) {
      if (!wait->readable && !wait->writable && !wait->broken) continue;
      loop->has_descriptor = loop->has_descriptor || IsReady(*wait, Look(*wait));
    }
  }
}

// Mostly all that is ready; sometimes less, as if the rest had come a moment later.
void Scheduler::Turn(Loop& loop) {
  Trace("turn", static_cast<uint64_t>(loop.number));
  const bool descriptors_first = turns_.Below(2) == 0;
  if (descriptors_first) RunReadyDescriptors(loop);
  size_t count = loop.ready.size();
  if (count > 1 && turns_.Below(4) == 0) count = 1 + turns_.Below(count);
  for (; count > 0 && !loop.stop && !loop.ready.empty(); --count) {
    const std::function<void()> fn = std::move(loop.ready.front());
    loop.ready.pop_front();
    fn();
  }
  if (!descriptors_first) RunReadyDescriptors(loop);
  if (!loop.stop) {
    for (const auto& fn : std::exchange(loop.end_of_turn, {})) fn();
  }
  if (options_.turn > Duration{}) {
    now_ += Duration(static_cast<Duration::rep>(turns_.Below(static_cast<uint64_t>(options_.turn.count()))));
    steps_at_one_instant_ = 0;
  }
}

void Scheduler::RunReadyDescriptors(Loop& loop) {
  if (!std::exchange(loop.has_descriptor, false)) return;
  for (Wait* wait : std::vector<Wait*>(loop.waits)) {
    const auto there = [&] {
      return !loop.stop && std::count(loop.waits.begin(), loop.waits.end(), wait) > 0;
    };
    if (!there()) continue;
    const short events = Look(*wait);
    if (!IsReady(*wait, events)) continue;
    const bool failed = (events & kFailed) != 0;
    if (Asked(*wait) == 0) {
      if (const auto fn = std::exchange(wait->broken, nullptr)) fn();
      continue;
    }
    if (wait->readable && (failed || (events & POLLIN) != 0)) std::exchange(wait->readable, nullptr)();
    if (!there()) continue;
    if (wait->writable && (failed || (events & POLLOUT) != 0)) std::exchange(wait->writable, nullptr)();
  }
}

void Scheduler::RunNextEvent() {
  std::pop_heap(events_.begin(), events_.end());
  const std::function<void()> fn = std::move(events_.back().fn);
  events_.pop_back();
  fn();
}

void Scheduler::FillWithEntropy(void* out, size_t size) {
  char* to = static_cast<char*>(out);
  while (size > 0) {
    const uint64_t word = entropy_.Next();
    const size_t part = std::min(size, sizeof word);
    std::memcpy(to, &word, part);
    to += part;
    size -= part;
  }
}

void Scheduler::Fail(std::string invariant, std::string what) {
  if (violation_) return;
  violation_.emplace(std::move(invariant), what);
  if (listener_) listener_("VIOLATION " + what);
}

void Scheduler::Trace(std::string_view what, uint64_t value) {
  const auto at = static_cast<uint64_t>(now_.time_since_epoch().count());
  uint64_t state = hash_ ^ at;
  state = SplitMix(state) ^ value;
  state = SplitMix(state) ^ std::hash<std::string_view>()(what);
  hash_ = SplitMix(state);
  if (listener_) listener_(fmt::format("{:12.6f} {} {:x}", Seconds(), what, value));
}

}  // namespace ddb::simulation
