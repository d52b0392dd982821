// Alarm: the one thing that delivery asks of the loop that it runs on: to be called at an instant. The real
// one is a timer of the worker's EventLoop; under a simulated clock, a simulation has its own. Loop thread
// only.
#pragma once

#include <functional>
#include <utility>

#include "base/clock.h"
#include "base/event_loop.h"

namespace ddb {

class Alarm {
 public:
  virtual ~Alarm() = default;
  // Runs `fn` once, in a later turn, at `when` or soon after. Replaces what was set before.
  virtual void Set(Instant when, std::function<void()> fn) = 0;
};

class LoopAlarm final : public Alarm {
 public:
  explicit LoopAlarm(EventLoop& loop) : timer_(loop) {}
  void Set(Instant when, std::function<void()> fn) override { timer_.Start(when, std::move(fn)); }

 private:
  EventLoop::Timer timer_;
};

}  // namespace ddb
