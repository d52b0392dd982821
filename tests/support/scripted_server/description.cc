#include "scripted_server/description.h"

#include <nlohmann/json.hpp>

namespace scripted {

using nlohmann::json;

namespace {

json Capacity(const json& request, bool on_demand) {
  json capacity = {{"NumberOfDecreasesToday", 0}, {"ReadCapacityUnits", 0}, {"WriteCapacityUnits", 0}};
  if (!on_demand && request.contains("ProvisionedThroughput"))
    capacity.update(request["ProvisionedThroughput"]);
  return capacity;
}

}  // namespace

json Describe(const Table& table, const Tables& tables) {
  json request = json::parse(table.create_json);
  std::string arn = tables.Arn(table.name);
  size_t bytes = 0;
  for (const auto& [key, item] : table.items) bytes += item.bytes;
  json out = {{"TableName", table.name},
              {"TableArn", arn},
              {"TableId", "00000000-0000-4000-8000-" + std::to_string(100000000000 + table.generation)},
              {"TableStatus", table.status},
              {"CreationDateTime", table.created_unix_s},
              {"ItemCount", table.items.size()},
              {"TableSizeBytes", bytes},
              {"KeySchema", request["KeySchema"]},
              {"AttributeDefinitions", request["AttributeDefinitions"]},
              {"ProvisionedThroughput", Capacity(request, table.on_demand)},
              {"DeletionProtectionEnabled", request.value("DeletionProtectionEnabled", false)}};
  if (table.on_demand) out["BillingModeSummary"] = {{"BillingMode", "PAY_PER_REQUEST"}};
  if (request.contains("TableClass")) out["TableClassSummary"] = {{"TableClass", request["TableClass"]}};
  if (request.contains("WarmThroughput")) out["WarmThroughput"] = request["WarmThroughput"];
  if (request.contains("OnDemandThroughput")) out["OnDemandThroughput"] = request["OnDemandThroughput"];
  if (request.contains("Replicas"))
    out["Replicas"] = request["Replicas"];  // of a table that is there at the start
  if (request.contains("SSESpecification") && request["SSESpecification"].value("Enabled", false)) {
    out["SSEDescription"] = {{"Status", "ENABLED"}, {"SSEType", "KMS"}};
    if (request["SSESpecification"].contains("KMSMasterKeyId")) {
      out["SSEDescription"]["KMSMasterKeyArn"] = request["SSESpecification"]["KMSMasterKeyId"];
    }
  }
  if (request.contains("StreamSpecification") &&
      request["StreamSpecification"].value("StreamEnabled", false)) {
    out["StreamSpecification"] = request["StreamSpecification"];
    out["LatestStreamLabel"] = "2026-01-01T00:00:00." + std::to_string(table.generation);
    out["LatestStreamArn"] = arn + "/stream/2026-01-01T00:00:00." + std::to_string(table.generation);
  }
  for (const char* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}) {
    if (!request.contains(kind)) continue;
    for (json index : request[kind]) {
      if (std::string_view(kind) == "GlobalSecondaryIndexes") {
        index["IndexStatus"] = "ACTIVE";
        index["ProvisionedThroughput"] = Capacity(index, table.on_demand);
      }
      index["IndexArn"] = arn + "/index/" + index["IndexName"].get<std::string>();
      index["ItemCount"] = 0;
      index["IndexSizeBytes"] = 0;
      out[kind].push_back(index);
    }
  }
  return out;
}

}  // namespace scripted
