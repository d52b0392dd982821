// CheckpointLedger: decides when a STATE may leave (P1). It knows the order of everything that was read,
// counts per stream what is not stored yet, and hands a STATE's line to the sink in the moment when all that
// it covers is stored.
//
// Order of calls: OpenChunk under the read token, in the order of reading; then, by whichever worker parsed
// it, one Register per chunk with everything found in it. A chunk that was parsed to its end is registered as
// whole, one that broke off (a malformed line) is not: then no STATE of a later chunk ever passes it. Credit
// follows registration.
//
// A group is a run of records of one stream between two STATEs of one chunk. A record that is never credited
// holds its group for ever: that is the barrier behind a failed record, without further ado.
//
// Any thread; one lock, taken once per chunk and once per reply.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "airbyte/message.h"
#include "airbyte/state_line.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace ddb {

struct Position {
  uint64_t chunk = 0;
  uint32_t index = 0;  // within the chunk, in the order of reading
  auto operator<=>(const Position&) const = default;
};

// Records of one stream between two STATEs of one chunk. Filled in by the worker that parses the chunk
// (before Register), by the ledger after.
struct RecordGroup {
  int stream = 0;
  Position at;
  Instant read;              // when its chunk was
  StateCounts counts;        // stored, rejected (both by Credit), changed (by the encoder, and CountNulled)
  uint64_t outstanding = 0;  // neither stored nor (safely) rejected
};
using RecordGroupPtr = std::shared_ptr<RecordGroup>;

struct PendingState {
  Position at;
  StateFields fields;
  int stream = -1;     // kStream: index in the catalog, or -1 when it is not there (echoed with count 0)
  std::string line;    // raw bytes of the STATE
  size_t charged = 0;  // bytes held in the memory budget for it
  Instant read;
};

class CheckpointLedger {
 public:
  // Receives released lines, in order, destinationStats set, and what the memory budget held for the STATE.
  // Called with the ledger's lock held; must not block.
  using Release = std::function<void(std::string line, size_t charged)>;
  CheckpointLedger(size_t streams, Release release);

  void OpenChunk(uint64_t chunk);

  struct ChunkContents {
    uint64_t chunk = 0;
    bool whole = true;
    std::vector<RecordGroupPtr> groups;
    std::vector<PendingState> states;
  };
  // An error when STREAM and GLOBAL/LEGACY STATEs meet in one run: nothing of the chunk's states is released
  // then.
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
  // So many values of a record that is outstanding in `group` were nulled after it was registered.
  void CountNulled(RecordGroup& group, uint64_t values);

  // Whether a STATE waits for records of this stream: then a worker that sees no more input seals its open
  // batch.
  bool StateWaits(int stream) const;

  // Why a STATE waits.
  struct Waiting {
    int stream = -1;  // -1: a GLOBAL or LEGACY STATE
    Instant read;     // of the oldest
    uint64_t states = 0;
    struct For {
      int stream = 0;
      uint64_t records = 0;  // outstanding before it
      Instant oldest;        // when the first of them was read
    };
    std::vector<For> streams;  // the most records first
  };
  std::vector<Waiting> WaitingSince(Instant before) const;  // those read before that instant
  uint64_t states_waiting() const;
  bool AllSettled() const;  // every opened chunk is whole and nothing is outstanding: every STATE is out

 private:
  // The groups and STATEs of one stream (or of all), by position; what is done leaves at the front.
  struct Timeline {
    std::map<Position, RecordGroupPtr> groups;
    std::map<Position, PendingState> states;
    StateCounts carried;  // counts of settled groups that no released STATE has reported yet
  };
  Status EnterStates(std::vector<PendingState>& states) REQUIRES(mu_);
  void ChooseKind(bool per_stream) REQUIRES(mu_);
  void Advance(Timeline& timeline) REQUIRES(mu_);
  void AdvanceAll() REQUIRES(mu_);
  void AddWaiting(const Timeline& timeline, int stream, Instant before, std::vector<Waiting>& out) const
      REQUIRES(mu_);

  mutable Mutex mu_;
  const Release release_;
  // One per stream of the catalog and a last one for STATEs of other streams; unused once GLOBAL or LEGACY
  // STATEs came.
  std::vector<Timeline> by_stream_ GUARDED_BY(mu_);
  Timeline everything_ GUARDED_BY(mu_);             // unused once STREAM STATEs came
  std::optional<bool> per_stream_ GUARDED_BY(mu_);  // known with the first STATE
  std::set<uint64_t> open_chunks_ GUARDED_BY(mu_);
  uint64_t next_chunk_ GUARDED_BY(mu_) = 0;  // behind the last one opened
  uint64_t states_ GUARDED_BY(mu_) = 0;      // waiting
};

}  // namespace ddb
