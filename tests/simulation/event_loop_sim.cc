// What is linked in place of base/event_loop.cc, loop_thread.cc, mutex.cc and entropy.cc: the same contracts,
// on the Scheduler's time and turns.
#include <algorithm>
#include <utility>

#include "base/entropy.h"
#include "base/event_loop.h"
#include "base/loop_thread.h"
#include "base/mutex.h"
#include "simulation/scheduler.h"

namespace ddb {

using simulation::Scheduler;

// ---- EventLoop

struct EventLoop::Impl {
  Impl() { Scheduler::Current().Add(loop); }
  ~Impl() { Scheduler::Current().Remove(loop); }
  simulation::Loop loop;
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::Run() {
  simulation::Loop& loop = impl_->loop;
  loop.running = true;
  while (!loop.stop) Scheduler::Current().Step();
  loop.running = false;
  loop.stop = false;
}

void EventLoop::Stop() { impl_->loop.stop = true; }
void EventLoop::Post(Function fn) { impl_->loop.ready.push_back(std::move(fn)); }
void EventLoop::AtEndOfTurn(Function fn) { impl_->loop.end_of_turn.push_back(std::move(fn)); }

// The loop outlives it, and what is ready in the loop finds out whether it was set anew or is gone.
struct EventLoop::Timer::Impl {
  explicit Impl(simulation::Loop& loop_in) : loop(loop_in) {}
  simulation::Loop& loop;
  uint64_t ticket = 0;
  Function fn;
};

EventLoop::Timer::Timer(EventLoop& loop) : impl_(std::make_shared<Impl>(loop.impl_->loop)) {}
EventLoop::Timer::~Timer() { Cancel(); }

void EventLoop::Timer::Start(Instant when, Function fn) {
  const uint64_t ticket = ++impl_->ticket;
  impl_->fn = std::move(fn);
  Scheduler::Current().At(when, [timer = std::weak_ptr<Impl>(impl_), ticket] {
    const std::shared_ptr<Impl> due = timer.lock();
    if (!due || due->ticket != ticket) return;
    due->loop.ready.push_back([timer, ticket] {
      const std::shared_ptr<Impl> still = timer.lock();
      if (!still || still->ticket != ticket) return;
      ++still->ticket;
      std::exchange(still->fn, nullptr)();  // it may start or destroy this timer
    });
  });
}

void EventLoop::Timer::StartAfter(Duration delay, Function fn) {
  Start(Scheduler::Current().Now() + delay, std::move(fn));
}

void EventLoop::Timer::Cancel() {
  ++impl_->ticket;
  impl_->fn = nullptr;
}

struct EventLoop::Watch::Impl {
  Impl(simulation::Loop& loop_in, int fd) : loop(loop_in) {
    wait.fd = fd;
    loop.waits.push_back(&wait);
  }
  ~Impl() { std::erase(loop.waits, &wait); }
  simulation::Loop& loop;
  simulation::Wait wait;
};

EventLoop::Watch::Watch(EventLoop& loop, int fd) : impl_(new Impl(loop.impl_->loop, fd)) {}
EventLoop::Watch::~Watch() = default;
void EventLoop::Watch::WhenReadable(Function fn) { impl_->wait.readable = std::move(fn); }
void EventLoop::Watch::WhenWritable(Function fn) { impl_->wait.writable = std::move(fn); }
void EventLoop::Watch::WhenBroken(Function fn) { impl_->wait.broken = std::move(fn); }
void EventLoop::Watch::Cancel() {
  impl_->wait.readable = impl_->wait.writable = impl_->wait.broken = nullptr;
}

// ---- LoopThread: its loop takes turns

void LoopThread::Start() { loop_.impl_->loop.running = true; }

void LoopThread::Join() {
  loop_.Stop();
  loop_.impl_->loop.running = false;
}

// ---- CondVar: everything else goes on for a step, and then it wakes up, as one may

void CondVar::Wait(Mutex& mu) {
  mu.Unlock();
  Scheduler::Current().Step();
  mu.Lock();
}

bool CondVar::WaitUntil(Mutex& mu, Instant until) {
  Scheduler& scheduler = Scheduler::Current();
  if (scheduler.failed()) return false;  // destructors wait, too
  mu.Unlock();
  scheduler.Step(until);
  mu.Lock();
  return !scheduler.failed() && scheduler.Now() < until;
}

// ---- Entropy

void FillWithEntropy(void* out, size_t size) { Scheduler::Current().FillWithEntropy(out, size); }

}  // namespace ddb
