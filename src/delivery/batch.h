// Batch: the items of one request, encoded once into the bytes that are sent. One table.
//
// Life: opened and filled by the Batcher, sealed (never changed again), sent by the SendQueue, and recycled
// when what became of its last item is known. A retry sends these bytes again; when only some items are left,
// their bytes are copied into a batch of their own. Owned by one worker; its thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/literal.h"
#include "base/memory_budget.h"
#include "delivery/checkpoint_ledger.h"
#include "delivery/path_bound.h"
#include "dynamodb/write_request.h"

namespace ddb {

// A rejected record on its way into the dead letter table: settled, as rejected, when all of its parts are
// stored.
struct PendingLetter {
  RecordGroup* group = nullptr;  // null: the run has failed, nothing is settled
  size_t parts = 0;              // not stored yet
};
using PendingLetterPtr = std::shared_ptr<PendingLetter>;

// What became of the items of one request that DynamoDB refused and that was taken apart; shared by the
// batches that it was taken apart into.
struct TakenApart {
  uint32_t items = 0;
  uint32_t refused = 0;  // for `reason`
  uint32_t other = 0;    // stored, or refused for another reason
  Text reason;
};

// What an item is, beside its bytes.
struct ItemOrigin {
  RecordGroup* group = nullptr;  // lives as long as the item is outstanding
  PendingLetterPtr letter;       // null: the record itself
  bool is_changed = false;       // the record is among those that are said to be changed (Rejections)
  WriteOp op = WriteOp::kPut;
  uint32_t stored_bytes = 0;  // as DynamoDB counts them, at the most: its write units follow from them
};

// How often its table did not take an item.
struct RefusalHistory {
  Instant first_refused;  // throttled or unprocessed for the first time; zero: never
  Instant first_alone;    // for the first time when it was sent alone, and was overdue; zero: never
  uint32_t alone = 0;     // so often

  void Add(bool was_alone, Instant now) {
    if (first_refused == Instant{}) first_refused = now;
    if (!was_alone) return;
    if (first_alone == Instant{}) first_alone = now;
    ++alone;
  }
};

struct BatchItem {
  uint32_t begin = 0;  // of its bytes in the body, without what the kind of write puts around them
  uint32_t size = 0;
  ItemOrigin origin;
  RefusalHistory history;
};

struct Batch {
  TableNo table;
  Operation operation;  // of its request
  Buffer body;
  std::vector<BatchItem> items;
  uint32_t units = 0;                 // write units, by the sizes of its items
  Instant opened;                     // when its first item came
  Instant due;                        // not to be sent before (a retry)
  uint32_t attempts = 0;              // failed so far, for the backoff
  std::shared_ptr<TakenApart> whole;  // the refused request that it is a part of; null: none
  uint32_t reauthentications = 0;     // in a row
  Instant refused_since;              // by what may be a lapse, in a row; zero: not so
  PathBound::Ticket ticket;           // while it is in flight
  double admitted = 0;                // and units that the gate of its table has counted for it
  bool is_hot = false;                // refused for what one partition of its table takes
  bool is_probe = false;              // one item, to find out why its table is throttled
  Charge charge;                      // on the memory budget

  // What it holds in memory.
  size_t held() const {
    return sizeof(Batch) + body.head_room() + body.capacity() + items.capacity() * sizeof(BatchItem);
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
  WriteKind write;
};
using TableTargets = NumberedVector<TableNo, TableTarget>;

}  // namespace ddb
