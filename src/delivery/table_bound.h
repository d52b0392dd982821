// TableBound: how much one table is sent: as much as it takes.
//
// Before a table's first throttle it lets everything through (what the line carries is the only bound). From
// then on, what is in flight for the table is at most what it stored in the last 60 s, but always at least
// one request: so the sender slows down to what the table takes, with no other knowledge of its capacity. A
// cost is counted in items; nothing here depends on that. Shared by all workers, any thread; one short lock
// per request.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"

namespace ddb {

class TableBound {
 public:
  // Counts `cost` as in flight and says true, or says false: try again after the next reply, or a little
  // later.
  bool TrySend(uint64_t cost, Instant now);
  struct Reply {
    uint64_t sent = 0;    // the cost of the request
    uint64_t stored = 0;  // of that, what the table took
    bool throttled = false;
  };
  void OnReply(const Reply& reply, Instant now);

  bool Throttled(Instant now) const;  // within the last 10 s

 private:
  static constexpr int kWindowSeconds = 60;
  void Roll(Instant now) REQUIRES(mu_);

  mutable Mutex mu_;
  uint64_t in_flight_ GUARDED_BY(mu_) = 0;
  std::optional<Instant> last_throttle_ GUARDED_BY(mu_);
  std::array<uint64_t, kWindowSeconds> stored_ GUARDED_BY(mu_){};  // by second
  uint64_t stored_in_window_ GUARDED_BY(mu_) = 0;
  int64_t second_ GUARDED_BY(mu_) = 0;  // the newest of the window
};

}  // namespace ddb
