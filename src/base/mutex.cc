#include "base/mutex.h"

namespace ddb {

void CondVar::Wait(Mutex& mu) {
  std::unique_lock<std::mutex> lock(mu.mu_, std::adopt_lock);
  cv_.wait(lock);
  lock.release();
}

bool CondVar::WaitUntil(Mutex& mu, std::chrono::steady_clock::time_point until) {
  std::unique_lock<std::mutex> lock(mu.mu_, std::adopt_lock);
  const bool woken = cv_.wait_until(lock, until) == std::cv_status::no_timeout;
  lock.release();
  return woken;
}

}  // namespace ddb
