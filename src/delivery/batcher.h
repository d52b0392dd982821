// Batcher: makes batches. One open batch per table, into which records are encoded in place, sealed by the
// limits of its kind of write, by age, at the end, or because a STATE waits; and copies of parts of batches
// that are to be sent again. What batches take is charged to the memory budget as they grow. One per worker;
// its thread only.
//
//   Batch& batch = batcher.Open(table, now);
//   size_t mark = batcher.BeginItem(batch);          // encode behind it
//   batcher.EndItem(table, mark, {.group = group});  // or batcher.Rollback(batch, mark)
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/memory_budget.h"
#include "delivery/batch.h"
#include "delivery/item_set.h"

namespace ddb {

class Batcher {
 public:
  // Gets sealed batches; must not come back to open or end items.
  using Sealed = std::function<void(BatchPtr)>;
  Batcher(const TableTargets& tables, MemoryBudget& budget, Sealed sealed);
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  Batch& Open(TableNo table, Instant now);
  size_t BeginItem(Batch& batch, WriteOp op = WriteOp::kPut) const;
  void Rollback(Batch& batch, size_t mark);
  void EndItem(TableNo table, size_t mark, ItemOrigin origin);

  void SealAll();
  void SealOpenedBefore(Instant instant);
  // Seals the open batches of the tables for which `wanted` is true.
  void SealIf(const std::function<bool(TableNo table)>& wanted);

  bool empty() const { return open_.empty(); }
  Instant oldest() const;  // when the oldest open batch was opened; only if not empty

  // Sealed batches to send again, in place of `from`, which stays as it is: some of its items, by their own
  // bytes; or its one item, by these bytes.
  BatchPtr CopyOf(const Batch& from, ItemSet items);
  BatchPtr CopyWith(const Batch& from, std::string_view bytes);

  void Recycle(BatchPtr batch);
  void DropSpares();  // of recycled batches, when the memory budget is tight

 private:
  BatchPtr NewBatch(TableNo table);  // with the request's begin in its body
  void AppendItem(Batch& batch, std::string_view bytes, BatchItem item) const;
  void EndCopy(const Batch& from, Batch& batch);
  void Seal(TableNo table);
  const WriteKind& kind(TableNo table) const { return tables_[table].write; }
  // Corrects what the memory budget holds for a batch to what it takes; after it has changed.
  static void Weigh(Batch& batch);

  const TableTargets& tables_;
  MemoryBudget& budget_;
  const Sealed sealed_;
  NumberedVector<TableNo, BatchPtr> by_table_;
  std::vector<TableNo> open_;  // tables with an open batch, in the order of opening
  std::vector<BatchPtr> spare_;
  size_t spare_bytes_ = 0;
};

}  // namespace ddb
