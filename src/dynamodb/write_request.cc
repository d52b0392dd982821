#include "dynamodb/write_request.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>

#include "dynamodb/item_key.h"
#include "dynamodb/limits.h"
#include "json/escape.h"

namespace ddb {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kPutMember = "PutRequest";
constexpr std::string_view kDeleteMember = "DeleteRequest";
constexpr std::string_view kAllStored = R"({"UnprocessedItems":{}})";  // as DynamoDB writes it

// What an entry is recognised by: "P" or "D", then the canonical key. `attributes` holds at least the key's.
std::optional<std::string> Identity(WriteOp op, const dom::element& attributes, const TableKeys& keys) {
  const std::optional<std::string> key = CanonicalKey(attributes, keys);
  if (!key) return std::nullopt;
  return (op == WriteOp::kPut ? "P" : "D") + *key;
}

// Of {"PutRequest":{"Item":...}} or {"DeleteRequest":{"Key":...}}; a member that is null counts as absent.
std::optional<std::string> EntryIdentity(const dom::element& entry, const TableKeys& keys) {
  dom::object object;
  if (entry.get(object)) return std::nullopt;
  std::optional<std::string> identity;
  for (const auto& [name, value] : object) {
    if (value.is_null()) continue;
    const bool put = name == kPutMember;
    if (identity || (!put && name != kDeleteMember)) return std::nullopt;
    dom::element attributes;
    if (value[put ? "Item" : "Key"].get(attributes)) return std::nullopt;
    identity = Identity(put ? WriteOp::kPut : WriteOp::kDelete, attributes, keys);
    if (!identity) return std::nullopt;
  }
  return identity;
}

// The sent items by identity; each is matched once.
class SentItems {
 public:
  SentItems(std::span<const SentItem> sent, const TableKeys& keys) {
    dom::parser parser;
    for (const SentItem& item : sent) {
      dom::element attributes;
      std::optional<std::string> identity;
      if (!parser.parse(item.bytes.data(), item.bytes.size()).get(attributes)) {
        identity = Identity(item.op, attributes, keys);
      }
      items_.push_back(std::move(identity));
    }
  }

  std::optional<uint32_t> Take(const std::string& identity) {
    const auto found = std::find(items_.begin(), items_.end(), identity);
    if (found == items_.end()) return std::nullopt;
    found->reset();
    return static_cast<uint32_t>(found - items_.begin());
  }

 private:
  std::vector<std::optional<std::string>> items_;  // nullopt: taken already
};

bool MatchUnprocessed(const WriteKind& kind, const dom::object& tables, std::span<const SentItem> sent,
                      WriteOutcome& outcome) {
  std::optional<SentItems> items;
  for (const auto& [name, list] : tables) {
    dom::array entries;
    if (name != kind.table || list.get(entries)) return false;
    for (const dom::element entry : entries) {
      const std::optional<std::string> identity = EntryIdentity(entry, kind.keys);
      if (!identity) return false;
      if (!items) items.emplace(sent, kind.keys);
      const std::optional<uint32_t> index = items->Take(*identity);
      if (!index) return false;
      outcome.others.push_back({*index, ItemOutcome::kNotYet});
    }
  }
  return true;
}

constexpr size_t kKeptFor = 16 << 10;  // bytes of a reply

// A global index has a capacity of its own, and the total has its units too: taken for the table's, they
// would halve what is sent to a table with one. A local one spends the table's.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html
std::optional<double> UnitsOfTable(const dom::element& consumed) {
  double units = 0, more = 0;
  if (consumed["Table"]["CapacityUnits"].get(units)) {
    if (consumed["CapacityUnits"].get(units)) return std::nullopt;
    return units;
  }
  dom::object locals;
  if (consumed["LocalSecondaryIndexes"].get(locals)) return units;
  for (const auto& [name, index] : locals) {
    if (!index["CapacityUnits"].get(more)) units += more;
  }
  return units;
}

// What the service says beside the outcome: nothing depends on its being there, or right.
std::optional<double> ConsumedOf(const WriteKind& kind, const dom::element& value) {
  dom::array tables;
  if (value.get(tables)) return std::nullopt;
  for (const dom::element table : tables) {
    std::string_view name;
    if (table["TableName"].get(name)) continue;
    const std::optional<double> units = UnitsOfTable(table);
    const bool is_arn = name.ends_with("/" + kind.table);
    if ((name == kind.table || is_arn) && units && *units >= 0) return units;
  }
  return std::nullopt;
}

bool ReadBatchReply(const WriteKind& kind, const Reply& reply, std::span<const SentItem> sent,
                    WriteOutcome& outcome) {
  if (!reply.verdict.ok()) return false;
  if (reply.body == kAllStored) return true;

  // One of them keeps its buffers, as there is a reply for each request; of a long one they are too large.
  thread_local dom::parser kept;
  dom::parser fresh;
  dom::parser& parser = reply.body.size() <= kKeptFor ? kept : fresh;
  dom::object root;
  outcome.fault = FaultOfBody(reply.body);
  if (reply.body.empty() || parser.parse(reply.body.data(), reply.body.size()).get(root)) return false;
  bool found = false;
  outcome.fault = ReplyFault::kNoUnprocessedItems;
  for (const auto& [name, value] : root) {
    if (IsOfAnError(name) && !value.is_null()) {
      if (const std::optional<Verdict> error = ErrorInSuccess(reply.body)) outcome.reason = error->reason;
      outcome.fault = ReplyFault::kErrorAsSuccess;
      return false;
    }
    if (name == "ConsumedCapacity") outcome.consumed = ConsumedOf(kind, value);
    if (name != "UnprocessedItems") continue;
    dom::object tables;
    if (found || value.get(tables)) return false;
    found = true;
    if (!MatchUnprocessed(kind, tables, sent, outcome)) {
      outcome.fault = ReplyFault::kForeignUnprocessed;
      return false;
    }
  }
  if (found) outcome.fault = outcome.others.empty() ? ReplyFault::kNone : ReplyFault::kUnprocessed;
  return found;
}

}  // namespace

WriteKind BatchWrite(std::string_view table, const TableKeys& keys, ConsumedDetail detail) {
  WriteKind kind;
  kind.operation = {"BatchWriteItem", /*least=*/0};
  kind.max_items = kMaxBatchItems;
  kind.max_bytes = kMaxRequestBytes;
  kind.table = table;
  kind.keys = keys;
  kind.head = R"({"RequestItems":{)";
  json::AppendString(table, kind.head);
  kind.head += ":[";
  kind.tail = detail == ConsumedDetail::kTotal ? R"(]},"ReturnConsumedCapacity":"TOTAL"})"
                                               : R"(]},"ReturnConsumedCapacity":"INDEXES"})";
  kind.separator = ",";
  kind.put = {R"({"PutRequest":{"Item":)", "}}"};
  kind.erase = {R"({"DeleteRequest":{"Key":)", "}}"};
  kind.read = ReadBatchReply;
  return kind;
}

}  // namespace ddb
