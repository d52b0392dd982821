// ThrottleEpisode: since when one table has been throttled, and by which limit. It begins with what the table
// refuses first, and is over when it has refused nothing for a while and holds nothing back. Only a request
// that is refused whole is told a cause: where some of its items were stored, the others come back without a
// word, and one of them, sent alone, finds it out (as it has to be sent anyway, that costs nothing).
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
//
// Shared by all workers, any thread; asked by nobody while nothing is refused. Who ends it is the supervisor.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/literal.h"
#include "base/mutex.h"
#include "base/times.h"
#include "dynamodb/errors.h"

namespace ddb {

struct ThrottleReason {
  Text reason;        // one of the kThrottled... of dynamodb/errors; "": no reply has told
  std::string index;  // whose limit it is, where that is told
  bool known() const { return !reason.empty() && reason != kThrottledUnnamed; }
  // Not the table's limit, or an index's, but that of one partition: other keys may be taken.
  bool of_partition() const { return reason == kThrottledKeyRange || reason == kThrottledIndexKeyRange; }
  bool operator==(const ThrottleReason&) const = default;
};

class ThrottleEpisode {
 public:
  // Something was refused; `cause`: what the reply says.
  void Refuse(const ThrottleReason& cause, Instant now) {
    MutexLock lock(mu_);
    if (!seen_) seen_ = Seen{{}, now, now};
    seen_->refused = now;
    if (cause.known() || seen_->cause.reason.empty()) seen_->cause = cause;
  }

  // What is refused is so for one partition, as far as is known.
  bool OfPartition() const {
    MutexLock lock(mu_);
    return seen_ && seen_->cause.of_partition();
  }

  // True: one item of what came back without a word is to be sent alone. Then EndProbe, with its reply.
  bool ClaimProbe() {
    MutexLock lock(mu_);
    if (!seen_ || seen_->cause.known() || is_probed_ || probes_ >= kMostProbes) return false;
    ++probes_;
    return is_probed_ = true;
  }
  void EndProbe() {
    MutexLock lock(mu_);
    is_probed_ = false;
  }

  // `held_back`: something waits for the table, or did a moment ago.
  void EndIfOver(bool held_back, Instant now) {
    MutexLock lock(mu_);
    if (!seen_ || held_back || now - seen_->refused < times::kThrottledFor) return;
    seen_.reset();
    probes_ = 0;
  }

  struct Seen {
    ThrottleReason cause;    // the last that was told
    Instant began, refused;  // for the first and the last time
  };
  std::optional<Seen> Look() const {
    MutexLock lock(mu_);
    return seen_;
  }

 private:
  // One is stored where the table has just got more; so often in vain, nothing will tell.
  static constexpr int kMostProbes = 5;

  mutable Mutex mu_;
  std::optional<Seen> seen_ GUARDED_BY(mu_);  // nothing: the table is not throttled
  int probes_ GUARDED_BY(mu_) = 0;            // of this episode
  bool is_probed_ GUARDED_BY(mu_) = false;    // one is in flight
};

}  // namespace ddb
