// Batcher: one open batch per table, into which records are encoded in place, sealed by 25 items, by wire
// bytes, by age, at the end, or because a STATE waits. What its batches take is charged to the memory budget
// as they grow. One per worker; its thread only.
//
//   Batch& batch = batcher.Open(table, now);
//   size_t mark = Batcher::BeginItem(batch);      // encode behind it
//   batcher.EndItem(table, mark, group);          // or batcher.Rollback(batch, mark)
#pragma once

#include <functional>
#include <vector>

#include "base/memory_budget.h"
#include "delivery/batch.h"

namespace ddb {

class Batcher {
 public:
  // An open batch is sealed when its first item is this old, so that a slow source's records never wait for
  // company.
  static constexpr Duration kMaxAge = std::chrono::milliseconds(200);

  using Sealed = std::function<void(BatchPtr)>;
  Batcher(const std::vector<TableTarget>& tables, MemoryBudget& budget, Sealed sealed);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  Batch& Open(int table, Instant now);
  static size_t BeginItem(Batch& batch);
  void Rollback(Batch& batch, size_t mark);
  void EndItem(int table, size_t mark, RecordGroup* group, PendingLetterPtr letter = nullptr);

  // Corrects what the memory budget holds for a batch to what it takes; after it has changed.
  void Charge(Batch& batch);
  static BatchItem& AppendItem(Batch& batch, std::string_view bytes, RecordGroup* group);

  void SealAll();
  void SealOpenedBefore(Instant instant);
  // Seals the open batches of the tables for which `wanted` is true.
  void SealIf(const std::function<bool(int table)>& wanted);

  bool empty() const { return open_.empty(); }
  Instant oldest() const;  // when the oldest open batch was opened; only if not empty
  void Recycle(BatchPtr batch);
  void DropSpares();             // of recycled batches, when the memory budget is tight
  BatchPtr NewBatch(int table);  // with the request's prefix in its body

 private:
  void Seal(int table);

  const std::vector<TableTarget>& tables_;
  MemoryBudget& budget_;
  const Sealed sealed_;
  std::vector<BatchPtr> by_table_;
  std::vector<int> open_;  // tables with an open batch, in the order of opening
  std::vector<BatchPtr> spare_;
  size_t spare_bytes_ = 0;
};

}  // namespace ddb
