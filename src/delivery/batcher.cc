#include "delivery/batcher.h"

#include <algorithm>
#include <utility>

#include "items/item_size.h"

namespace ddb {
namespace {

// What emptied batches keep for the next ones, all together: what a worker has in flight to a table that
// answers soon. It is in the memory budget, half of which is left to others.
constexpr size_t kKeepBytes = 16 << 20;
constexpr size_t kKeepBytesEach = 2 << 20;
// A buffer that is this much larger than what it holds held something large that was cut off.
constexpr size_t kWaste = 1 << 20;

}  // namespace

Batcher::Batcher(const TableTargets& tables, MemoryBudget& budget, Sealed sealed)
    : tables_(tables), budget_(budget), sealed_(std::move(sealed)), by_table_(tables.size()) {}

void Batcher::DropSpares() {
  spare_.clear();
  spare_bytes_ = 0;
}

BatchPtr Batcher::NewBatch(TableNo table) {
  BatchPtr batch;
  if (spare_.empty()) {
    batch = std::make_unique<Batch>();
    batch->charge = Charge(budget_, 0);
  } else {
    batch = std::move(spare_.back());
    spare_.pop_back();
    spare_bytes_ -= batch->charge.bytes();
  }
  batch->table = table;
  batch->operation = kind(table).operation;
  kind(table).Begin(batch->body);
  return batch;
}

Batch& Batcher::Open(TableNo table, Instant now) {
  BatchPtr& batch = by_table_[table];
  if (!batch) {
    batch = NewBatch(table);
    batch->opened = now;
    open_.push_back(table);
  }
  return *batch;
}

size_t Batcher::BeginItem(Batch& batch, WriteOp op) const {
  const size_t mark = batch.body.size();
  kind(batch.table).BeginItem(batch.body, op, batch.items.empty());
  return mark;
}

void Batcher::Rollback(Batch& batch, size_t mark) {
  batch.body.Truncate(mark);
  Weigh(batch);
}

void Batcher::Weigh(Batch& batch) {
  if (batch.body.capacity() > 2 * batch.body.size() + kWaste) batch.body.ShrinkTo(batch.body.size());
  batch.charge.Resize(batch.footprint());
}

void Batcher::EndItem(TableNo table, size_t mark, ItemOrigin origin) {
  BatchPtr& batch = by_table_[table];
  const WriteKind& kind = this->kind(table);
  const WriteOp op = origin.op;
  const size_t begin = mark + kind.BeforeItem(op, batch->items.empty());
  const size_t size = batch->body.size() - begin;
  kind.EndItem(batch->body, op, begin);
  BatchItem item{static_cast<uint32_t>(begin), static_cast<uint32_t>(size), std::move(origin), {}};
  if (batch->body.size() + kind.tail.size() > kind.max_bytes && !batch->items.empty()) {
    // The last item is one too many for a request: it opens the next batch.
    BatchPtr next = NewBatch(table);
    AppendItem(*next, batch->body.view(begin, size), std::move(item));
    next->opened = batch->opened;
    batch->body.Truncate(mark);
    Weigh(*next);
    Seal(table);
    by_table_[table] = std::move(next);
    open_.push_back(table);
    return;
  }
  batch->units += WriteUnits(item.origin.stored_bytes);
  batch->items.push_back(std::move(item));
  Weigh(*batch);
  if (batch->items.size() == kind.max_items) Seal(table);
}

void Batcher::Seal(TableNo table) {
  BatchPtr batch = std::move(by_table_[table]);
  open_.erase(std::find(open_.begin(), open_.end(), table));
  if (batch->items.empty()) {
    Recycle(std::move(batch));
    return;
  }
  kind(table).End(batch->body);
  Weigh(*batch);
  sealed_(std::move(batch));
}

void Batcher::SealAll() {
  while (!open_.empty()) Seal(open_.front());
}

void Batcher::SealOpenedBefore(Instant instant) {
  SealIf([&](TableNo table) { return by_table_[table]->opened <= instant; });
}

void Batcher::SealIf(const std::function<bool(TableNo table)>& wanted) {
  std::vector<TableNo> chosen;
  for (const TableNo table : open_) {
    if (wanted(table)) chosen.push_back(table);
  }
  for (const TableNo table : chosen) Seal(table);
}

Instant Batcher::oldest() const { return by_table_[open_.front()]->opened; }

// ---- to send again

void Batcher::AppendItem(Batch& batch, std::string_view bytes, BatchItem item) const {
  const WriteKind& kind = this->kind(batch.table);
  const WriteOp op = item.origin.op;
  kind.BeginItem(batch.body, op, batch.items.empty());
  item.begin = static_cast<uint32_t>(batch.body.size());
  item.size = static_cast<uint32_t>(bytes.size());
  batch.body.Append(bytes);
  kind.EndItem(batch.body, op, item.begin);
  batch.units += WriteUnits(item.origin.stored_bytes);
  batch.items.push_back(std::move(item));
}

BatchPtr Batcher::CopyOf(const Batch& from, ItemSet items) {
  BatchPtr batch = NewBatch(from.table);
  for (const size_t at : items) AppendItem(*batch, from.item_bytes(from.items[at]), from.items[at]);
  EndCopy(from, *batch);
  return batch;
}

BatchPtr Batcher::CopyWith(const Batch& from, std::string_view bytes) {
  BatchPtr batch = NewBatch(from.table);
  AppendItem(*batch, bytes, from.items.front());
  EndCopy(from, *batch);
  return batch;
}

void Batcher::EndCopy(const Batch& from, Batch& batch) {
  kind(from.table).End(batch.body);
  batch.opened = from.opened;
  batch.whole = from.whole;
  Weigh(batch);
}

void Batcher::Recycle(BatchPtr batch) {
  batch->charge.Resize(0);
  const size_t bytes = batch->held();
  if (bytes > kKeepBytesEach || spare_bytes_ + bytes > kKeepBytes || budget_.tight() ||
      budget_.used() + bytes > budget_.limit() / 2) {
    return;
  }
  batch->body.Clear();
  batch->items.clear();
  batch->due = {};
  batch->attempts = 0;
  batch->reauthentications = 0;
  batch->refused_since = {};
  batch->units = 0;
  batch->admitted = 0;
  batch->is_hot = false;
  batch->is_probe = false;
  batch->whole.reset();
  batch->charge.Resize(bytes);
  spare_bytes_ += bytes;
  spare_.push_back(std::move(batch));
}

}  // namespace ddb
