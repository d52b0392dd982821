#include "delivery/batcher.h"

#include <algorithm>
#include <utility>

#include "dynamodb/limits.h"

namespace ddb {
namespace {

// What emptied batches keep for the next ones, all together: what a worker has in flight to a table that
// answers soon. It is in the memory budget, half of which is left to others.
constexpr size_t kKeepBytes = 16 << 20;
constexpr size_t kKeepBytesEach = 2 << 20;
// A buffer that is this much larger than what it holds held something large that was cut off.
constexpr size_t kWaste = 1 << 20;

}  // namespace

Batcher::Batcher(const std::vector<TableTarget>& tables, MemoryBudget& budget, Sealed sealed)
    : tables_(tables), budget_(budget), sealed_(std::move(sealed)), by_table_(tables.size()) {}

Batcher::~Batcher() { DropSpares(); }

void Batcher::DropSpares() {
  budget_.Release(spare_bytes_);
  spare_.clear();
  spare_bytes_ = 0;
}

BatchPtr Batcher::NewBatch(int table) {
  BatchPtr batch;
  if (spare_.empty()) {
    batch = std::make_unique<Batch>();
  } else {
    batch = std::move(spare_.back());
    spare_.pop_back();
    const size_t bytes = batch->held();
    spare_bytes_ -= bytes;
    budget_.Release(bytes);
  }
  batch->table = table;
  batch->body.Append(tables_[static_cast<size_t>(table)].request_prefix);
  return batch;
}

Batch& Batcher::Open(int table, Instant now) {
  BatchPtr& batch = by_table_[static_cast<size_t>(table)];
  if (!batch) {
    batch = NewBatch(table);
    batch->opened = now;
    open_.push_back(table);
  }
  return *batch;
}

size_t Batcher::BeginItem(Batch& batch) {
  const size_t mark = batch.body.size();
  if (!batch.items.empty()) batch.body.Append(',');
  return mark;
}

void Batcher::Rollback(Batch& batch, size_t mark) {
  batch.body.Truncate(mark);
  Charge(batch);
}

void Batcher::Charge(Batch& batch) {
  if (batch.body.capacity() > 2 * batch.body.size() + kWaste) batch.body.ShrinkTo(batch.body.size());
  const size_t footprint = batch.footprint();
  if (footprint > batch.charged) budget_.Add(footprint - batch.charged);
  if (footprint < batch.charged) budget_.Release(batch.charged - footprint);
  batch.charged = footprint;
}

void Batcher::EndItem(int table, size_t mark, RecordGroup* group, PendingLetterPtr letter) {
  BatchPtr& batch = by_table_[static_cast<size_t>(table)];
  const size_t begin = mark + (batch->items.empty() ? 0 : 1);
  const size_t size = batch->body.size() - begin;
  const size_t suffix = tables_[static_cast<size_t>(table)].request_suffix.size();
  if (batch->body.size() + suffix > kMaxRequestBytes && !batch->items.empty()) {
    // The last item is one too many for a request: it opens the next batch.
    BatchPtr next = NewBatch(table);
    AppendItem(*next, batch->body.view(begin, size), group).letter = std::move(letter);
    next->opened = batch->opened;
    batch->body.Truncate(mark);
    Charge(*next);
    Seal(table);
    by_table_[static_cast<size_t>(table)] = std::move(next);
    open_.push_back(table);
    return;
  }
  batch->items.push_back(
      {static_cast<uint32_t>(begin), static_cast<uint32_t>(size), group, {}, {}, 0, std::move(letter)});
  Charge(*batch);
  if (batch->items.size() == kMaxBatchItems) Seal(table);
}

void Batcher::Seal(int table) {
  BatchPtr batch = std::move(by_table_[static_cast<size_t>(table)]);
  open_.erase(std::find(open_.begin(), open_.end(), table));
  if (batch->items.empty()) {
    Recycle(std::move(batch));
    return;
  }
  batch->body.Append(tables_[static_cast<size_t>(table)].request_suffix);
  Charge(*batch);
  sealed_(std::move(batch));
}

BatchItem& Batcher::AppendItem(Batch& batch, std::string_view bytes, RecordGroup* group) {
  if (!batch.items.empty()) batch.body.Append(',');
  BatchItem& item = batch.items.emplace_back();
  item.begin = static_cast<uint32_t>(batch.body.size());
  item.size = static_cast<uint32_t>(bytes.size());
  item.group = group;
  batch.body.Append(bytes);
  return item;
}

void Batcher::SealAll() {
  while (!open_.empty()) Seal(open_.front());
}

void Batcher::SealOpenedBefore(Instant instant) {
  SealIf([&](int table) { return by_table_[static_cast<size_t>(table)]->opened <= instant; });
}

void Batcher::SealIf(const std::function<bool(int table)>& wanted) {
  std::vector<int> chosen;
  for (const int table : open_) {
    if (wanted(table)) chosen.push_back(table);
  }
  for (const int table : chosen) Seal(table);
}

Instant Batcher::oldest() const { return by_table_[static_cast<size_t>(open_.front())]->opened; }

void Batcher::Recycle(BatchPtr batch) {
  budget_.Release(batch->charged);
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
  batch->charged = 0;
  batch->refusal.reset();
  spare_bytes_ += bytes;
  budget_.Add(bytes);
  spare_.push_back(std::move(batch));
}

}  // namespace ddb
