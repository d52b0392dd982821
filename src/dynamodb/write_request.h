// WriteKind: how items become the requests that write them to one table, and what a reply says became of
// each. It is the one place that knows a request's frame, what stands around an item in it, its operation,
// its limits and its reply; whoever fills, sends and repeats requests holds a WriteKind and sees no brace.
//
// A value: there is one for each table, made with the plan; immutable, any thread. Nothing here is virtual,
// since items are appended on the hot path.
//
//   kind.Begin(body);
//   for each item:  kind.BeginItem(body, op, first);  <the item's bytes>  kind.EndItem(body, op, where they
//   begin); kind.End(body);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "dynamodb/client.h"
#include "dynamodb/table.h"

namespace ddb {

enum class WriteOp : uint8_t {
  kPut,     // of an item: `{"name":value,...}`
  kDelete,  // by a key: the same, with the key's attributes only
};

// One item of a request that was sent.
struct SentItem {
  WriteOp op = WriteOp::kPut;
  std::string_view bytes;  // without what the kind puts around it
};

// Of an item that can never be stored no reply tells among others: the request is refused as a whole, by its
// verdict, and is taken apart until it stands alone.
enum class ItemOutcome : uint8_t {
  kStored,       // or deleted
  kNotYet,       // not this time: it is to be sent again
  kLostToNewer,  // the table holds a newer one: as good as stored
};

// What became of the items of one request.
struct WriteOutcome {
  struct Item {
    uint32_t index = 0;  // in what was sent
    ItemOutcome outcome = ItemOutcome::kNotYet;
  };
  std::vector<Item> others;  // all that are not kStored, each once, in no order
  // What was wrong with the reply, kUnprocessed where items came back; kNone too with a verdict that is not
  // ok, which has its own.
  ReplyFault fault = ReplyFault::kNone;
  Text reason;  // with kErrorAsSuccess: what the error means
  // Write units of the table itself, with its local indexes, which spend of the same; of its global indexes
  // too where the reply does not tell them apart. Absent: it says nothing.
  std::optional<double> consumed;
};

struct WriteKind {
  // What stands around an item of one operation.
  struct Envelope {
    std::string_view begin;
    std::string_view end;
  };

  Operation operation;
  size_t max_items = 1;
  size_t max_bytes = 0;  // of a body
  std::string table;
  TableKeys keys;
  std::string head;  // of a request to the table
  std::string tail;
  std::string_view separator;
  Envelope put;
  Envelope erase;
  // Appends, behind an item at `begin` of the body, what its write needs and is not the same for all items;
  // null: nothing.
  void (*complete)(const WriteKind& kind, size_t begin, Buffer& body) = nullptr;
  // See ReadReply.
  bool (*read)(const WriteKind& kind, const Reply& reply, std::span<const SentItem> sent,
               WriteOutcome& outcome) = nullptr;

  void Begin(Buffer& body) const { body.Append(head); }
  void BeginItem(Buffer& body, WriteOp op, bool first) const {
    if (!first) body.Append(separator);
    body.Append(around(op).begin);
  }
  void EndItem(Buffer& body, WriteOp op, size_t begin) const {
    if (complete != nullptr) complete(*this, begin, body);
    body.Append(around(op).end);
  }
  void End(Buffer& body) const { body.Append(tail); }
  // An item as it stands in a request.
  std::string Around(WriteOp op, std::string_view item) const {
    return std::string(around(op).begin).append(item).append(around(op).end);
  }
  // How many bytes BeginItem appends.
  size_t BeforeItem(WriteOp op, bool first) const {
    return (first ? 0 : separator.size()) + around(op).begin.size();
  }

  // True: the reply tells of each item, in `outcome`. False: it says nothing of single items. Then what
  // happens next is the verdict's reaction, for all of them; with a verdict that is ok, the reply does not
  // add up, the outcome is unknown, and the same bytes are to be sent again.
  [[nodiscard]] bool ReadReply(const Reply& reply, std::span<const SentItem> sent,
                               WriteOutcome& outcome) const {
    outcome.others.clear();
    outcome.fault = ReplyFault::kNone;
    outcome.reason = {};
    outcome.consumed.reset();
    return read(*this, reply, sent, outcome);
  }

  const Envelope& around(WriteOp op) const { return op == WriteOp::kPut ? put : erase; }
};

// BatchWriteItem: puts and deletes together. An entry of a reply's UnprocessedItems counts only when it is,
// by table, operation and key, exactly one of the sent items; else the reply does not add up. Nothing is
// allocated when everything was stored and the reply says no more.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
enum class ConsumedDetail {
  kTotal,    // every engine takes it
  kIndexes,  // the units of each index apart; ScyllaDB's Alternator refuses a request that asks for them
};
WriteKind BatchWrite(std::string_view table, const TableKeys& keys,
                     ConsumedDetail detail = ConsumedDetail::kTotal);

}  // namespace ddb
