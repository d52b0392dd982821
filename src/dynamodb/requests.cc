#include "dynamodb/requests.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "json/document.h"

namespace ddb {
namespace {

using json::Document;

Document KeySchema(const std::vector<IndexSettings::Key>& keys) {
  Document list = Document::array();
  for (const IndexSettings::Key& key : keys) {
    list.push_back({{"AttributeName", key.name}, {"KeyType", key.hash ? "HASH" : "RANGE"}});
  }
  return list;
}

Document Attributes(const std::vector<KeyAttribute>& attributes) {
  Document list = Document::array();
  for (const KeyAttribute& attribute : attributes) {
    list.push_back(
        {{"AttributeName", attribute.name}, {"AttributeType", std::string_view(&attribute.type, 1)}});
  }
  return list;
}

void AddCapacity(Document& parent, const TableCapacity& capacity) {
  if (!capacity.on_demand) {
    parent["ProvisionedThroughput"] = {{"ReadCapacityUnits", capacity.read_units.value_or(1)},
                                       {"WriteCapacityUnits", capacity.write_units.value_or(1)}};
  } else if (capacity.read_units || capacity.write_units) {
    parent["OnDemandThroughput"] = {{"MaxReadRequestUnits", capacity.read_units.value_or(-1)},
                                    {"MaxWriteRequestUnits", capacity.write_units.value_or(-1)}};
  }
}

Document Index(const IndexSettings& index) {
  Document projection = {{"ProjectionType", index.projection}};
  if (!index.projected.empty()) projection["NonKeyAttributes"] = index.projected;
  Document object = {
      {"IndexName", index.name}, {"KeySchema", KeySchema(index.keys)}, {"Projection", std::move(projection)}};
  if (index.global) AddCapacity(object, index.capacity);
  return object;
}

void AddIndexes(Document& body, const TableSettings& settings, bool global) {
  Document list = Document::array();
  for (const IndexSettings& index : settings.indexes) {
    if (index.global == global) list.push_back(Index(index));
  }
  if (!list.empty()) body[global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes"] = std::move(list);
}

void AddKeys(Document& body, const TableKeys& keys, const TableSettings& settings) {
  std::vector<IndexSettings::Key> schema{{keys.hash.name, true}};
  std::vector<KeyAttribute> attributes{keys.hash};
  if (keys.range) {
    schema.push_back({keys.range->name, false});
    attributes.push_back(*keys.range);
  }
  body["KeySchema"] = KeySchema(schema);
  body["AttributeDefinitions"] = Attributes(settings.attributes.empty() ? attributes : settings.attributes);
}

void AddEncryption(Document& body, const TableSettings& settings) {
  if (!settings.kms) return;
  Document& encryption = body["SSESpecification"] = {{"Enabled", true}, {"SSEType", "KMS"}};
  if (!settings.kms_key_arn.empty()) encryption["KMSMasterKeyId"] = settings.kms_key_arn;
}

// Either of them alone is allowed, and the other one stays what such a table has.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_WarmThroughput.html
void AddOptions(Document& body, const NewTableOptions& options) {
  if (options.deletion_protection) body["DeletionProtectionEnabled"] = true;
  if (options.warm_read_units) body["WarmThroughput"]["ReadUnitsPerSecond"] = *options.warm_read_units;
  if (options.warm_write_units) body["WarmThroughput"]["WriteUnitsPerSecond"] = *options.warm_write_units;
}

void AddTags(Document& body, const TableSettings& settings) {
  for (const auto& [key, value] : settings.tags) body["Tags"].push_back({{"Key", key}, {"Value", value}});
}

}  // namespace

std::string TableKeys::Text() const {
  std::string text = fmt::format("HASH {} ({})", hash.name, hash.type);
  if (range) text += fmt::format(", RANGE {} ({})", range->name, range->type);
  return text;
}

std::string TableNameBody(std::string_view table) { return json::Serialize({{"TableName", table}}); }

std::string CreateTableBody(std::string_view table, const TableKeys& keys, const TableSettings& settings,
                            const NewTableOptions& options) {
  Document body = {{"TableName", table}};
  AddKeys(body, keys, settings);
  body["BillingMode"] = settings.capacity.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED";
  AddCapacity(body, settings.capacity);
  AddIndexes(body, settings, false);
  AddIndexes(body, settings, true);
  if (!settings.stream_view.empty()) {
    body["StreamSpecification"] = {{"StreamEnabled", true}, {"StreamViewType", settings.stream_view}};
  }
  if (!settings.table_class.empty()) body["TableClass"] = settings.table_class;
  AddEncryption(body, settings);
  AddTags(body, settings);
  AddOptions(body, options);
  return json::Serialize(body);
}

std::string UpdateTimeToLiveBody(std::string_view table, std::string_view attribute, bool on) {
  return json::Serialize(
      {{"TableName", table}, {"TimeToLiveSpecification", {{"AttributeName", attribute}, {"Enabled", on}}}});
}

// The usual number of days is not named: endpoints that are older than that member refuse it.
std::string UpdateContinuousBackupsBody(std::string_view table, int recovery_days) {
  Document recovery = {{"PointInTimeRecoveryEnabled", true}};
  if (recovery_days != kUsualRecoveryDays) recovery["RecoveryPeriodInDays"] = recovery_days;
  return json::Serialize({{"TableName", table}, {"PointInTimeRecoverySpecification", std::move(recovery)}});
}

std::string ListTagsBody(std::string_view arn, std::string_view next_token) {
  Document body = {{"ResourceArn", arn}};
  if (!next_token.empty()) body["NextToken"] = next_token;
  return json::Serialize(body);
}

}  // namespace ddb
