// Batch: the items of one BatchWriteItem request, encoded once into the bytes that are sent. One table.
//
// Life: opened and filled by the Batcher, sealed (never changed again), sent by the Dispatcher, and recycled
// when its last item is stored or rejected. A retry sends these bytes again; when only some items are left,
// their bytes are copied into a batch of their own. Owned by one worker; its thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "delivery/checkpoint_ledger.h"
#include "dynamodb/table.h"

namespace ddb {

// A refused record on its way into the dead letter table: settled, as rejected, when all of its parts are
// stored.
struct PendingLetter {
  RecordGroup* group = nullptr;  // null: the run has failed, nothing is settled
  size_t parts = 0;              // not stored yet
};
using PendingLetterPtr = std::shared_ptr<PendingLetter>;

// What became of the items of one request that DynamoDB refused and that was taken apart.
struct Refusal {
  uint32_t items = 0;
  uint32_t refused = 0;     // for `reason`
  uint32_t other = 0;       // stored, or refused for another reason
  std::string_view reason;  // a literal
};

struct BatchItem {
  uint32_t begin = 0;  // of its bytes in the body
  uint32_t size = 0;
  RecordGroup* group = nullptr;  // lives as long as the item is outstanding
  Instant first_refused;         // throttled or unprocessed for the first time; zero: never
  Instant first_alone;           // refused for the first time when it was sent alone; zero: never
  uint32_t alone_refusals = 0;
  PendingLetterPtr letter;  // null: the record itself
};

struct Batch {
  int table = 0;
  Buffer body;
  std::vector<BatchItem> items;
  Instant opened;                    // when its first item came
  Instant due;                       // not to be sent before (a retry)
  uint32_t attempts = 0;             // failed so far, for the backoff
  std::shared_ptr<Refusal> refusal;  // the refused request that it is a part of; null: none
  uint32_t reauthentications = 0;    // in a row
  Instant sent;
  size_t charged = 0;  // bytes held in the memory budget for it

  // What it holds in memory.
  size_t held() const {
    return sizeof(Batch) + Buffer::kHeadRoom + body.capacity() + items.capacity() * sizeof(BatchItem);
  }
  // The same with a reply that returns all of it as unprocessed.
  size_t footprint() const { return held() + body.capacity(); }
  std::string_view item_bytes(const BatchItem& item) const { return body.view(item.begin, item.size); }
};
using BatchPtr = std::unique_ptr<Batch>;

// Where items of one stream go, or dead letters. Fixed before the workers start; read-only after; any thread.
struct TableTarget {
  std::string name;
  StreamId stream;
  TableKeys keys;
  std::string request_prefix;       // {"RequestItems":{"name":[
  std::string_view request_suffix;  // ]}}, a literal
};

}  // namespace ddb
