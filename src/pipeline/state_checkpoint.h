// StateCheckpoint: a STATE's line on its way back: kept byte for byte until the ledger releases it, then said
// with its destinationStats. A line that has kMostStatsBytes more room is not copied for that. Made by the
// worker that parses its chunk; released on any thread.
#pragma once

#include <string>
#include <utility>

#include "airbyte/message.h"
#include "airbyte/message_writer.h"
#include "airbyte/state_line.h"
#include "base/memory_budget.h"
#include "delivery/checkpoint_ledger.h"

namespace ddb {

// From here on a STATE is moved rather than copied.
inline constexpr size_t kLongState = 64 * 1024;

class StateCheckpoint final : public Checkpoint {
 public:
  // `fields` are of `line`; its stream, a view into the line's chunk, is not kept.
  StateCheckpoint(std::string line, const StateFields& fields, MessageWriter& writer, MemoryBudget& budget)
      : line_(std::move(line)),
        fields_(fields),
        writer_(writer),
        charge_(budget, line_.capacity() + kOverhead) {
    fields_.stream = {};
  }
  void Release(const RecordCounts& counts) override {
    writer_.WriteLine(WithDestinationStats(std::move(line_), fields_, counts));
  }

 private:
  // In memory beside the line: this, its place in the ledger's map, the allocator's part. Bytes.
  static constexpr size_t kOverhead = sizeof(PendingCheckpoint) + 300;

  std::string line_;
  StateFields fields_;
  MessageWriter& writer_;
  Charge charge_;
};

}  // namespace ddb
