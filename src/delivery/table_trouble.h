// TableTrouble: why one table stores nothing: what was wrong with the replies that came since it last stored
// something. Told while it goes on, and in the last word when a run gives up. Beside that, for who looks into
// it, all that was wrong since the run began. Shared by all workers, any thread; while all is well it costs a
// look at an atomic.
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

// Replies by what was wrong with them, and the last of each kind. Takes room for the kinds that came alone,
// as there is one for each table.
class FaultCounts {
 public:
  struct Kind {
    uint64_t replies = 0;
    Fault last;
  };
  void Add(const Fault& fault) {
    auto kind = std::ranges::find(kinds_, fault.fault, [](const Kind& of) { return of.last.fault; });
    if (kind == kinds_.end()) kind = kinds_.emplace(kinds_.end());
    ++kind->replies;
    kind->last = fault;
  }
  void Clear() { kinds_ = std::vector<Kind>(); }
  // Those that came, the most frequent first.
  std::vector<Kind> MostFirst() const {
    std::vector<Kind> came = kinds_;
    std::sort(came.begin(), came.end(), [](const Kind& a, const Kind& b) {
      return a.replies != b.replies ? a.replies > b.replies : a.last.fault < b.last.fault;
    });
    return came;
  }

 private:
  std::vector<Kind> kinds_;
};

class TableTrouble {
 public:
  // Something was stored.
  void Clear() {
    if (!has_stored_.load(std::memory_order_relaxed)) has_stored_.store(true, std::memory_order_relaxed);
    if (replies_.load(std::memory_order_relaxed) == 0) return;
    MutexLock lock(mu_);
    replies_.store(0, std::memory_order_relaxed);
    in_a_row_.Clear();
  }
  // Nothing was.
  void Note(const Fault& fault) {
    MutexLock lock(mu_);
    replies_.fetch_add(1, std::memory_order_relaxed);
    in_a_row_.Add(fault);
    last_ = fault;
  }
  // Not all was, whether anything was or not.
  void Count(const Fault& fault) {
    MutexLock lock(mu_);
    in_vain_.Add(fault);
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
    return Seen{replies, in_a_row_.MostFirst().front().last, last_};
  }
  // Counted, ever.
  std::vector<FaultCounts::Kind> InVain() const {
    MutexLock lock(mu_);
    return in_vain_.MostFirst();
  }

 private:
  std::atomic<bool> has_stored_{false};
  std::atomic<uint64_t> replies_{0};  // written under the lock
  mutable Mutex mu_;
  FaultCounts in_a_row_ GUARDED_BY(mu_);
  FaultCounts in_vain_ GUARDED_BY(mu_);
  Fault last_ GUARDED_BY(mu_);
};

}  // namespace ddb
