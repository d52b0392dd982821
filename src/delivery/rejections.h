// Rejections: how many records there were that DynamoDB can never hold, and how many values that it could
// hold in another form only; counted and said. What the user wants of such records is in the plan; who takes
// a record through that is Settlement. Shared by all workers; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/literal.h"
#include "base/log.h"
#include "base/mutex.h"
#include "delivery/run_plan.h"

namespace ddb {

class Rejections {
 public:
  Rejections(const RunPlan& plan, Log& log) : plan_(plan), log_(log) {}

  // A record was skipped. The first of a stream and reason is a WARN at once.
  void CountSkipped(StreamNo stream, Text reason);
  // A record was changed: so many of its values were nulled, and put in another form
  // (_airbyte_meta.changes). kAgain: it is counted as changed already, and these are more values.
  enum Change { kFirst, kAgain };
  void CountChanged(StreamNo stream, size_t nulled, size_t truncated, Change change = kFirst);
  uint64_t changed(StreamNo stream) const;  // records
  // A WARN for each stream and reason or kind of change, with its count: at the end of the run.
  void LogTotals();

 private:
  const RunPlan& plan_;
  Log& log_;
  mutable Mutex mu_;
  std::map<std::pair<StreamNo, Text>, uint64_t> skipped_ GUARDED_BY(mu_);
  struct Changes {
    uint64_t records = 0;
    uint64_t nulled = 0;
    uint64_t truncated = 0;
  };
  std::map<StreamNo, Changes> changes_ GUARDED_BY(mu_);
};

}  // namespace ddb
