// LoopThread: the one kind of thread that the data path has: it runs an event loop, and waits nowhere else.
// So a simulation, which links another one in its place, runs all of them in turns on a thread of its own.
// Used by whoever owns the loop, on one thread.
#pragma once

#include <thread>

#include "base/event_loop.h"

namespace ddb {

class LoopThread {
 public:
  explicit LoopThread(EventLoop& loop) : loop_(loop) {}
  ~LoopThread() { Join(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  void Start();  // once
  // Stops the loop and waits until the thread has ended; nothing of the loop runs after.
  void Join();

 private:
  EventLoop& loop_;
  std::thread thread_;
};

}  // namespace ddb
