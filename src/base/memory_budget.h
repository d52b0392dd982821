// MemoryBudget: the ceiling on the bytes that the data path holds (P3). Charge: a part of it that somebody
// holds, given back with its holder.
//
// Only taking a chunk waits for room; everything that grows while a chunk is worked on was reserved when the
// chunk was taken, and what was not needed is given back. Budget: any thread. Charge: as an int is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

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
  // For Charge.
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
