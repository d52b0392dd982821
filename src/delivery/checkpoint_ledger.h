// CheckpointLedger: decides when a checkpoint (Airbyte: a STATE) may leave (P1). It knows the order of
// everything that was read, counts per stream what is not stored yet, and releases a checkpoint in the moment
// when all that it covers is stored, and no hold is on its stream. It knows positions and counts only; what a
// checkpoint looks like is its maker's matter.
//
// Order of calls: OpenChunk under the read token, in the order of reading; then, by whichever worker parsed
// it, one Register per chunk with everything found in it, then Credit. A chunk that was parsed to its end is
// registered as whole, one that broke off (a malformed line) is not: no checkpoint of a later one passes it.
//
// A group is a run of records of one stream between two checkpoints of one chunk. A record that is never
// credited holds its group for ever: that is the barrier behind a failed record. Whoever knows of one says so
// (Bar), so that nothing behind it is stored in vain.
//
// Any thread; one lock, taken once per chunk and once per reply, under which nothing is written and no more
// streams are looked at than a chunk or a reply has. Checkpoints are released without it, by one thread at a
// time, so that they keep their order.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "delivery/checkpoint.h"

namespace ddb {

class CheckpointLedger {
 public:
  explicit CheckpointLedger(size_t streams);
  void OpenChunk(uint64_t chunk);
  struct ChunkContents {
    uint64_t chunk = 0;
    bool whole = true;
    std::vector<RecordGroupPtr> groups;
    std::vector<PendingCheckpoint> checkpoints;
  };
  // An error when checkpoints of one stream and of all streams meet in one run. Those before the first of the
  // wrong kind stand; its chunk counts as broken off, so that nothing behind it is released.
  Status Register(ChunkContents contents);

  // `stored` + `rejected` records of `group` are settled.
  struct Settled {
    RecordGroup* group;
    uint32_t stored = 0;
    uint32_t rejected = 0;
  };
  void Credit(std::span<const Settled> settled);
  void Credit(std::initializer_list<Settled> settled) {
    Credit(std::span<const Settled>(settled.begin(), settled.size()));
  }
  using Totals = SettledTotals;
  Totals TotalsOf(StreamNo stream) const;
  // So many values of a record that is outstanding in `group` were changed after it was registered.
  void CountChanged(RecordGroup& group, uint64_t nulled, uint64_t truncated);

  // A record of `group`, registered or not yet, will never be credited.
  void Bar(const RecordGroup& group);
  // Whether a checkpoint may still leave for what is credited to the group; how often that has changed.
  bool MayCount(const RecordGroup& group) const;
  uint64_t bars() const { return bars_.load(std::memory_order_acquire); }

  // Until ReleaseHold, the last checkpoint that covers the stream does not leave, though all its records are
  // settled. Which one is the last shows when the next is settled: one is kept, for each stream or for all,
  // and nothing that is settled behind it, so that a hold never fills memory. Holds add up.
  void Hold(StreamNo stream);
  void ReleaseHold(StreamNo stream);
  // Until Open, no checkpoint of the stream alone leaves. Before anything of it is registered.
  void Close(StreamNo stream);
  void Open(StreamNo stream);

  // Whether a checkpoint waits for records of this stream, or of any, for which an open batch is sealed.
  bool CheckpointWaits(StreamNo stream) const;
  uint64_t checkpoints_waiting() const;
  using Waiting = WaitingCheckpoint;
  std::vector<Waiting> WaitingSince(Instant before) const;                 // those read before that instant
  std::optional<Instant> OldestWaiting(std::optional<StreamNo> of) const;  // was read then; of any
  // Every opened chunk is whole and nothing is outstanding. Only holds may keep a checkpoint back.
  bool AllRecordsSettled() const;
  bool AllSettled() const;        // and every checkpoint is out
  uint64_t RegisteredTo() const;  // all before this chunk is, and what there is of itself if it broke off

 private:
  // One for each stream of the catalog, one for checkpoints of other streams, and one for all streams.
  struct TimelineTag;
  using TimelineNo = Ordinal<TimelineTag>;
  struct Released {
    std::unique_ptr<Checkpoint> checkpoint;
    RecordCounts counts;
    Instant read;
  };
  // The groups and checkpoints of one stream (or of all), by position; what is done leaves at the front.
  struct Timeline {
    std::map<Position, RecordGroupPtr> groups;
    std::map<Position, PendingCheckpoint> checkpoints;
    RecordCounts carried;  // counts of settled groups that no settled checkpoint has taken yet
    uint32_t holds = 0;
    bool closed = false;
    std::optional<Released> held;  // the last one that is settled
    std::optional<Position> bar;   // nothing behind it will ever count
    // Its front is behind a chunk that is not registered: it can go on when all before this one are.
    std::optional<uint64_t> blocked_at;
  };

  static TimelineNo Of(StreamNo stream) { return TimelineNo(stream.value()); }
  TimelineNo OfOthers() const { return TimelineNo(streams_); }
  TimelineNo OfAll() const { return TimelineNo(streams_ + 1); }

  Status Enter(std::vector<PendingCheckpoint>& checkpoints) REQUIRES(mu_);
  void ChooseKind(bool per_stream) REQUIRES(mu_);
  uint64_t KnownTo() const REQUIRES(mu_);
  void Touch(StreamNo stream) REQUIRES(mu_);
  void TouchUnblocked() REQUIRES(mu_);
  bool AdvanceTouched() REQUIRES(mu_);
  void Advance(TimelineNo no) REQUIRES(mu_);
  void BarAt(Timeline& timeline, Position at) REQUIRES(mu_);
  bool IsBeforeBar(TimelineNo no, Position at) const REQUIRES(mu_);
  void LetHeldGo(Timeline& timeline) REQUIRES(mu_);
  void SetBlocked(TimelineNo no, std::optional<uint64_t> at) REQUIRES(mu_);
  void AddWaiting(TimelineNo no, Instant before, std::vector<Waiting>& out) const REQUIRES(mu_);
  bool NothingOutstanding() const REQUIRES(mu_);
  void HandOut();

  const size_t streams_;
  mutable Mutex mu_;
  NumberedVector<TimelineNo, Timeline> timelines_ GUARDED_BY(mu_);
  // Timelines of streams, or the one of all: by the first checkpoint's kind; until then both.
  std::optional<bool> per_stream_ GUARDED_BY(mu_);
  std::set<uint64_t> open_chunks_ GUARDED_BY(mu_);
  uint64_t next_chunk_ GUARDED_BY(mu_) = 0;                            // behind the last one opened
  std::set<std::pair<uint64_t, TimelineNo>> blocked_ GUARDED_BY(mu_);  // by Timeline::blocked_at
  std::vector<TimelineNo> touched_ GUARDED_BY(mu_);                    // scratch
  NumberedVector<StreamNo, Totals> totals_ GUARDED_BY(mu_);
  uint64_t waiting_ GUARDED_BY(mu_) = 0;            // checkpoints, for records
  uint64_t held_ GUARDED_BY(mu_) = 0;               // checkpoints, by a hold
  std::atomic<uint64_t> bars_{0};                   // changed under the lock
  std::vector<Released> released_ GUARDED_BY(mu_);  // not handed out yet, in order
  bool handing_out_ GUARDED_BY(mu_) = false;        // a thread does
};

}  // namespace ddb
