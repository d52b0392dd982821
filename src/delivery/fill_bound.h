// FillBound: how many requests, and bytes of them, a worker keeps in flight at the most: as many as it can
// fill.
//
// By Little's law, requests in flight = rate x latency. A worker builds at most some kPerMillisecond requests
// and kBytesPerMillisecond bytes of them a millisecond, so against a table that answers in 5 ms it needs 5
// times that many, and against one that answers at once a few. More would only open connections, with their
// handshakes and buffers, and take large bodies out of the processor's caches. The latency is the shortest
// seen of late. On a line that is slower than the data that is our own queue's, and this bound grows with it:
// what bounds there is PathBound. A part of SendWindow, one per worker; its thread only.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/clock.h"

namespace ddb {

class FillBound {
 public:
  static constexpr size_t kLeast = 16;
  static constexpr size_t kPerMillisecond = 40;  // 25 records each: a million small records a second
  static constexpr size_t kLeastBytes = 1 << 20;
  static constexpr size_t kBytesPerMillisecond = 2 << 20;  // hashing alone takes longer
  static constexpr size_t kWatched = 128;                  // replies

  explicit FillBound(size_t most) : most_(most), size_(std::min(most, kLeast)) {}

  size_t size() const { return size_; }
  size_t bytes() const { return bytes_; }
  void OnReply(Duration latency) {
    shortest_ = std::min(shortest_, latency);
    if (++replies_ < std::min(kWatched, 2 * size_)) return;
    const double ms = std::chrono::duration<double, std::milli>(shortest_).count();
    size_ = std::min(most_, kLeast + static_cast<size_t>(ms * static_cast<double>(kPerMillisecond)));
    bytes_ = kLeastBytes + static_cast<size_t>(ms * static_cast<double>(kBytesPerMillisecond));
    shortest_ = Duration::max();
    replies_ = 0;
  }

 private:
  const size_t most_;
  size_t size_;
  size_t bytes_ = kLeastBytes;
  Duration shortest_ = Duration::max();
  size_t replies_ = 0;
};

}  // namespace ddb
