// GetItem and Scan, so that a client can read back what was stored.
#include <zlib.h>

#include <nlohmann/json.hpp>

#include "scripted_server/json_body.h"
#include "scripted_server/service.h"

namespace scripted {
namespace {

using nlohmann::json;

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.Pagination
constexpr size_t kMaxPageBytes = 1024 * 1024;

// Names of the top-level attributes in a ProjectionExpression.
std::vector<std::string> Projection(const json& request) {
  std::vector<std::string> names;
  std::string expression = request.value("ProjectionExpression", "");
  for (size_t at = 0; at < expression.size();) {
    size_t comma = std::min(expression.find(',', at), expression.size());
    std::string name = expression.substr(at, comma - at);
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    if (name.starts_with('#')) name = request["ExpressionAttributeNames"].value(name, name);
    names.push_back(name);
    at = comma + 1;
  }
  return names;
}

json Project(const json& item, const std::vector<std::string>& names) {
  if (names.empty()) return item;
  json out = json::object();
  for (const std::string& name : names) {
    if (item.contains(name)) out[name] = item[name];
  }
  return out;
}

Refusal StoredKey(const json& key, const KeySchema& schema, std::string& out) {
  simdjson::dom::parser parser;
  std::string text = key.dump();
  std::string hash_key;
  return KeyOf(parser.parse(text).value(), schema, true, out, hash_key);
}

json KeyJson(const json& item, const KeySchema& schema) {
  json key = {{schema.hash.name, item[schema.hash.name]}};
  if (!schema.range.name.empty()) key[schema.range.name] = item[schema.range.name];
  return key;
}

}  // namespace

Reply Service::GetItem(Exchange& exchange) {
  json request = ParseBody(exchange.facts.body);
  auto lock = tables_.Lock();
  Table* table = request.is_object() ? tables_.Find(request.value("TableName", "")) : nullptr;
  if (table == nullptr) return ErrorReply("ResourceNotFoundException", "Requested resource not found");
  std::string key;
  if (Refusal refusal = StoredKey(request["Key"], table->schema, key); !refusal.ok()) {
    return ErrorReply(refusal.error, refusal.message);
  }
  auto found = table->items.find(key);
  if (found == table->items.end()) return Ok(json::object());
  return Ok({{"Item", Project(json::parse(found->second.json), Projection(request))}});
}

Reply Service::Scan(Exchange& exchange) {
  json request = ParseBody(exchange.facts.body);
  auto lock = tables_.Lock();
  Table* table = request.is_object() ? tables_.Find(request.value("TableName", "")) : nullptr;
  if (table == nullptr) return ErrorReply("ResourceNotFoundException", "Requested resource not found");
  if (request.contains("FilterExpression"))
    return ErrorReply("ValidationException", "filters are not scripted");
  auto at = table->items.begin();
  if (request.contains("ExclusiveStartKey")) {
    std::string key;
    if (Refusal refusal = StoredKey(request["ExclusiveStartKey"], table->schema, key); !refusal.ok()) {
      return ErrorReply(refusal.error, refusal.message);
    }
    at = table->items.upper_bound(key);
  }
  unsigned segment = request.value("Segment", 0U), segments = request.value("TotalSegments", 1U);
  size_t limit = request.value("Limit", table->items.size() + 1);
  bool count_only = request.value("Select", "") == "COUNT";
  std::vector<std::string> names = Projection(request);
  json items = json::array(), last;
  size_t count = 0, bytes = 0;
  for (; at != table->items.end() && count < limit && bytes < kMaxPageBytes; ++at) {
    const std::string& key = at->first;
    auto hash = crc32(0, reinterpret_cast<const Bytef*>(key.data()), static_cast<uInt>(key.size()));
    if (hash % segments != segment) continue;
    json item = json::parse(at->second.json);
    ++count;
    bytes += at->second.bytes;
    last = KeyJson(item, table->schema);
    if (!count_only) items.push_back(Project(item, names));
  }
  json body = {{"Count", count}, {"ScannedCount", count}};
  if (!count_only) body["Items"] = std::move(items);
  if (at != table->items.end() && !last.is_null()) body["LastEvaluatedKey"] = last;
  return Ok(body);
}

}  // namespace scripted
