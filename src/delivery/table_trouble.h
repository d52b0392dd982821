// TableTrouble: why one table stores nothing: what was wrong with the replies that came since it last stored
// something. Told while it goes on, and in the last word when a run gives up. Shared by all workers, any
// thread; while all is well it costs a look at an atomic.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/literal.h"
#include "base/mutex.h"
#include "dynamodb/reply_fault.h"

namespace ddb {

// What was wrong with one reply, or that none came.
struct Fault {
  ReplyFault fault = ReplyFault::kNone;
  int status = 0;      // HTTP's; 0: there was none
  Text reason = {};    // Verdict::reason
  bool lapse = false;  // what it refuses is tried again for times::kLapse only
};

class TableTrouble {
 public:
  // Something was stored.
  void Clear() {
    if (!has_stored_.load(std::memory_order_relaxed)) has_stored_.store(true, std::memory_order_relaxed);
    if (replies_.load(std::memory_order_relaxed) == 0) return;
    MutexLock lock(mu_);
    replies_.store(0, std::memory_order_relaxed);
    of_kind_ = {};
  }
  // Nothing was.
  void Note(const Fault& fault) {
    MutexLock lock(mu_);
    replies_.fetch_add(1, std::memory_order_relaxed);
    of_kind_.resize(kKinds);
    Kind& kind = of_kind_[std::min(static_cast<size_t>(fault.fault), kKinds - 1)];
    ++kind.replies;
    kind.last = last_ = fault;
  }

  // Ever, in this run.
  bool has_stored() const { return has_stored_.load(std::memory_order_relaxed); }

  struct Seen {
    uint64_t replies = 0;  // that did not count, in a row
    Fault fault;           // of the kind that came most often
    Fault last;
  };
  std::optional<Seen> Look() const {
    MutexLock lock(mu_);
    const uint64_t replies = replies_.load(std::memory_order_relaxed);
    if (replies == 0) return std::nullopt;
    const auto most = std::max_element(of_kind_.begin(), of_kind_.end(),
                                       [](const Kind& a, const Kind& b) { return a.replies < b.replies; });
    return Seen{replies, most->last, last_};
  }

 private:
  static constexpr size_t kKinds = static_cast<size_t>(ReplyFault::kRefusedByName) + 1;
  struct Kind {
    uint64_t replies = 0;
    Fault last;
  };

  std::atomic<bool> has_stored_{false};
  std::atomic<uint64_t> replies_{0};  // written under the lock
  mutable Mutex mu_;
  std::vector<Kind> of_kind_ GUARDED_BY(mu_);  // empty while there is nothing to tell: so most tables are
  Fault last_ GUARDED_BY(mu_);
};

}  // namespace ddb
