// Mutex, MutexLock and CondVar with clang's thread-safety annotations (libstdc++'s own carry none).
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define DDB_TSA(x) __attribute__((x))
#else
#define DDB_TSA(x)
#endif
#define GUARDED_BY(x) DDB_TSA(guarded_by(x))
#define REQUIRES(...) DDB_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) DDB_TSA(locks_excluded(__VA_ARGS__))

namespace ddb {

class DDB_TSA(capability("mutex")) Mutex {
 public:
  void Lock() DDB_TSA(acquire_capability()) { mu_.lock(); }
  void Unlock() DDB_TSA(release_capability()) { mu_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mu_;
};

class DDB_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mu) DDB_TSA(acquire_capability(mu)) : mu_(mu) { mu_.Lock(); }
  ~MutexLock() DDB_TSA(release_capability()) { mu_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

class CondVar {
 public:
  // Both may return without a reason, so that whoever waits looks again. A simulation has others, which let
  // everything else go on meanwhile.
  void Wait(Mutex& mu) REQUIRES(mu);
  // False when `until` passed.
  bool WaitUntil(Mutex& mu, std::chrono::steady_clock::time_point until) REQUIRES(mu);
  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace ddb
