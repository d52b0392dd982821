#include "scripted_server/table.h"

#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

namespace scripted {
namespace {

using nlohmann::json;

std::string TypeOf(const json& request, const std::string& name) {
  for (const json& definition : request["AttributeDefinitions"]) {
    if (definition["AttributeName"] == name) return definition["AttributeType"];
  }
  return "S";
}

KeySchema ReadKeySchema(const json& request) {
  KeySchema schema;
  for (const json& part : request["KeySchema"]) {
    std::string name = part["AttributeName"];
    (part["KeyType"] == "HASH" ? schema.hash : schema.range) = {name, TypeOf(request, name)};
  }
  for (const char* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}) {
    if (!request.contains(kind)) continue;
    for (const json& index : request[kind]) {
      for (const json& part : index["KeySchema"]) {
        std::string name = part["AttributeName"];
        schema.indexed.push_back({name, TypeOf(request, name)});
      }
    }
  }
  return schema;
}

}  // namespace

double MonotonicSeconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

bool TokenBucket::Has(double units, double now_s) {
  if (rate_ <= 0) return true;
  if (at_s_ > 0) level_ = std::min(burst_, level_ + (now_s - at_s_) * rate_);
  at_s_ = now_s;
  // A full bucket lets any item pass, else one that costs more than the bucket holds could never be written.
  return level_ >= std::min(units, burst_);
}

bool TokenBucket::Take(double units, double now_s) {
  if (!Has(units, now_s)) return false;
  level_ -= units;
  return true;
}

void TokenBucket::SetRate(double rate, double burst, double now_s) {
  Take(0, now_s);
  rate_ = rate;
  burst_ = burst;
  level_ = std::min(burst_, level_);
  at_s_ = now_s;
}

std::string Tables::Arn(const std::string& table) const {
  return "arn:aws:dynamodb:" + scenario_.region + ":" + scenario_.account + ":table/" + table;
}

Table* Tables::Find(const std::string& name) {
  auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : &found->second;
}

Table* Tables::Add(const std::string& create_json, double now_s) {
  json request = json::parse(create_json);
  std::string name = request["TableName"];
  const TableBehaviour& behaviour = scenario_.Behaviour(name);
  Table& table = tables_[name];
  table = Table();
  table.name = name;
  table.create_json = create_json;
  table.schema = ReadKeySchema(request);
  table.created_unix_s =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  table.generation = ++generations_[name];
  table.on_demand = request.value("BillingMode", "PROVISIONED") == "PAY_PER_REQUEST";
  table.count_only = behaviour.count_only;
  if (request.contains("Tags")) {
    for (const json& tag : request["Tags"]) table.tags[tag["Key"]] = tag["Value"];
  }
  if (behaviour.creating_describes != 0 || behaviour.creating_ms > 0) {
    table.status = "CREATING";
    table.describes_left = behaviour.creating_describes;
    table.passes_at_s = now_s + behaviour.creating_ms / 1000.0;
  }
  double wcu = behaviour.wcu;
  if (behaviour.enforce_capacity && request.contains("ProvisionedThroughput")) {
    wcu = request["ProvisionedThroughput"]["WriteCapacityUnits"];
  }
  table.bucket = TokenBucket(wcu, behaviour.burst_wcu > 0 ? behaviour.burst_wcu : wcu);
  if (behaviour.partition_wcu > 0 || behaviour.hot_partition_wcu > 0) {
    table.partitions.assign(static_cast<size_t>(behaviour.partitions),
                            TokenBucket(behaviour.partition_wcu, behaviour.partition_wcu));
  }
  if (behaviour.hot_partition_wcu > 0)
    table.partitions.front() = TokenBucket(behaviour.hot_partition_wcu, behaviour.hot_partition_wcu);
  const auto bucket_of = [](double rate, double burst) {
    return TokenBucket(rate, burst > 0 ? burst : rate);
  };
  table.account = bucket_of(behaviour.account_wcu, 0);
  for (const IndexBehaviour& index : behaviour.indexes)
    table.indexes.push_back({index.name, bucket_of(index.wcu, index.burst_wcu), index.units_per_unit});
  return &table;
}

void Tables::Remove(const std::string& name) {
  auto found = tables_.find(name);
  if (found == tables_.end()) return;
  gone_[name] = std::move(found->second);
  tables_.erase(found);
}

bool Tables::Look(Table& table, double now_s) {
  if (table.status != "CREATING" && table.status != "DELETING" && table.status != "UPDATING") return true;
  if (table.describes_left != 0 || now_s < table.passes_at_s) {
    if (table.describes_left > 0) --table.describes_left;
    return true;
  }
  if (table.status == "DELETING") return false;
  table.status = "ACTIVE";
  return true;
}

void Tables::BeginDelete(Table& table) {
  if (table.status == "DELETING") return;
  table.status = "DELETING";
  table.describes_left = scenario_.Behaviour(table.name).deleting_describes;
  table.passes_at_s = 0;
}

void Tables::SetCapacity(Table& table, double wcu, double now_s) {
  const TableBehaviour& behaviour = scenario_.Behaviour(table.name);
  if (!behaviour.enforce_capacity) return;
  table.bucket.SetRate(wcu, behaviour.burst_wcu > 0 ? behaviour.burst_wcu : wcu, now_s);
}

void Tables::SetStatus(const std::string& name, const std::string& status) {
  Table* table = Find(name);
  if (table == nullptr) return;
  if (status == "gone") {
    Remove(name);
    return;
  }
  table->status = status;
  table->describes_left = -1;
}

// What is refused takes no units of anything.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/gsi-throttling.html
Tables::Limit Tables::Throttle(Table& table, const std::string& hash_key, double units, double now_s) {
  const std::string arn = Arn(table.name);
  TokenBucket* partition = nullptr;
  if (!table.partitions.empty()) {
    size_t at =
        crc32(0, reinterpret_cast<const Bytef*>(hash_key.data()), static_cast<uInt>(hash_key.size())) %
        table.partitions.size();
    partition = &table.partitions[at];
    if (!partition->Has(units, now_s)) return {"TableWriteKeyRangeThroughputExceeded", arn};
  }
  const char* const ending =
      table.on_demand ? "MaxOnDemandThroughputExceeded" : "ProvisionedThroughputExceeded";
  if (!table.bucket.Has(units, now_s)) return {std::string("TableWrite") + ending, arn};
  for (Table::Index& index : table.indexes) {
    if (!index.bucket.Has(units * index.units_per_unit, now_s))
      return {std::string("IndexWrite") + ending, arn + "/index/" + index.name};
  }
  if (!table.account.Has(units, now_s)) return {"TableWriteAccountLimitExceeded", arn};
  if (partition != nullptr) partition->Take(units, now_s);
  table.bucket.Take(units, now_s);
  table.account.Take(units, now_s);
  for (Table::Index& index : table.indexes) index.bucket.Take(units * index.units_per_unit, now_s);
  return {};
}

void Tables::Store(Table& table, const std::string& key, StoredItem item, double now_s) {
  if (table.count_only) {
    table.counted.insert(std::hash<std::string>()(key));
    return;
  }
  StoredItem& slot = table.items[key];
  item.writes = slot.writes + 1;
  item.sequence = ++sequence_;
  item.stored_s = now_s;
  slot = std::move(item);
}

void Tables::Erase(Table& table, const std::string& key) {
  table.items.erase(key);
  table.counted.erase(std::hash<std::string>()(key));
}

}  // namespace scripted
