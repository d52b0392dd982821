// TableBound: how much one table is sent: as much as it takes.
//
// Before a table's first throttle it lets everything through (what the line carries is the only bound). From
// then on, what was let through and is not settled yet, in flight or waiting for its retry, is at most what
// the table stores in ten seconds, by the last minute, but always two requests' worth. So the sender slows
// down to what the table takes, with no other knowledge of its capacity; and what the table did not take has
// its turn before anything new: with more than that to choose from, some items would never be chosen. A cost
// is counted in items; nothing here depends on that but the least bound. Shared by all workers, any thread;
// one short lock per request.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"

namespace ddb {

class TableBound {
 public:
  // Lets `cost` through, for as many attempts as it needs, and says true, or says false: try again after the
  // next reply, or a little later.
  bool TrySend(uint64_t cost, Instant now);
  struct Reply {
    uint64_t settled = 0;  // of what was let through: stored, or given up
    uint64_t stored = 0;   // of that, what the table took
    bool throttled = false;
  };
  void OnReply(const Reply& reply, Instant now);

  bool Throttled(Instant now) const;  // lately

 private:
  static constexpr int kWindowSeconds = 60;
  static constexpr uint64_t kBoundsInWindow = 6;  // ten seconds each
  static constexpr uint64_t kLeast = 50;
  void Roll(Instant now) REQUIRES(mu_);

  mutable Mutex mu_;
  uint64_t let_through_ GUARDED_BY(mu_) = 0;  // and not settled
  std::optional<Instant> last_throttle_ GUARDED_BY(mu_);
  std::array<uint64_t, kWindowSeconds> stored_ GUARDED_BY(mu_){};  // by second
  uint64_t stored_in_window_ GUARDED_BY(mu_) = 0;
  int64_t second_ GUARDED_BY(mu_) = 0;  // the newest of the window
};

}  // namespace ddb
