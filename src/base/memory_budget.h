// MemoryBudget: the ceiling on the bytes that the data path holds (P3). Charge: a part of it that somebody
// holds, given back with its holder.
//
// Only taking a chunk waits for room; everything that grows while a chunk is worked on was reserved when the
// chunk was taken, and what was not needed is given back. Budget: any thread. Charge: as an int is.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace ddb {

class MemoryBudget {
 public:
  explicit MemoryBudget(size_t limit) : limit_(static_cast<int64_t>(limit)) {}
  // Before anybody waits for it.
  void SetLimit(size_t limit) { limit_ = static_cast<int64_t>(limit); }

  // Takes `bytes` if they fit, or if nothing but `own` bytes of the caller's is taken at all (one chunk
  // always gets through). False: nothing was taken.
  bool TryReserve(size_t bytes, size_t own = 0) {
    int64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (used > MostUsedFor(bytes, own)) {
        tight_.store(true);
        return false;
      }
    } while (!used_.compare_exchange_weak(used, used + static_cast<int64_t>(bytes)));
    if (tight()) tight_.store(false);
    return true;
  }
  // The last reservation failed: what is kept only to be used again has to go.
  bool tight() const { return tight_.load(); }

  // Calls `room` once, when TryReserve of the same may succeed: at once, or on the thread that gives memory
  // back. It must do no more than post. For one at a time, who holds the read token; it replaces an earlier
  // call. After StopWaiting it does not run.
  void WhenRoom(size_t bytes, size_t own, std::function<void()> room);
  void StopWaiting();

  // For Charge.
  void Add(size_t bytes) { used_.fetch_add(static_cast<int64_t>(bytes)); }
  void Release(size_t bytes) {
    const auto released = static_cast<int64_t>(bytes);
    // Either this sees who waits, or who waits sees what was released: both are written before the other is
    // read, in one order for all threads.
    if (used_.fetch_sub(released) - released <= room_below_.load()) Notify();
  }

  size_t limit() const { return static_cast<size_t>(limit_); }
  size_t used() const {
    const int64_t used = used_.load(std::memory_order_relaxed);
    return used > 0 ? static_cast<size_t>(used) : 0;
  }

 private:
  static constexpr int64_t kNobodyWaits = std::numeric_limits<int64_t>::min();

  // So much may be used when `bytes` are reserved.
  int64_t MostUsedFor(size_t bytes, size_t own) const {
    return std::max(limit_ - static_cast<int64_t>(bytes), static_cast<int64_t>(own));
  }
  void Notify();

  int64_t limit_;  // bytes; constant once the data path runs
  std::atomic<int64_t> used_{0};
  std::atomic<bool> tight_{false};
  std::atomic<int64_t> room_below_{kNobodyWaits};
  Mutex mu_;
  std::function<void()> room_ GUARDED_BY(mu_);
};

// Bytes of a budget, held by whatever takes the memory, and given back when that goes. Empty by default and
// when moved from; the budget outlives it.
class Charge {
 public:
  Charge() = default;
  // For bytes that exist already and cannot wait (a STATE's line, a reply): counted at once, so that the next
  // chunk waits.
  Charge(MemoryBudget& budget, size_t bytes) : budget_(&budget) { Resize(bytes); }
  // `bytes` if the budget has them, see TryReserve.
  static std::optional<Charge> Reserve(MemoryBudget& budget, size_t bytes, size_t own) {
    if (!budget.TryReserve(bytes, own)) return std::nullopt;
    Charge charge(budget, 0);
    charge.bytes_ = bytes;
    return charge;
  }
  Charge(Charge&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&& other) noexcept {
    Charge taken(std::move(other));  // what was held here goes
    std::swap(budget_, taken.budget_);
    std::swap(bytes_, taken.bytes_);
    return *this;
  }
  ~Charge() { Resize(0); }

  // To what is held now; does not wait. Not of an empty one, which knows no budget.
  void Resize(size_t bytes) {
    if (bytes > bytes_) budget_->Add(bytes - bytes_);
    if (bytes < bytes_) budget_->Release(bytes_ - bytes);
    bytes_ = bytes;
  }
  // What `other` holds, from here on.
  void Absorb(Charge other) {
    if (budget_ == nullptr) budget_ = other.budget_;
    bytes_ += std::exchange(other.bytes_, 0);
  }
  size_t bytes() const { return bytes_; }

 private:
  MemoryBudget* budget_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace ddb
