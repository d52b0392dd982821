// FirstOfStream: what is worth saying once of a stream, and not of hundreds of them. Any thread; lock-free.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "base/stream_id.h"

namespace ddb {

class FirstOfStream {
 public:
  explicit FirstOfStream(size_t streams) : said_(streams) {}

  enum class Say {
    kNothing,  // it was said of this stream, or of enough of them
    kIt,
    kThatThereAreMore,
  };
  Say About(StreamNo stream) {
    if (said_[stream.value()].exchange(true, std::memory_order_relaxed)) return Say::kNothing;
    const size_t before = streams_.fetch_add(1, std::memory_order_relaxed);
    return before < kMost ? Say::kIt : before == kMost ? Say::kThatThereAreMore : Say::kNothing;
  }

 private:
  static constexpr size_t kMost = 20;

  std::vector<std::atomic<bool>> said_;
  std::atomic<size_t> streams_{0};
};

}  // namespace ddb
