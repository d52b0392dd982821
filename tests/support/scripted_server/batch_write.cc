// BatchWriteItem, PutItem and DeleteItem.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "scripted_server/service.h"

namespace scripted {
namespace {

namespace dom = simdjson::dom;

constexpr int kMaxBatchItems = 25;
constexpr size_t kWriteUnitBytes = 1024;

struct Write {
  std::string table;
  bool put = true;
  dom::element value;  // the item, or the key to delete; of the parser that read the request
  std::string json;
  ItemFacts facts;
  std::string key, hash_key;
  bool unprocessed = false;
  bool apply = true;
};

Refusal ReadWrite(const std::string& table, dom::element entry, std::vector<Write>& writes) {
  dom::object object, request;
  if (entry.get(object) != simdjson::SUCCESS)
    return {"SerializationException", "Unexpected value type in payload"};
  Write write;
  write.table = table;
  write.put = object["PutRequest"].get(request) == simdjson::SUCCESS;
  if (!write.put && object["DeleteRequest"].get(request) != simdjson::SUCCESS) {
    return Invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  }
  if (object.size() != 1) {
    return Invalid(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
        "datatypes");
  }
  if (request[write.put ? "Item" : "Key"].get(write.value) != simdjson::SUCCESS) {
    return Invalid("1 validation error detected: Value null at 'requestItems' failed to satisfy constraint");
  }
  if (Refusal refusal = CheckItem(write.value, write.facts); !refusal.ok()) return refusal;
  write.json = simdjson::to_string(write.value);
  writes.push_back(std::move(write));
  return {};
}

Refusal ReadBatch(dom::object root, std::string_view body, std::vector<Write>& writes) {
  dom::object tables;
  if (root["RequestItems"].get(tables) != simdjson::SUCCESS || tables.size() == 0) {
    return Invalid("The requestItems parameter is required for BatchWriteItem");
  }
  for (auto [table, value] : tables) {
    dom::array list;
    if (value.get(list) != simdjson::SUCCESS)
      return {"SerializationException", "Unexpected value type in payload"};
    if (list.size() == 0) {
      return Invalid("The batch write request list for a table cannot be null or empty: " +
                     std::string(table));
    }
    for (dom::element entry : list) {
      if (Refusal refusal = ReadWrite(std::string(table), entry, writes); !refusal.ok()) return refusal;
    }
  }
  if (writes.size() > kMaxBatchItems) {
    // The service puts the whole request in this text.
    return Invalid(
        "1 validation error detected: Value '" + std::string(body) +
        "' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must "
        "have length less than or equal to 25, Member must have length greater than or equal to 1]");
  }
  return {};
}

bool TakesWrites(const Table* table) {
  return table != nullptr && (table->status == "ACTIVE" || table->status == "UPDATING");
}

// Tables there, keys right, no key twice. Under the tables' lock.
Refusal CheckKeys(Tables& tables, std::vector<Write>& writes) {
  std::set<std::string> seen;
  for (Write& write : writes) {
    Table* table = tables.Find(write.table);
    if (!TakesWrites(table)) return {"ResourceNotFoundException", "Requested resource not found"};
    if (Refusal refusal = KeyOf(write.value, table->schema, !write.put, write.key, write.hash_key);
        !refusal.ok()) {
      return refusal;
    }
    if (!seen.insert(write.table + '\0' + write.key).second) {
      return Invalid("Provided list of item keys contains duplicates");
    }
  }
  return {};
}

void MarkUnprocessed(const UnprocessedSpec& spec, std::vector<Write>& writes) {
  for (size_t i = 0; i < writes.size(); ++i) {
    Write& write = writes[i];
    int index = static_cast<int>(i);
    bool listed = std::find(spec.indexes.begin(), spec.indexes.end(), index) != spec.indexes.end();
    bool marked = !spec.marker.empty() && write.json.find(spec.marker) != std::string::npos;
    write.unprocessed = spec.all || index < spec.count || listed || marked;
    bool hidden = i + static_cast<size_t>(spec.hidden) >= writes.size();
    write.apply = !hidden && (!write.unprocessed || spec.stored);
  }
}

size_t UnitsOf(const Table& table, const Write& write) {
  size_t bytes = write.put ? write.facts.bytes : 0;
  if (auto old = table.items.find(write.key); old != table.items.end())
    bytes = std::max(bytes, old->second.bytes);
  return std::max<size_t>(1, (bytes + kWriteUnitBytes - 1) / kWriteUnitBytes);
}

struct Applied {
  int stored = 0;
  Tables::Limit limit;  // the last that refused something
  bool on_demand = false;
  std::map<std::string, size_t> units;
};

Applied Apply(Tables& tables, std::vector<Write>& writes) {
  Applied applied;
  double now = MonotonicSeconds();
  for (Write& write : writes) {
    if (!write.apply) continue;
    Table& table = *tables.Find(write.table);
    size_t units = UnitsOf(table, write);
    Tables::Limit limit = tables.Throttle(table, write.hash_key, static_cast<double>(units), now);
    if (!limit.reason.empty()) {
      write.unprocessed = true;
      applied.limit = std::move(limit);
      applied.on_demand = table.on_demand;
      continue;
    }
    applied.units[write.table] += units;
    ++applied.stored;
    if (write.put) {
      StoredItem item;
      item.json = write.json;
      item.bytes = write.facts.bytes;
      tables.Store(table, write.key, std::move(item), now);
    } else {
      tables.Erase(table, write.key);
    }
  }
  return applied;
}

Reply Throttled(const Applied& applied) {
  ErrorSpec spec;
  spec.name = applied.on_demand ? "ThrottlingException" : "ProvisionedThroughputExceededException";
  spec.reason = applied.limit.reason;
  return ErrorReply(spec, applied.limit.resource, "", "");
}

std::string EntryOf(const Write& write, bool changed) {
  std::string json = write.json;
  if (changed && write.put) json.insert(json.size() - 1, R"(,"changed_by_server":{"S":"yes"})");
  return write.put ? "{\"PutRequest\":{\"Item\":" + json + "}}"
                   : "{\"DeleteRequest\":{\"Key\":" + json + "}}";
}

std::string UnprocessedJson(const std::vector<Write>& writes, const UnprocessedSpec& spec) {
  std::map<std::string, std::string> lists;
  auto add = [&](const std::string& table, const std::string& entry) {
    std::string& list = lists[table];
    list += (list.empty() ? "" : ",") + entry;
  };
  for (const Write& write : writes) {
    if (!write.unprocessed) continue;
    add(write.table, EntryOf(write, spec.changed));
    if (spec.twice) add(write.table, EntryOf(write, spec.changed));
  }
  std::string stranger =
      R"({"PutRequest":{"Item":{"_airbyte_ab_id":{"S":"00000000-0000-4000-8000-000000000000"},"sync_time":{"N":"1"}}}})";
  if (spec.foreign && !writes.empty()) add(writes.front().table, stranger);
  if (spec.foreign_table) add("a_table_of_somebody_else", stranger);
  std::string out = "{";
  for (const auto& [table, list] : lists)
    out += (out.size() > 1 ? "," : "") + Quote(table) + ":[" + list + "]";
  return out + "}";
}

std::string Consumed(double units) { return "{\"CapacityUnits\":" + nlohmann::json(units).dump() + "}"; }

std::string ConsumedJson(dom::object root, Tables& tables, const Applied& applied) {
  std::string_view wanted;
  if (root["ReturnConsumedCapacity"].get(wanted) != simdjson::SUCCESS || wanted == "NONE") return "";
  std::string list;
  for (const auto& [table, units] : applied.units) {
    const double of_table = static_cast<double>(units);
    double total = of_table;
    std::string of_indexes;
    for (const Table::Index& index : tables.Find(table)->indexes) {
      const double of_index = of_table * index.units_per_unit;
      total += of_index;
      of_indexes += (of_indexes.empty() ? "" : ",") + Quote(index.name) + ":" + Consumed(of_index);
    }
    list += (list.empty() ? "" : ",") + std::string("{\"TableName\":") + Quote(table) +
            ",\"CapacityUnits\":" + nlohmann::json(total).dump();
    if (wanted == "INDEXES") {
      list += ",\"Table\":" + Consumed(of_table);
      if (!of_indexes.empty()) list += ",\"GlobalSecondaryIndexes\":{" + of_indexes + "}";
    }
    list += "}";
  }
  return ",\"ConsumedCapacity\":[" + list + "]";
}

Reply Refused(Exchange& exchange, const Refusal& refusal) {
  // The text can hold the request: only its beginning is of use in a log.
  if (refusal.error != "ResourceNotFoundException") {
    exchange.log.violations.push_back("refused: " + refusal.message.substr(0, 80));
  }
  return ErrorReply(refusal.error, refusal.message);
}

}  // namespace

Reply Service::BatchWriteItem(Exchange& exchange) {
  dom::parser parser;
  dom::object root;
  if (parser.parse(exchange.http->body).get(root) != simdjson::SUCCESS) {
    return Refused(exchange, {"SerializationException", "not JSON"});
  }
  std::vector<Write> writes;
  if (Refusal refusal = ReadBatch(root, exchange.facts.body, writes); !refusal.ok())
    return Refused(exchange, refusal);
  for (const Write& write : writes) {
    auto& violations = exchange.log.violations;
    violations.insert(violations.end(), write.facts.notes.begin(), write.facts.notes.end());
  }
  static const UnprocessedSpec kNone;
  const UnprocessedSpec& spec = exchange.action != nullptr ? exchange.action->unprocessed : kNone;
  auto lock = tables_.Lock();
  if (Refusal refusal = CheckKeys(tables_, writes); !refusal.ok()) return Refused(exchange, refusal);
  MarkUnprocessed(spec, writes);
  Applied applied = Apply(tables_, writes);
  const std::string consumed = ConsumedJson(root, tables_, applied);
  lock.unlock();
  exchange.log.stored = applied.stored;
  exchange.log.unprocessed = static_cast<int>(
      std::count_if(writes.begin(), writes.end(), [](const Write& w) { return w.unprocessed; }));
  if (applied.stored == 0 && !applied.limit.reason.empty()) return Throttled(applied);
  Reply reply;
  reply.body = "{\"UnprocessedItems\":" + UnprocessedJson(writes, spec) + consumed + "}";
  return reply;
}

namespace {

// PutItem and DeleteItem: one write of a request that names its table itself.
Reply WriteOne(Exchange& exchange, Tables& tables, bool put) {
  dom::parser parser;
  dom::object root;
  std::string_view table;
  std::vector<Write> writes(1);
  if (parser.parse(exchange.http->body).get(root) != simdjson::SUCCESS ||
      root["TableName"].get(table) != simdjson::SUCCESS ||
      root[put ? "Item" : "Key"].get(writes[0].value) != simdjson::SUCCESS) {
    return Refused(exchange, {"SerializationException", "not a write"});
  }
  if (root["ConditionExpression"].error() == simdjson::SUCCESS) {
    return Refused(exchange, Invalid("conditions are not scripted"));
  }
  writes[0].table = table;
  writes[0].put = put;
  if (Refusal refusal = CheckItem(writes[0].value, writes[0].facts); !refusal.ok())
    return Refused(exchange, refusal);
  writes[0].json = simdjson::to_string(writes[0].value);
  auto lock = tables.Lock();
  if (Refusal refusal = CheckKeys(tables, writes); !refusal.ok()) return Refused(exchange, refusal);
  Applied applied = Apply(tables, writes);
  exchange.log.stored = applied.stored;
  if (applied.stored == 0) return Throttled(applied);
  Reply reply;
  reply.body = "{}";
  return reply;
}

}  // namespace

Reply Service::PutItem(Exchange& exchange) { return WriteOne(exchange, tables_, true); }

Reply Service::DeleteItem(Exchange& exchange) { return WriteOne(exchange, tables_, false); }

}  // namespace scripted
