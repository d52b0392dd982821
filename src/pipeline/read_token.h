// ReadToken: who may read stdin. A worker that may take a chunk asks for it; whoever holds it waits for input
// on its own loop, takes one chunk, and passes the token on before it parses. A holder that may not take one
// (any more) passes it on at once. With one worker it is the same code. Any thread.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "base/mutex.h"

namespace ddb {

class ReadToken {
 public:
  // `granted` runs when the token is the caller's: within Ask if it was free, else on the thread of who
  // passes it (so it has to post). Ask while asking or holding is not allowed.
  void Ask(std::function<void()> granted) {
    {
      MutexLock lock(mu_);
      if (held_) {
        waiting_.push_back(std::move(granted));
        return;
      }
      held_ = true;
    }
    granted();
  }
  void Pass() {
    std::function<void()> next;
    {
      MutexLock lock(mu_);
      if (waiting_.empty()) {
        held_ = false;
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next();
  }

 private:
  Mutex mu_;
  bool held_ GUARDED_BY(mu_) = false;
  std::deque<std::function<void()>> waiting_ GUARDED_BY(mu_);
};

}  // namespace ddb
