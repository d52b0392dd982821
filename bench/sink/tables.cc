#include "sink/tables.h"

#include <simdjson.h>

#include <utility>

namespace bench {
namespace {

// A member's value as its JSON text, "" where there is none.
std::string Member(simdjson::ondemand::object& object, std::string_view name) {
  simdjson::ondemand::value value;
  std::string_view text;
  if (object.find_field_unordered(name).get(value) != simdjson::SUCCESS) return {};
  if (simdjson::to_json_string(value).get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

// The JSON text of the members of `body` with these names.
template <size_t N>
void Members(const std::string& body, const std::string_view (&names)[N], std::string (&values)[N]) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return;
  if (document.get_object().get(object) != simdjson::SUCCESS) return;
  for (size_t i = 0; i < N; ++i) values[i] = Member(object, names[i]);
}

// Names of tables and ARNs hold nothing that JSON escapes.
std::string Unquoted(const std::string& json) {
  return json.size() >= 2 ? json.substr(1, json.size() - 2) : json;
}

Answer Error(std::string_view name, std::string_view message) {
  return {400, "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" + std::string(name) + "\",\"message\":\"" +
                   std::string(message) + "\"}"};
}

}  // namespace

std::string Tables::Describe(const std::string& name, const Table& table, std::string_view status) {
  return "{\"AttributeDefinitions\":" + table.attributes + ",\"TableName\":\"" + name +
         "\",\"KeySchema\":" + table.keys + ",\"TableStatus\":\"" + std::string(status) +
         "\",\"CreationDateTime\":1700000000.0" + table.capacity +
         ",\"TableSizeBytes\":0,\"ItemCount\":0,\"TableArn\":\"arn:aws:dynamodb:us-east-1:000000000000:"
         "table/" +
         name +
         "\",\"TableId\":\"00000000-0000-4000-8000-000000000000\",\"DeletionProtectionEnabled\":false}";
}

Answer Tables::Create(const std::string& name, const std::string& body) {
  if (tables_.contains(name)) return Error("ResourceInUseException", "Table already exists");
  constexpr std::string_view kNames[] = {"AttributeDefinitions", "KeySchema", "BillingMode",
                                         "ProvisionedThroughput"};
  std::string values[4];
  Members(body, kNames, values);
  Table table{values[0], values[1], {}};
  if (values[2] == "\"PAY_PER_REQUEST\"") {
    table.capacity = R"(,"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"ProvisionedThroughput":)"
                     R"({"NumberOfDecreasesToday":0,"ReadCapacityUnits":0,"WriteCapacityUnits":0})";
  } else if (!values[3].empty()) {
    table.capacity = ",\"ProvisionedThroughput\":" + values[3];
  }
  const Table& made = tables_.emplace(name, std::move(table)).first->second;
  return {200, "{\"TableDescription\":" + Describe(name, made, "ACTIVE") + "}"};
}

Answer Tables::Handle(std::string_view target, const std::string& body) {
  const std::string_view operation = target.substr(target.find('.') + 1);
  constexpr std::string_view kNames[] = {"TableName"};
  std::string values[1];
  Members(body, kNames, values);
  const std::string name = Unquoted(values[0]);
  if (operation == "CreateTable") return Create(name, body);
  const auto found = tables_.find(name);
  if (operation == "DescribeTable" || operation == "DeleteTable" || operation == "UpdateTable") {
    if (found == tables_.end()) return Error("ResourceNotFoundException", "Requested resource not found");
    const bool gone = operation == "DeleteTable";
    const std::string description = Describe(name, found->second, gone ? "DELETING" : "ACTIVE");
    if (gone) tables_.erase(found);
    return {200,
            (operation == "DescribeTable" ? "{\"Table\":" : "{\"TableDescription\":") + description + "}"};
  }
  if (operation == "DescribeTimeToLive")
    return {200, R"({"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}})"};
  if (operation == "ListTagsOfResource") return {200, R"({"Tags":[]})"};
  if (operation == "ListTables") return {200, R"({"TableNames":[]})"};
  return {200, "{}"};
}

}  // namespace bench
