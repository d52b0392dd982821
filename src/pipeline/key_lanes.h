// KeyLanes: last write wins per key (P4), for tables whose records can repeat a key. Tables with unique keys
// never come here.
//
// Every key belongs to one worker, its owner. For every chunk, the worker that parsed it sends one Parcel to
// every owner (itself and empty ones included); an owner applies parcels in chunk order. So writes of a key
// are seen in the order of reading, whoever parsed them. Of a key, at most one write is on its way: a newer
// one replaces it while its batch is still open, and is held back while it is in flight or waits for its
// retry. A write that was replaced is settled with the one that replaced it, and takes its place if that one
// is refused for good. One KeyLanes per worker; its thread only.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/memory_budget.h"
#include "pipeline/batcher.h"

namespace ddb {

// One encoded record of a keyed table, on its way to the owner of its key.
struct KeyedItem {
  int table = 0;
  std::string key;    // canonical: equal exactly when DynamoDB takes two keys as one
  std::string bytes;  // one {"PutRequest":...}
  RecordGroup* group = nullptr;
};

struct Parcel {
  uint64_t chunk = 0;
  std::vector<KeyedItem> items;  // in the order of reading
};

// A write of a key on its way: which key is free when it is settled, and which older writes it replaced.
struct KeyedWrite {
  int table = 0;
  std::string key;
  size_t charged = 0;  // bytes held in the memory budget for it, beside the batch that it is in
  struct Replaced {
    std::string bytes;
    RecordGroup* group;
  };
  std::vector<Replaced> replaced;  // the oldest first
};
// What a keyed item costs until it is settled (its bytes: until they are in a batch); charged when it is
// parsed.
size_t KeyedItemCost(std::string_view key, std::string_view bytes);

class KeyLanes {
 public:
  KeyLanes(const std::vector<TableTarget>& tables, Batcher& batcher, MemoryBudget& budget);

  // Any order; applied once everything before it has been.
  void Accept(Parcel parcel, Instant now);
  // The write is settled: the key is free, and what was held back for it goes on.
  void Settled(const KeyedWrite& write, Instant now);

  void SealAll();
  void SealOpenedBefore(Instant instant);
  bool empty() const { return open_.empty() && writes_.empty() && early_.empty(); }
  bool has_open() const { return !open_.empty(); }
  Instant oldest() const;  // of the open batches; only if has_open()

 private:
  struct OpenItem {
    std::shared_ptr<KeyedWrite> write;
    std::string bytes;
    RecordGroup* group;
  };
  using OpenItems = std::list<OpenItem>;
  struct OpenBatch {
    OpenItems items;
    size_t bytes = 0;
    Instant opened;
  };
  struct Write {
    std::optional<OpenItems::iterator> open;  // empty: sealed, the key is busy
    std::optional<OpenItem> held;             // the newest write behind a busy one
  };
  using Key = std::pair<int, std::string>;
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return std::hash<std::string>()(key.second) ^ static_cast<size_t>(key.first);
    }
  };

  void Apply(KeyedItem item, Instant now);
  void AddToOpen(OpenItem item, Instant now);
  void Seal(int table);

  const std::vector<TableTarget>& tables_;
  Batcher& batcher_;
  MemoryBudget& budget_;
  uint64_t next_chunk_ = 0;
  std::map<uint64_t, Parcel> early_;  // of chunks whose turn has not come
  std::map<int, OpenBatch> open_;     // by table
  std::unordered_map<Key, Write, KeyHash> writes_;
};

// The owner of a key among so many.
size_t OwnerOf(const std::string& key, size_t owners);

}  // namespace ddb
