// RecordCounts: what became of records, between two checkpoints. Value; any thread.
#pragma once

#include <cstdint>

namespace ddb {

struct RecordCounts {
  uint64_t records = 0;   // stored
  uint64_t rejected = 0;  // not stored, with a reason; the two sum up to the source's count
  uint64_t nulled_values = 0;
  uint64_t truncated_values = 0;

  void Add(const RecordCounts& more) {
    records += more.records;
    rejected += more.rejected;
    nulled_values += more.nulled_values;
    truncated_values += more.truncated_values;
  }
};

}  // namespace ddb
