// FirstWord: what the replacement of tables waits for: the first whole RECORD or STATE of the input. Whoever
// reads it stops in front of it, with the read token, so that nothing behind it is read either; it goes on
// when the tables are ready. Before it, everything else flows: LOGs, statuses, records that are refused.
//
// A gate between the holder of the read token and the supervisor. Any thread.
#pragma once

#include <atomic>
#include <functional>
#include <utility>

#include "base/mutex.h"

namespace ddb {

class FirstWord {
 public:
  explicit FirstWord(bool awaited) : passed_(!awaited) {}

  // Asked before each chunk, so that what is read costs nothing more.
  bool passed() const { return passed_.load(std::memory_order_acquire); }
  // Somebody stands in front of it.
  bool met() const { return met_.load(std::memory_order_acquire); }

  // By the holder of the read token, who stands in front of it: `go_on` is called by LetPass, on its thread.
  void Meet(std::function<void()> go_on) {
    {
      MutexLock lock(mu_);
      if (met_.load(std::memory_order_relaxed)) return;
      go_on_ = std::move(go_on);
      met_.store(true, std::memory_order_release);
    }
    if (when_met_) when_met_();
  }

  // By the supervisor: before any thread reads, what to call when it is met, on the reader's thread.
  void WhenMet(std::function<void()> when_met) { when_met_ = std::move(when_met); }
  void LetPass() {
    passed_.store(true, std::memory_order_release);
    std::function<void()> go_on;
    {
      MutexLock lock(mu_);
      go_on = std::exchange(go_on_, {});
    }
    if (go_on) go_on();
  }

 private:
  std::atomic<bool> passed_;
  std::atomic<bool> met_{false};
  std::function<void()> when_met_;
  Mutex mu_;
  std::function<void()> go_on_ GUARDED_BY(mu_);
};

}  // namespace ddb
