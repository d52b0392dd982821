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

  EventLoop();
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
    void Cancel();

   private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
  };

  // Waits on a descriptor that the caller owns and has made non-blocking, and closes only after the Watch is
  // gone, which goes before its loop. Each wait is one-shot. An error or hang-up on the descriptor counts as
  // ready: the following read or write tells.
  class Watch {
   public:
    Watch(EventLoop& loop, int fd);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    void WhenReadable(Function fn);
    void WhenWritable(Function fn);
    void Cancel();  // both waits

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

  // Waits on a descriptor that others share (0-2): it is never made non-blocking and never closed. A regular
  // file, which cannot be waited for, counts as always ready.
  class SharedWatch {
   public:
    SharedWatch(EventLoop& loop, int fd, bool for_write);
    ~SharedWatch();
    SharedWatch(const SharedWatch&) = delete;
    SharedWatch& operator=(const SharedWatch&) = delete;
    void WhenReady(Function fn);  // one-shot
    void Cancel();
    bool pollable() const;  // false for a regular file

   private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
  };

 private:
  boost::asio::io_context& io_context();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddb
