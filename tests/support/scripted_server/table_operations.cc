// The control plane: tables, their time to live and their tags.
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "scripted_server/description.h"
#include "scripted_server/json_body.h"
#include "scripted_server/service.h"

namespace scripted {
namespace {

using nlohmann::json;

Reply NoTable(const std::string& name) {
  return ErrorReply("ResourceNotFoundException",
                    "Requested resource not found: Table: " + name + " not found");
}

std::string NameOfArn(const std::string& arn) { return arn.substr(arn.rfind('/') + 1); }

// Why a CreateTable request is refused, "" if it is not.
std::string CreateProblem(const json& request) {
  static const std::regex kName("[a-zA-Z0-9_.-]{3,255}");
  if (!std::regex_match(request.value("TableName", ""), kName)) {
    return "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may "
           "contain "
           "only the characters a-z, A-Z, 0-9, '_', '-', and '.'";
  }
  if (!request.contains("KeySchema") || !request.contains("AttributeDefinitions")) {
    return "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must "
           "not be null";
  }
  std::set<std::string> keys, defined;
  auto add = [&](const json& part) { keys.insert(part["AttributeName"].get<std::string>()); };
  for (const json& part : request["KeySchema"]) add(part);
  for (const char* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}) {
    if (!request.contains(kind)) continue;
    for (const json& index : request[kind]) {
      for (const json& part : index["KeySchema"]) add(part);
    }
  }
  for (const json& definition : request["AttributeDefinitions"]) {
    defined.insert(definition["AttributeName"].get<std::string>());
  }
  if (keys != defined) {
    return "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly "
           "match number "
           "of attributes defined in AttributeDefinitions";
  }
  bool on_demand = request.value("BillingMode", "PROVISIONED") == "PAY_PER_REQUEST";
  if (on_demand == request.contains("ProvisionedThroughput")) {
    return on_demand ? "One or more parameter values were invalid: Neither ReadCapacityUnits nor "
                       "WriteCapacityUnits can "
                       "be specified when BillingMode is PAY_PER_REQUEST"
                     : "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits "
                       "must both be "
                       "specified when BillingMode is PROVISIONED";
  }
  return "";
}

}  // namespace

bool Service::ControlRateExceeded() { return !control_bucket_.Take(1, MonotonicSeconds()); }

Reply Service::CreateTable(Exchange& exchange) {
  json request = ParseBody(exchange.facts.body);
  if (std::string problem = CreateProblem(request); !problem.empty()) {
    exchange.log.violations.push_back("refused: " + problem.substr(0, 80));
    return ErrorReply("ValidationException", problem);
  }
  auto lock = tables_.Lock();
  std::string name = request["TableName"];
  if (tables_.Find(name) != nullptr) {
    return ErrorReply("ResourceInUseException", "Table already exists: " + name);
  }
  if (static_cast<int>(tables_.all().size()) >= scenario_.table_limit) {
    return ErrorReply("LimitExceededException", "Subscriber limit exceeded: There is a limit of " +
                                                    std::to_string(scenario_.table_limit) +
                                                    " tables per subscriber");
  }
  if (ControlRateExceeded()) return ErrorReply("LimitExceededException", "");
  Table* table = tables_.Add(std::string(exchange.facts.body), MonotonicSeconds());
  json description = Describe(*table, tables_);
  description["TableStatus"] = "CREATING";
  return Ok({{"TableDescription", description}});
}

Reply Service::DescribeTable(Exchange& exchange) {
  std::string name = ParseBody(exchange.facts.body).value("TableName", "");
  auto lock = tables_.Lock();
  Table* table = tables_.Find(name);
  if (table != nullptr && !tables_.Look(*table, MonotonicSeconds())) {
    tables_.Remove(name);
    table = nullptr;
  }
  return table == nullptr ? NoTable(name) : Ok({{"Table", Describe(*table, tables_)}});
}

Reply Service::DeleteTable(Exchange& exchange) {
  std::string name = ParseBody(exchange.facts.body).value("TableName", "");
  auto lock = tables_.Lock();
  Table* table = tables_.Find(name);
  if (table == nullptr) return NoTable(name);
  if (table->status == "CREATING" || table->status == "UPDATING") {
    return ErrorReply("ResourceInUseException",
                      "Attempt to change a resource which is still in use: Table is being created: " + name);
  }
  if (json::parse(table->create_json).value("DeletionProtectionEnabled", false)) {
    return ErrorReply(
        "ValidationException",
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
        "protection first.");
  }
  if (ControlRateExceeded()) return ErrorReply("LimitExceededException", "");
  tables_.BeginDelete(*table);
  json description = Describe(*table, tables_);
  if (table->describes_left == 0) tables_.Remove(name);
  return Ok({{"TableDescription", description}});
}

Reply Service::UpdateTable(Exchange& exchange) {
  json request = ParseBody(exchange.facts.body);
  std::string name = request.value("TableName", "");
  auto lock = tables_.Lock();
  Table* table = tables_.Find(name);
  if (table == nullptr) return NoTable(name);
  json merged = json::parse(table->create_json);
  for (const auto& [key, value] : request.items()) merged[key] = value;
  table->create_json = merged.dump();
  table->on_demand = merged.value("BillingMode", "PROVISIONED") == "PAY_PER_REQUEST";
  if (table->on_demand) {
    tables_.SetCapacity(*table, 0, MonotonicSeconds());
  } else if (request.contains("ProvisionedThroughput")) {
    tables_.SetCapacity(*table, request["ProvisionedThroughput"]["WriteCapacityUnits"], MonotonicSeconds());
  }
  return Ok({{"TableDescription", Describe(*table, tables_)}});
}

Reply Service::ListTables(Exchange& exchange) {
  json request = ParseBody(exchange.facts.body);
  size_t limit = request.value("Limit", 100U);
  auto lock = tables_.Lock();
  const auto& all = tables_.all();
  auto at = all.upper_bound(request.value("ExclusiveStartTableName", ""));
  json names = json::array();
  for (; at != all.end() && names.size() < limit; ++at) names.push_back(at->first);
  json body = {{"TableNames", names}};
  if (at != all.end() && !names.empty()) body["LastEvaluatedTableName"] = names.back();
  return Ok(body);
}

Reply Service::TimeToLive(Exchange& exchange) {
  json request = ParseBody(exchange.facts.body);
  std::string name = request.value("TableName", "");
  auto lock = tables_.Lock();
  Table* table = tables_.Find(name);
  if (table == nullptr) return NoTable(name);
  if (exchange.facts.operation == "UpdateTimeToLive") {
    json spec = request["TimeToLiveSpecification"];
    json now = table->ttl_json.empty() ? json::object() : json::parse(table->ttl_json);
    if (now.value("Enabled", false) && spec.value("Enabled", false)) {
      return ErrorReply("ValidationException", "TimeToLive is already enabled");
    }
    table->ttl_json = spec.dump();
    return Ok({{"TimeToLiveSpecification", spec}});
  }
  json description = {{"TimeToLiveStatus", "DISABLED"}};
  if (!table->ttl_json.empty()) {
    json spec = json::parse(table->ttl_json);
    if (spec.value("Enabled", false)) {
      description = {{"TimeToLiveStatus", "ENABLED"}, {"AttributeName", spec["AttributeName"]}};
    }
  }
  return Ok({{"TimeToLiveDescription", description}});
}

Reply Service::ContinuousBackups(Exchange& exchange) {
  json request = ParseBody(exchange.facts.body);
  std::string name = request.value("TableName", "");
  auto lock = tables_.Lock();
  Table* table = tables_.Find(name);
  if (table == nullptr) return ErrorReply("TableNotFoundException", "Table not found: " + name);
  if (exchange.facts.operation == "UpdateContinuousBackups") {
    const json& spec = request["PointInTimeRecoverySpecification"];
    table->recovery_days =
        spec.at("PointInTimeRecoveryEnabled").get<bool>() ? spec.value("RecoveryPeriodInDays", 35) : 0;
  }
  json recovery = {{"PointInTimeRecoveryStatus", table->recovery_days > 0 ? "ENABLED" : "DISABLED"}};
  if (table->recovery_days > 0) recovery["RecoveryPeriodInDays"] = table->recovery_days;
  return Ok({{"ContinuousBackupsDescription",
              {{"ContinuousBackupsStatus", "ENABLED"}, {"PointInTimeRecoveryDescription", recovery}}}});
}

Reply Service::Tags(Exchange& exchange) {
  json request = ParseBody(exchange.facts.body);
  std::string arn = request.value("ResourceArn", "");
  std::string name = NameOfArn(arn);
  auto lock = tables_.Lock();
  Table* table = tables_.Find(name);
  if (table == nullptr || arn != tables_.Arn(name)) {
    return ErrorReply("ResourceNotFoundException",
                      "Requested resource not found: ResourceArn: " + arn + " not found");
  }
  if (exchange.facts.operation == "TagResource") {
    for (const json& tag : request["Tags"]) table->tags[tag["Key"]] = tag["Value"];
    Reply reply;  // the service answers this one with an empty body
    return reply;
  }
  json tags = json::array();
  for (const auto& [key, value] : table->tags) tags.push_back({{"Key", key}, {"Value", value}});
  return Ok({{"Tags", tags}});
}

}  // namespace scripted
