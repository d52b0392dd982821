// ReadBatchWriteReply, the rare path: matching UnprocessedItems with what was sent.
#include <simdjson.h>

#include <algorithm>

#include "dynamodb/item_key.h"
#include "dynamodb/responses.h"

namespace ddb {
namespace {

namespace dom = simdjson::dom;

// "P" or "D", then the canonical key: what an entry is recognised by. `request` is
// {"PutRequest":{"Item":...}} or {"DeleteRequest":{"Key":...}}; a member that is null counts as absent.
std::optional<std::string> Identity(const dom::element& request, const TableKeys& keys) {
  dom::object object;
  if (request.get(object)) return std::nullopt;
  std::optional<std::string> identity;
  for (const auto& [name, value] : object) {
    if (value.is_null()) continue;
    const bool put = name == "PutRequest";
    if (identity || (!put && name != "DeleteRequest")) return std::nullopt;
    dom::element attributes;
    if (value[put ? "Item" : "Key"].get(attributes)) return std::nullopt;
    const std::optional<std::string> key = CanonicalKey(attributes, keys);
    if (!key) return std::nullopt;
    identity = (put ? "P" : "D") + *key;
  }
  return identity;
}

// The sent items by identity; each is matched once.
class SentItems {
 public:
  SentItems(std::span<const std::string_view> sent, const TableKeys& keys) {
    dom::parser parser;
    for (const std::string_view bytes : sent) {
      dom::element request;
      std::optional<std::string> identity;
      if (!parser.parse(bytes.data(), bytes.size()).get(request)) identity = Identity(request, keys);
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

bool MatchUnprocessed(const dom::object& tables, std::string_view table, const TableKeys& keys,
                      std::span<const std::string_view> sent, std::vector<uint32_t>& unprocessed) {
  std::optional<SentItems> items;
  for (const auto& [name, list] : tables) {
    dom::array requests;
    if (name != table || list.get(requests)) return false;
    for (const dom::element request : requests) {
      const std::optional<std::string> identity = Identity(request, keys);
      if (!identity) return false;
      if (!items) items.emplace(sent, keys);
      const std::optional<uint32_t> index = items->Take(*identity);
      if (!index) return false;
      unprocessed.push_back(*index);
    }
  }
  return true;
}

// Absent or odd: nothing. It only informs the rate controller.
std::optional<double> ConsumedUnits(const dom::element& list, std::string_view table) {
  dom::array entries;
  if (list.get(entries)) return std::nullopt;
  std::optional<double> total;
  for (const dom::element entry : entries) {
    std::string_view name;
    double units = 0;
    if (entry["TableName"].get(name) || name != table || entry["CapacityUnits"].get(units)) continue;
    total = total.value_or(0) + units;
  }
  return total;
}

}  // namespace

bool ReadBatchWriteReply(std::string_view body, std::string_view table, const TableKeys& keys,
                         std::span<const std::string_view> sent, BatchWriteOutcome& outcome) {
  outcome.unprocessed.clear();
  outcome.consumed_units.reset();
  if (body == R"({"UnprocessedItems":{}})") return true;  // as DynamoDB writes it

  dom::parser parser;
  dom::object root;
  if (body.empty() || parser.parse(body.data(), body.size()).get(root)) return false;
  bool found = false;
  for (const auto& [name, value] : root) {
    if (name == "ConsumedCapacity") outcome.consumed_units = ConsumedUnits(value, table);
    if (name != "UnprocessedItems") continue;
    dom::object tables;
    if (found || value.get(tables)) return false;
    found = true;
    if (!MatchUnprocessed(tables, table, keys, sent, outcome.unprocessed)) return false;
  }
  return found;
}

}  // namespace ddb
