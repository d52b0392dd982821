#include "pipeline/key_lanes.h"

#include <algorithm>
#include <utility>

#include "dynamodb/limits.h"

namespace ddb {
namespace {

// Of a write, beside its key and its bytes: its places in the map and the list, what settles it. Bytes.
constexpr size_t kWriteOverhead = 400;

}  // namespace

size_t KeyedItemCost(std::string_view key, std::string_view bytes) {
  return bytes.size() + 2 * key.size() + kWriteOverhead;
}

size_t OwnerOf(const std::string& key, size_t owners) { return std::hash<std::string>()(key) % owners; }

KeyLanes::KeyLanes(const std::vector<TableTarget>& tables, Batcher& batcher, MemoryBudget& budget)
    : tables_(tables), batcher_(batcher), budget_(budget) {}

void KeyLanes::Accept(Parcel parcel, Instant now) {
  const uint64_t chunk = parcel.chunk;
  early_.emplace(chunk, std::move(parcel));
  for (auto next = early_.begin(); next != early_.end() && next->first == next_chunk_;
       next = early_.begin()) {
    for (KeyedItem& item : next->second.items) Apply(std::move(item), now);
    early_.erase(next);
    ++next_chunk_;
  }
}

void KeyLanes::Apply(KeyedItem item, Instant now) {
  Key key{item.table, item.key};
  const auto open = open_.find(item.table);
  if (open != open_.end() && open->second.bytes + item.bytes.size() > kMaxRequestBytes / 2) {
    const auto older = writes_.find(key);
    // Before `write` is looked up: a table that has failed settles at once what is sealed.
    if (older != writes_.end() && older->second.open) Seal(item.table);
  }
  const auto [found, is_new] = writes_.try_emplace(std::move(key));
  Write& write = found->second;
  const size_t cost = KeyedItemCost(item.key, item.bytes);
  if (is_new) {
    auto keyed = std::make_shared<KeyedWrite>(KeyedWrite{item.table, std::move(item.key), cost, {}});
    AddToOpen({std::move(keyed), std::move(item.bytes), item.group}, now);
    return;
  }
  OpenItem* older = nullptr;
  if (write.open) {
    older = &**write.open;
    OpenBatch& batch = open_[item.table];
    batch.bytes += item.bytes.size() - older->bytes.size();
  } else if (write.held) {
    older = &*write.held;
  } else {
    auto keyed = std::make_shared<KeyedWrite>(KeyedWrite{item.table, std::move(item.key), cost, {}});
    write.held = OpenItem{std::move(keyed), std::move(item.bytes), item.group};
    return;
  }
  older->write->charged += cost;
  older->write->replaced.push_back({std::exchange(older->bytes, std::move(item.bytes)), older->group});
  older->group = item.group;
}

void KeyLanes::AddToOpen(OpenItem item, Instant now) {
  const int table = item.write->table;
  const TableTarget& target = tables_[static_cast<size_t>(table)];
  const size_t frame = target.request_prefix.size() + target.request_suffix.size() + kMaxBatchItems;
  OpenBatch* batch = &open_[table];
  if (!batch->items.empty() && batch->bytes + item.bytes.size() + frame > kMaxRequestBytes) {
    Seal(table);
    batch = &open_[table];
  }
  if (batch->items.empty()) batch->opened = now;
  batch->bytes += item.bytes.size();
  Write& write = writes_[{table, item.write->key}];
  batch->items.push_back(std::move(item));
  write.open = std::prev(batch->items.end());
  if (batch->items.size() == kMaxBatchItems) Seal(table);
}

void KeyLanes::Seal(int table) {
  const auto open = open_.find(table);
  OpenBatch batch = std::move(open->second);
  open_.erase(open);
  BatchPtr sealed = batcher_.NewBatch(table);
  sealed->opened = batch.opened;
  for (OpenItem& item : batch.items) {
    writes_[{table, item.write->key}].open.reset();
    budget_.Release(item.bytes.size());  // the batch is charged for itself
    item.write->charged -= item.bytes.size();
    Batcher::AppendItem(*sealed, item.bytes, item.group).write = std::move(item.write);
  }
  batcher_.SealBatch(std::move(sealed));
}

void KeyLanes::Settled(const KeyedWrite& settled, Instant now) {
  budget_.Release(settled.charged);
  const auto found = writes_.find({settled.table, settled.key});
  if (!found->second.held) {
    writes_.erase(found);
    return;
  }
  OpenItem held = *std::move(found->second.held);
  found->second.held.reset();
  AddToOpen(std::move(held), now);
}

void KeyLanes::SealAll() {
  while (!open_.empty()) Seal(open_.begin()->first);
}

void KeyLanes::SealOpenedBefore(Instant instant) {
  std::vector<int> old;
  for (const auto& [table, batch] : open_) {
    if (batch.opened <= instant) old.push_back(table);
  }
  for (const int table : old) Seal(table);
}

Instant KeyLanes::oldest() const {
  return std::min_element(open_.begin(), open_.end(),
                          [](const auto& a, const auto& b) { return a.second.opened < b.second.opened; })
      ->second.opened;
}

}  // namespace ddb
