// RateController: one table's flow, seen by all workers together: what is in flight, what waits, what was
// stored lately.
//
// Before a table's first throttle it lets everything through (the number of connections is the only bound).
// From then on, what is in flight for the table is at most what it stored in the last 60 s, but always at
// least one request: so the sender slows down to what the table takes, with no other knowledge of its
// capacity. It also keeps the clock of giving up: how long items have waited to be stored while none was. Any
// thread; one short lock per request.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"

namespace ddb {

class RateController {
 public:
  // Counts `items` as in flight and says true, or says false: try again after the next reply, or a little
  // later.
  bool TrySend(uint64_t items, Instant now);
  void OnReply(uint64_t sent, uint64_t stored, bool throttled, Instant now);

  void AddWaiting(uint64_t items, Instant now);     // sealed, from now on until settled
  void RemoveWaiting(uint64_t items, Instant now);  // stored, rejected or given up
  // A stored item starts the clock anew; so does the first item that waits.
  std::optional<Duration> WaitedWithoutProgress(Instant now) const;  // empty: nothing waits

  struct Snapshot {
    uint64_t in_flight = 0, waiting = 0;
    bool throttled = false;  // within the last 10 s
  };
  Snapshot Get(Instant now) const;

 private:
  static constexpr int kWindowSeconds = 60;
  void Roll(Instant now) REQUIRES(mu_);

  mutable Mutex mu_;
  uint64_t in_flight_ GUARDED_BY(mu_) = 0;  // items
  uint64_t waiting_ GUARDED_BY(mu_) = 0;
  Instant progress_ GUARDED_BY(mu_);
  std::optional<Instant> last_throttle_ GUARDED_BY(mu_);
  std::array<uint64_t, kWindowSeconds> stored_ GUARDED_BY(mu_){};  // items, by second
  uint64_t stored_in_window_ GUARDED_BY(mu_) = 0;
  int64_t second_ GUARDED_BY(mu_) = 0;  // the newest of the window
};

}  // namespace ddb
