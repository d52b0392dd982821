// Line: what carries the bytes of all connections to the server together: so many a second, whoever sends
// them. Shared by the connection threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace scripted {

struct LineRules {
  double bytes_per_s = 0;                        // 0: any number
  int latency_ms = 0;                            // of a round trip: for a connection, a handshake, a request
  std::vector<std::pair<double, double>> steps;  // seconds since the first byte, and bytes_per_s from then on
};

class Line {
 public:
  // A connection reads so much at once: then it is another one's turn.
  static constexpr size_t kPiece = 8 * 1024;

  explicit Line(LineRules rules) : rules_(std::move(rules)) {}
  bool bounded() const { return rules_.bytes_per_s > 0; }
  // Takes as long as these bytes do, behind those of the others.
  void Carry(size_t bytes);
  void RoundTrip() const;

 private:
  using Clock = std::chrono::steady_clock;
  double RateAt(Clock::time_point instant) const;

  const LineRules rules_;
  std::mutex mutex_;
  Clock::time_point begun_;
  Clock::time_point free_;  // when all that was taken is through
};

}  // namespace scripted
