// Rejections: what the user wants of records that DynamoDB can never hold, and how many there were. The
// policy: fail the run (default), or skip them: counted, said, and, where a dead letter table is named,
// stored there first. Also how many values could be held in another form only. Who takes a record through
// the policy is Settlement. Shared by all workers; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/literal.h"
#include "base/log.h"
#include "base/mutex.h"
#include "delivery/batch.h"

namespace ddb {

struct RejectionPolicy {
  bool skip = false;
  std::optional<TableNo> dead_letters;
  int64_t sync_time_millis = 0;
};

class Rejections {
 public:
  Rejections(RejectionPolicy policy, const TableTargets& tables, Log& log);

  const RejectionPolicy& policy() const { return policy_; }
  // A record was skipped. The first of a stream and reason is a WARN at once.
  void CountSkipped(StreamNo stream, Text reason);
  // A record was changed: so many of its values were nulled, and put in another form
  // (_airbyte_meta.changes).
  void CountChanged(StreamNo stream, size_t nulled, size_t truncated);
  // Of a record that is counted as changed already, so many more values were nulled.
  void CountMoreNulled(StreamNo stream, size_t nulled);
  // A WARN for each stream and reason or kind of change, with its count: at the end of the run.
  void LogTotals();

 private:
  const RejectionPolicy policy_;
  const TableTargets& tables_;
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
