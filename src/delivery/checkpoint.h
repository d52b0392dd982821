// What the CheckpointLedger keeps account of: positions in the input, groups of records, checkpoints. Made by
// the worker that parses a chunk; the ledger's after Register. And what it tells of checkpoints that wait.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/record_counts.h"
#include "base/stream_id.h"

namespace ddb {

struct Position {
  uint64_t chunk = 0;
  uint32_t index = 0;  // within the chunk, in the order of reading
  auto operator<=>(const Position&) const = default;
};

// Records of one stream between two checkpoints of one chunk. Filled in by the worker that parses the chunk
// (before Register), by the ledger after.
struct RecordGroup {
  StreamNo stream;
  Position at;
  Instant read;              // when its chunk was
  RecordCounts counts;       // stored, rejected (both by Credit), changed (by the encoder, and CountChanged)
  uint64_t outstanding = 0;  // neither stored nor (safely) rejected
  Charge charge;
};
using RecordGroupPtr = std::shared_ptr<RecordGroup>;

// What the source wants to hear again when everything before it is settled.
class Checkpoint {
 public:
  virtual ~Checkpoint() = default;
  // Says it, once. `counts` are of the records since the checkpoint before it, of its stream or of all.
  // On the thread that settled the last record, or of another that releases just then; must not block.
  virtual void Release(const RecordCounts& counts) = 0;
};

struct PendingCheckpoint {
  Position at;
  bool covers_all = false;         // every stream (GLOBAL, LEGACY); else one:
  std::optional<StreamNo> stream;  // none: it is not in the catalog, and no record counts
  Instant read;
  std::unique_ptr<Checkpoint> checkpoint;
};

// Of a stream, so far.
struct SettledTotals {
  uint64_t stored = 0;  // records
  uint64_t rejected = 0;
};

// Why a checkpoint waits.
struct WaitingCheckpoint {
  std::optional<StreamNo> stream;  // none: it covers every stream
  Instant read;                    // of the oldest
  uint64_t checkpoints = 0;
  // All that it covers is settled: a hold keeps it, for a phase that has to come first.
  bool held = false;
  struct For {
    StreamNo stream;
    uint64_t records = 0;  // outstanding before it
    Instant oldest;        // when the first of them was read
  };
  std::vector<For> streams;  // the most records first
};

}  // namespace ddb
