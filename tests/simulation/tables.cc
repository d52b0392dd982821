#include "simulation/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

namespace ddb::simulation {
namespace {

capacity::TableRules RulesOf(const TableSetting& setting) {
  capacity::TableRules rules;
  rules.wcu = setting.wcu;
  rules.saved_s = setting.saved_s;
  if (setting.changes_s > 0) rules.steps = {{setting.changes_s, setting.changes_to}};
  for (const Spell& spell : setting.dark) rules.dark.emplace_back(spell.from, spell.to);
  return rules;
}

std::string TableName(int table) { return "t_" + StreamName(table); }

}  // namespace

Tables::Tables(const Plan& plan, const Input& input, Judge& judge, Scheduler& scheduler)
    : plan_(plan), input_(input), judge_(judge), scheduler_(scheduler) {
  for (const TableSetting& setting : plan.tables)
    tables_.emplace_back(RulesOf(setting), scheduler.Seconds(), plan.seed + tables_.size());
}

Tables::Request Tables::Parse(std::string_view body) try {
  Request parsed;
  if (body.size() > kMostBody) scheduler_.Fail("wrong_request", "a request of more than 16 MB");
  parsed.wants_capacity = body.find("\"ReturnConsumedCapacity\"") != std::string_view::npos;
  parsed.wants_indexes = body.find("\"INDEXES\"") != std::string_view::npos;
  std::set<std::string> keys;
  const simdjson::dom::object tables = parser_.parse(body.data(), body.size())["RequestItems"];
  for (const auto& [name, entries] : tables) {
    parsed.table = std::stoi(std::string(name.substr(name.find_first_of("0123456789"))));
    for (const simdjson::dom::element entry : simdjson::dom::array(entries)) {
      Item item;
      item.request = simdjson::minify(entry);
      const simdjson::dom::element put = entry["PutRequest"]["Item"];
      item.id = std::stoul(std::string(std::string_view(put["_airbyte_data"]["M"]["id"]["N"])));
      const std::string_view key = put["_airbyte_ab_id"]["S"];
      item.cost = {static_cast<double>((item.request.size() + 1023) / 1024),
                   std::hash<std::string_view>()(key)};
      if (!keys.insert(std::string(key)).second)
        scheduler_.Fail("wrong_request", "one key twice in a request");
      judge_.OnSent({item.id, parsed.table, key, item.request});
      parsed.items.push_back(std::move(item));
    }
  }
  sent_ += parsed.items.size();
  if (parsed.items.empty() || parsed.items.size() > kMostItems)
    scheduler_.Fail("wrong_request", fmt::format("a request of {} items", parsed.items.size()));
  return parsed;
} catch (const std::exception& error) {
  scheduler_.Fail("wrong_request", std::string("a request that cannot be read: ") + error.what());
  return {};
}

bool Tables::AnyRefused(const Request& request) const {
  return std::any_of(request.items.begin(), request.items.end(),
                     [this](const Item& item) { return input_.records[item.id].refused; });
}

// One that can never be stored takes all others of its request with it.
HttpAnswer Tables::Refuse(const Request& request) {
  if (request.items.size() == 1) judge_.OnRefused(request.items[0].id);
  return Error(400, "com.amazon.coral.validate#ValidationException");
}

HttpAnswer Tables::Write(const Request& request) {
  if (scheduler_.failed()) return {};
  if (AnyRefused(request)) return Refuse(request);
  std::vector<capacity::TableItem> costs;
  for (const Item& item : request.items) costs.push_back(item.cost);
  const capacity::TokenTable::Outcome outcome =
      tables_[static_cast<size_t>(request.table)].Write(scheduler_.Seconds(), costs);
  if (outcome.taken == 0) return Throttle(outcome, request.table);
  std::vector<bool> taken;
  for (size_t i = 0; i < request.items.size(); ++i) {
    taken.push_back(outcome.items[i] == capacity::Limit::kNone);
    if (taken.back()) judge_.OnStored(request.items[i].id);
  }
  stored_ += outcome.taken;
  return Reply(request, taken, outcome.units);
}

HttpAnswer Tables::WriteSome(const Request& request, const std::vector<bool>& taken) {
  if (scheduler_.failed()) return {};
  if (AnyRefused(request)) return Refuse(request);
  double units = 0;
  for (size_t i = 0; i < request.items.size(); ++i) {
    if (!taken[i]) continue;
    judge_.OnStored(request.items[i].id);
    units += request.items[i].cost.units;
    ++stored_;
  }
  return Reply(request, taken, units);
}

HttpAnswer Tables::Throttle(const capacity::TokenTable::Outcome& outcome, int table) const {
  static constexpr const char* kReasons[] = {"",
                                             "TableWriteProvisionedThroughputExceeded",
                                             "IndexWriteProvisionedThroughputExceeded",
                                             "TableWriteKeyRangeThroughputExceeded",
                                             "TableWriteMaxOnDemandThroughputExceeded",
                                             "TableWriteAccountLimitExceeded"};
  return Error(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
               fmt::format(R"([{{"reason":"{}","resource":"arn:aws:dynamodb:r:1:table/{}"}}])",
                           kReasons[static_cast<size_t>(outcome.limit)], TableName(table)));
}

HttpAnswer Tables::Reply(const Request& request, const std::vector<bool>& taken, double units) const {
  std::string left;
  for (size_t i = 0; i < request.items.size(); ++i) {
    if (taken[i]) continue;
    left += left.empty() ? "" : ",";
    left += request.items[i].request;
  }
  HttpAnswer answer;
  answer.body = R"({"UnprocessedItems":{)";
  if (!left.empty()) answer.body += fmt::format(R"("{}":[{}])", TableName(request.table), left);
  answer.body += "}";
  if (request.wants_indexes) {  // there is one that has all items
    answer.body += fmt::format(
        R"(,"ConsumedCapacity":[{{"TableName":"{}","CapacityUnits":{:.1f},"Table":{{"CapacityUnits":{:.1f}}},)"
        R"("GlobalSecondaryIndexes":{{"by_date":{{"CapacityUnits":{:.1f}}}}}}}])",
        TableName(request.table), 2 * units, units, units);
  } else if (request.wants_capacity) {
    answer.body += fmt::format(R"(,"ConsumedCapacity":[{{"TableName":"{}","CapacityUnits":{:.1f}}}])",
                               TableName(request.table), units);
  }
  answer.body += "}";
  return answer;
}

HttpAnswer Tables::Describe(std::string_view body) {
  size_t table = plan_.tables.size();
  for (size_t i = 0; i < plan_.tables.size(); ++i)
    if (body == fmt::format(R"({{"TableName":"{}"}})", TableName(static_cast<int>(i)))) table = i;
  if (table == plan_.tables.size()) {
    scheduler_.Fail("wrong_request", "a look at a table that nobody has");
    return {};
  }
  if (!plan_.tables[table].described) return Error(400, "com.amazon.coral.service#AccessDeniedException");
  tables_[table].Pass(scheduler_.Seconds());
  HttpAnswer answer;
  answer.body = fmt::format(
      R"({{"Table":{{"TableName":"{}","TableStatus":"ACTIVE","AttributeDefinitions":[{{"AttributeName":"_airbyte_ab_id","AttributeType":"S"}}],"KeySchema":[{{"AttributeName":"_airbyte_ab_id","KeyType":"HASH"}}],"ProvisionedThroughput":{{"ReadCapacityUnits":1,"WriteCapacityUnits":{}}}}}}})",
      TableName(static_cast<int>(table)), static_cast<int64_t>(tables_[table].wcu()));
  return answer;
}

HttpAnswer Tables::Error(int status, std::string_view type, std::string_view reasons) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = fmt::format(R"({{"__type":"{}","message":"as the simulation has it")", type);
  if (!reasons.empty()) answer.body += fmt::format(R"(,"ThrottlingReasons":{})", reasons);
  answer.body += "}";
  return answer;
}

}  // namespace ddb::simulation
