// ControlLoop: the time and the turns of the control plane, so that its waits of minutes are tested in no
// time. The real one stands on an EventLoop. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/event_loop.h"

namespace ddb {

class ControlLoop {
 public:
  virtual ~ControlLoop() = default;
  virtual Instant Now() const = 0;
  // Runs `fn` in a later turn, unless this ControlLoop is gone by then.
  virtual void After(Duration delay, std::function<void()> fn) = 0;
  virtual void Run() = 0;  // until Stop
  virtual void Stop() = 0;
};

// The same loop for the length of one task: what was asked of it with After is forgotten when it goes, so
// that coroutines that still wait can be destroyed before it.
class ScopedLoop final : public ControlLoop {
 public:
  explicit ScopedLoop(ControlLoop& loop) : loop_(loop) {}
  Instant Now() const override { return loop_.Now(); }
  void After(Duration delay, std::function<void()> fn) override;
  void Run() override { loop_.Run(); }
  void Stop() override { loop_.Stop(); }

 private:
  ControlLoop& loop_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class EventControlLoop final : public ControlLoop {
 public:
  EventControlLoop(EventLoop& loop, const Clock& clock) : loop_(loop), clock_(clock) {}
  Instant Now() const override { return clock_.Now(); }
  void After(Duration delay, std::function<void()> fn) override;
  void Run() override { loop_.Run(); }
  void Stop() override { loop_.Stop(); }

 private:
  EventLoop& loop_;
  const Clock& clock_;
  uint64_t next_id_ = 0;
  std::map<uint64_t, EventLoop::Timer> timers_;
};

}  // namespace ddb
