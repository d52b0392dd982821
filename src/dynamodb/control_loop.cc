#include "dynamodb/control_loop.h"

#include <utility>

namespace ddb {

void ScopedLoop::After(Duration delay, std::function<void()> fn) {
  loop_.After(delay, [alive = std::weak_ptr<bool>(alive_), call = std::move(fn)] {
    if (!alive.expired()) call();
  });
}

void EventControlLoop::After(Duration delay, std::function<void()> fn) {
  const uint64_t id = next_id_++;
  EventLoop::Timer& timer = timers_.try_emplace(id, loop_).first->second;
  timer.Start(clock_.Now() + delay, [this, id, call = std::move(fn)] {
    // This function lives on while it runs (the timer gave it away), but the timer's entry can go.
    timers_.erase(id);
    call();
  });
}

}  // namespace ddb
