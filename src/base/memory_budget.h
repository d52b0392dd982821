// MemoryBudget: the ceiling on the bytes that the data path holds (P3). Only taking a chunk waits for it;
// everything that grows while a chunk is worked on was reserved when the chunk was taken, and what was not
// needed is given back. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ddb {

class MemoryBudget {
 public:
  explicit MemoryBudget(size_t limit) : limit_(static_cast<int64_t>(limit)) {}
  // Before anybody waits for it.
  void SetLimit(size_t limit) { limit_ = static_cast<int64_t>(limit); }

  // Takes `bytes` if they fit, or if nothing but `own` bytes of the caller's is taken at all (one chunk
  // always gets through). False: nothing was taken.
  bool TryReserve(size_t bytes, size_t own = 0) {
    const auto wanted = static_cast<int64_t>(bytes);
    int64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (used > static_cast<int64_t>(own) && used + wanted > limit_) {
        tight_.store(true, std::memory_order_relaxed);
        return false;
      }
    } while (!used_.compare_exchange_weak(used, used + wanted, std::memory_order_relaxed));
    if (tight()) tight_.store(false, std::memory_order_relaxed);
    return true;
  }
  // The last reservation failed: what is kept only to be used again has to go.
  bool tight() const { return tight_.load(std::memory_order_relaxed); }
  // For bytes that exist already and cannot wait (a STATE's line, a reply): counted, so that the next chunk
  // waits.
  void Add(size_t bytes) { used_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed); }
  void Release(size_t bytes) { used_.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed); }

  size_t limit() const { return static_cast<size_t>(limit_); }
  size_t used() const {
    const int64_t used = used_.load(std::memory_order_relaxed);
    return used > 0 ? static_cast<size_t>(used) : 0;
  }

 private:
  int64_t limit_;  // bytes; constant once the data path runs
  std::atomic<int64_t> used_{0};
  std::atomic<bool> tight_{false};
};

}  // namespace ddb
