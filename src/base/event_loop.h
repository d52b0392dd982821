// EventLoop: one thread's reactor: posted functions, timers, and waits on descriptors. Asio is inside and
// nowhere in this header. A worker, the control plane and each test own one; everything of a loop runs on the
// thread in Run().
//
// Contract: Post and Stop may be called from any thread; all else only on the loop's thread (or before Run).
// A callback never runs inside the call that asked for it. Destroying a Timer or a Watch cancels it; its
// callback does not run after.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"

namespace boost::asio {
class io_context;
}

namespace ddb {

class EventLoop {
 public:
  using Function = std::function<void()>;

  EventLoop();  // std::system_error when the system has no descriptor left for it
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void Run();              // until Stop
  void Stop();             // any thread; ends the Run in progress, or else the next one at once
  void Post(Function fn);  // any thread; runs in order of posting
  // Runs `fn` once on the loop's thread when the functions that are ready now have run and before the loop
  // would wait: for work that is cheaper done for all of a turn at once (signing in pairs, one write for
  // many).
  void AtEndOfTurn(Function fn);

  // A one-shot timer, restartable. Start replaces an earlier Start.
  class Timer {
   public:
    explicit Timer(EventLoop& loop);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    void Start(Instant when, Function fn);
    void StartAfter(Duration delay, Function fn);
    void Cancel();

   private:
    void Await(Function fn);

    struct Impl;
    std::shared_ptr<Impl> impl_;
  };

  // Waits on a descriptor, which the caller closes only after the Watch is gone, which goes before its loop.
  // Nothing of the descriptor is changed: those that others share (0-2) stay blocking. Each wait is one-shot.
  // An error or hang-up on the descriptor counts as ready: the following read or write tells. So does a
  // regular file, which cannot be waited for, and a descriptor that is closed.
  class Watch {
   public:
    Watch(EventLoop& loop, int fd);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    void WhenReadable(Function fn);
    void WhenWritable(Function fn);
    // An error or hang-up while neither of these is waited for: nobody reads a pipe any more. Never of what
    // cannot be waited for.
    void WhenBroken(Function fn);
    void Cancel();  // all waits

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

 private:
  friend class LoopThread;  // without threads, it tells the loop itself that it runs
  boost::asio::io_context& io_context();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddb
