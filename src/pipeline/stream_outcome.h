// What became of each stream: how much of it was stored and rejected, and what the source said of it. Decides
// nothing: Finish and Report read it. Values, but for StreamStatuses, which every worker adds to: any thread.
// https://docs.airbyte.com/understanding-airbyte/airbyte-protocol#airbytestreamstatustracemessage
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "airbyte/message.h"
#include "base/mutex.h"
#include "base/numbered.h"
#include "base/stream_id.h"
#include "delivery/checkpoint_ledger.h"

namespace ddb {

struct StreamOutcome {
  // COMPLETE was the last that the source said of it, all input was read, and all of it is settled.
  bool complete = false;
  uint64_t stored = 0;                      // records
  uint64_t rejected = 0;                    // records
  std::optional<StreamStatus> last_status;  // none: the source said nothing
};

// The last status of each stream, in the order of the input, whichever worker parsed which part of it first.
class StreamStatuses {
 public:
  explicit StreamStatuses(size_t streams) : last_(streams) {}

  void Note(StreamNo stream, StreamStatus status, Position at) {
    MutexLock lock(mu_);
    any_ = true;
    std::optional<Said>& last = last_[stream];
    if (!last || last->at < at) last = Said{at, status};
  }
  // The source has failed, as far as it says so itself: INCOMPLETE of any stream, a TRACE ERROR, a LOG that
  // is FATAL, a CONNECTION_STATUS that is FAILED.
  void NoteFailure() { failed_.store(true, std::memory_order_relaxed); }
  bool failed() const { return failed_.load(std::memory_order_relaxed); }
  // Something went wrong with the source, as far as its log tells; it may have gone on.
  void NoteTrouble(Position at) {
    MutexLock lock(mu_);
    trouble_ = std::max(trouble_.value_or(at), at);
  }
  // The records and STATEs of a chunk.
  void NoteWork(const CheckpointLedger::ChunkContents& chunk) {
    if (chunk.groups.empty() && chunk.checkpoints.empty()) return;
    MutexLock lock(mu_);
    if (!chunk.groups.empty()) work_ = std::max(work_.value_or(Position{}), chunk.groups.back()->at);
    if (!chunk.checkpoints.empty()) work_ = std::max(work_.value_or(Position{}), chunk.checkpoints.back().at);
  }
  // It did not go on. Once all input has been read.
  bool ended_in_trouble() const {
    MutexLock lock(mu_);
    return trouble_ && (!work_ || *work_ < *trouble_);
  }
  // The source says how its streams are.
  bool any() const {
    MutexLock lock(mu_);
    return any_;
  }

  std::optional<StreamStatus> Last(StreamNo stream) const {
    MutexLock lock(mu_);
    const std::optional<Said>& last = last_[stream];
    return last ? std::optional(last->status) : std::nullopt;
  }

 private:
  struct Said {
    Position at;
    StreamStatus status;
  };
  std::atomic<bool> failed_{false};
  mutable Mutex mu_;
  bool any_ GUARDED_BY(mu_) = false;
  std::optional<Position> trouble_ GUARDED_BY(mu_);  // the last
  std::optional<Position> work_ GUARDED_BY(mu_);     // the last
  NumberedVector<StreamNo, std::optional<Said>> last_ GUARDED_BY(mu_);
};

}  // namespace ddb
