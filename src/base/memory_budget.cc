#include "base/memory_budget.h"

namespace ddb {

void MemoryBudget::WhenRoom(size_t bytes, size_t own, std::function<void()> room) {
  {
    MutexLock lock(mu_);
    room_ = std::move(room);
    room_below_.store(MostUsedFor(bytes, own));
  }
  Notify();  // what was given back before that
}

void MemoryBudget::StopWaiting() {
  MutexLock lock(mu_);
  room_below_.store(kNobodyWaits);
  room_ = nullptr;
}

void MemoryBudget::Notify() {
  MutexLock lock(mu_);
  if (used_.load() > room_below_.load()) return;  // also when nobody waits (any more)
  room_below_.store(kNobodyWaits);
  const std::function<void()> room = std::exchange(room_, nullptr);
  room();  // within the lock: StopWaiting waits for it
}

}  // namespace ddb
