// Rejections: what happens to records that DynamoDB can never hold, and how many there were. The policy is
// the user's: fail the run (default), or skip them: counted, said, and, where a dead letter table is named,
// stored there first. Also how many values could be held in another form only. Shared by all workers; any
// thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "delivery/batch.h"

namespace ddb {

struct RejectionPolicy {
  bool skip = false;
  std::optional<int> dead_letters;  // index of the dead letter table among the tables
  int64_t sync_time_millis = 0;
};

class Rejections {
 public:
  // So many batches in a row, of at least so many items each, all refused for one reason: that is no bad
  // record but a wrong set-up.
  static constexpr int kStormBatches = 3;
  static constexpr uint32_t kStormItems = 10;

  Rejections(RejectionPolicy policy, const std::vector<TableTarget>& tables, Log& log);

  const RejectionPolicy& policy() const { return policy_; }
  // `reason` is a literal. The first of a stream and reason is a WARN at once.
  void Count(int stream, std::string_view reason);
  // Of one record: values that were nulled, and that were put in another form (_airbyte_meta.changes).
  void CountChanges(int stream, size_t nulled, size_t truncated);
  // A WARN for each stream and reason or kind of change, with its count: at the end of the run.
  void LogTotals();

  // What became of a batch: the reason for which all of its items were refused, or empty. True: a storm.
  bool NoteBatch(int table, uint32_t items, std::optional<std::string_view> all_refused_for);

 private:
  struct Streak {
    std::atomic<int> batches{0};
    std::string_view reason;  // guarded by mu_
  };
  const RejectionPolicy policy_;
  const std::vector<TableTarget>& tables_;
  Log& log_;
  mutable Mutex mu_;
  std::map<std::pair<int, std::string_view>, uint64_t> counts_ GUARDED_BY(mu_);
  struct Changes {
    uint64_t records = 0;
    uint64_t nulled = 0;
    uint64_t truncated = 0;
  };
  std::map<int, Changes> changes_ GUARDED_BY(mu_);  // by stream
  std::vector<Streak> streaks_;
};

}  // namespace ddb
