// StateCheckpoint: a STATE's line on its way back: kept byte for byte until the ledger releases it, then said
// with its destinationStats. Made by the worker that parses its chunk; released on any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "airbyte/message.h"
#include "airbyte/message_writer.h"
#include "airbyte/state_line.h"
#include "base/memory_budget.h"
#include "delivery/checkpoint_ledger.h"

namespace ddb {

class StateCheckpoint final : public Checkpoint {
 public:
  // `fields` are of `line`; its stream, a view into the line's chunk, is not kept.
  StateCheckpoint(std::string_view line, const StateFields& fields, MessageWriter& writer,
                  MemoryBudget& budget)
      : fields_(fields), writer_(writer) {
    fields_.stream = {};
    // A long one, which can be as long as the memory allows, is not held twice when it leaves.
    line_.reserve(line.size() + (line.size() >= kLong ? kMostStatsBytes : 0));
    line_.assign(line);
    charge_ = Charge(budget, line_.capacity() + kOverhead);
  }
  void Release(const RecordCounts& counts) override {
    writer_.WriteLine(WithDestinationStats(std::move(line_), fields_, counts));
  }

 private:
  // In memory beside the line: this, its place in the ledger's map, the allocator's part. Bytes.
  static constexpr size_t kOverhead = sizeof(PendingCheckpoint) + 300;
  static constexpr size_t kLong = 64 * 1024;

  std::string line_;
  StateFields fields_;
  MessageWriter& writer_;
  Charge charge_;
};

}  // namespace ddb
