// Progress: what one worker counts for the user's eyes. Written by its worker, read by the supervisor. Any
// thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace ddb {

class Counter {
 public:
  void Add(uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};  // one writer
};

struct Progress {
  Counter read;      // records
  Counter stored;    // records
  Counter rejected;  // records
  Counter retried;   // requests that were sent again, whole or in part
};

}  // namespace ddb
