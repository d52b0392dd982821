#include "scripted_server/service.h"

#include <simdjson.h>

#include <algorithm>
#include <ctime>
#include <map>

namespace scripted {
namespace {

namespace dom = simdjson::dom;

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html
constexpr size_t kMaxBodyBytes = 16 * 1024 * 1024;
constexpr std::string_view kTargetPrefix = "DynamoDB_20120810.";

std::string OperationOf(const HttpRequest& request) {
  std::string_view target = request.Header("x-amz-target");
  return target.starts_with(kTargetPrefix) ? std::string(target.substr(kTargetPrefix.size())) : std::string();
}

// Which tables, and how many items of each, the request is about.
void ReadFacts(Exchange& exchange) {
  thread_local dom::parser parser;
  dom::object root;
  if (parser.parse(exchange.http->body).get(root) != simdjson::SUCCESS) return;
  std::string_view text;
  dom::object items;
  if (root["RequestItems"].get(items) == simdjson::SUCCESS) {
    for (auto [table, writes] : items) {
      dom::array list;
      int count = writes.get(list) == simdjson::SUCCESS ? static_cast<int>(list.size()) : 0;
      exchange.log.tables[std::string(table)] = count;
      exchange.facts.items += count;
    }
  } else if (root["TableName"].get(text) == simdjson::SUCCESS) {
    exchange.log.tables[std::string(text)] = exchange.facts.operation == "PutItem" ? 1 : 0;
  } else if (root["ResourceArn"].get(text) == simdjson::SUCCESS) {
    exchange.log.tables[std::string(text.substr(text.rfind('/') + 1))] = 0;
  }
  for (const auto& [table, count] : exchange.log.tables) exchange.facts.tables.push_back(table);
}

std::string NewRequestId() {
  static std::atomic<uint64_t> counter{0};
  std::string hex = Hex(Sha256("request " + std::to_string(++counter)));
  for (char& c : hex) c = static_cast<char>(c >= 'a' ? c - 32 : c);
  return hex.substr(0, 52);
}

std::string ErrorNameOf(const std::string& body) {
  dom::parser parser;
  std::string_view type;
  if (parser.parse(body)["__type"].get(type) != simdjson::SUCCESS) return "";
  return std::string(type.substr(type.find('#') + 1));
}

}  // namespace

Service::Service(Scenario& scenario, RequestLog& log)
    : scenario_(scenario),
      log_(log),
      tables_(scenario),
      start_s_(MonotonicSeconds()),
      control_bucket_(scenario.control_rate, std::max(1.0, scenario.control_rate)) {
  for (const std::string& request : scenario.existing) {
    Table* table = tables_.Add(request, start_s_);
    table->status = "ACTIVE";
  }
}

const Action* Service::DecideOnHead(const HttpRequest& request, int connection) {
  RequestFacts facts;
  facts.operation = OperationOf(request);
  const Action* action = scenario_.Decide(facts, true, MonotonicSeconds());
  if (action != nullptr) {
    LogEntry entry;
    entry.connection = connection;
    entry.at_s = MonotonicSeconds();
    entry.operation = facts.operation;
    entry.rule = action->rule;
    log_.Add(entry);
  }
  return action;
}

Reply Service::Denied(const Exchange& exchange, const std::string& action_name,
                      const std::string& table) const {
  (void)exchange;
  return ErrorReply("AccessDeniedException",
                    "User: arn:aws:iam::" + scenario_.account +
                        ":user/loader is not authorized to perform: dynamodb:" + action_name +
                        " on resource: " + tables_.Arn(table) +
                        " because no identity-based policy allows the dynamodb:" + action_name + " action");
}

Reply Service::Authorize(Exchange& exchange) {
  const HttpRequest& http = *exchange.http;
  auto& violations = exchange.log.violations;
  if (http.method != "POST") violations.push_back("method " + http.method);
  if (http.Header("content-type") != "application/x-amz-json-1.0") violations.push_back("content type");
  if (http.Header("host").empty()) violations.push_back("no host");
  if (http.version != "HTTP/1.1") violations.push_back("version");
  if (exchange.facts.operation.empty()) {
    violations.push_back("target");
    return ErrorReply("UnknownOperationException", "");
  }
  if (http.body.size() > kMaxBodyBytes) {
    violations.push_back("request over 16 MB");
    Reply reply;
    reply.status = 413;
    reply.content_type = "";
    reply.faults.crc = ReplyFaults::Crc::kMissing;
    return reply;
  }
  SignatureVerdict verdict =
      CheckSignature(http, scenario_.credentials, scenario_.region, time(nullptr) + scenario_.clock_offset_s,
                     MonotonicSeconds() - start_s_);
  violations.insert(violations.end(), verdict.violations.begin(), verdict.violations.end());
  if (!verdict.error.empty()) return ErrorReply(verdict.error, verdict.message);
  for (const std::string& denied : verdict.credential->denied) {
    size_t colon = denied.find(':');
    if (denied.substr(0, colon) != exchange.facts.operation) continue;
    for (const std::string& table : exchange.facts.tables) {
      if (colon == std::string::npos || denied.substr(colon + 1) == table) {
        return Denied(exchange, exchange.facts.operation, table);
      }
    }
  }
  Reply reply;
  reply.status = 0;
  return reply;
}

Reply Service::Dispatch(Exchange& exchange) {
  using Method = Reply (Service::*)(Exchange&);
  static const std::map<std::string, Method> kOperations = {
      {"BatchWriteItem", &Service::BatchWriteItem},
      {"PutItem", &Service::PutItem},
      {"DeleteItem", &Service::DeleteItem},
      {"GetItem", &Service::GetItem},
      {"Scan", &Service::Scan},
      {"CreateTable", &Service::CreateTable},
      {"DescribeTable", &Service::DescribeTable},
      {"DeleteTable", &Service::DeleteTable},
      {"UpdateTable", &Service::UpdateTable},
      {"ListTables", &Service::ListTables},
      {"UpdateTimeToLive", &Service::TimeToLive},
      {"DescribeTimeToLive", &Service::TimeToLive},
      {"UpdateContinuousBackups", &Service::ContinuousBackups},
      {"DescribeContinuousBackups", &Service::ContinuousBackups},
      {"TagResource", &Service::Tags},
      {"ListTagsOfResource", &Service::Tags},
  };
  auto found = kOperations.find(exchange.facts.operation);
  if (found == kOperations.end()) return ErrorReply("UnknownOperationException", "");
  return (this->*found->second)(exchange);
}

// Puts the rule's reply in place of the service's own.
void Service::ApplyScript(Exchange& exchange) {
  const Action& action = *exchange.action;
  Reply& reply = exchange.reply;
  std::string_view request = exchange.facts.body;
  std::string_view item =
      request.substr(std::min(request.find("Request\":"), request.size())).substr(0, 2048);
  if (action.has_error) {
    std::string table = exchange.facts.tables.empty() ? "" : exchange.facts.tables.front();
    reply = ErrorReply(action.error, tables_.Arn(table), request, item);
  }
  if (action.status != 0) {
    reply.status = action.status;
    if (!action.has_error && !action.has_body) reply.body.clear();
  }
  if (action.has_body) reply.body = action.body;
  if (reply.body.size() < action.body_bytes) reply.body.resize(action.body_bytes, ' ');
  if (!action.content_type.empty()) reply.content_type = action.content_type;
  reply.faults = action.reply;
}

Exchange Service::Serve(const HttpRequest& request, int connection) {
  Exchange exchange;
  exchange.http = &request;
  exchange.facts.operation = OperationOf(request);
  exchange.facts.body = request.body;
  exchange.log.connection = connection;
  exchange.log.at_s = MonotonicSeconds();
  exchange.log.operation = exchange.facts.operation;
  exchange.log.bytes = request.body.size();
  exchange.log.in_flight = ++in_flight_;
  ReadFacts(exchange);
  exchange.reply = Authorize(exchange);
  if (exchange.reply.status == 0) {
    exchange.reply = Reply();
    exchange.action = scenario_.Decide(exchange.facts, false, MonotonicSeconds());
    const Action* action = exchange.action;
    if (action != nullptr && !action->table_becomes.empty()) {
      auto lock = tables_.Lock();
      for (const std::string& table : exchange.facts.tables) tables_.SetStatus(table, action->table_becomes);
    }
    bool skipped =
        action != nullptr && !action->write &&
        (action->has_error || action->status != 0 || action->hang || action->reset == ResetAt::kAfterBody);
    if (!skipped) exchange.reply = Dispatch(exchange);
    if (action != nullptr) ApplyScript(exchange);
  }
  bool unanswered =
      exchange.action != nullptr && (exchange.action->hang || exchange.action->reset != ResetAt::kNever);
  exchange.log.status = unanswered ? 0 : exchange.reply.status;
  if (exchange.action != nullptr) exchange.log.rule = exchange.action->rule;
  if (exchange.reply.status != 200) exchange.log.error = ErrorNameOf(exchange.reply.body);
  exchange.reply.headers.emplace_back("x-amzn-RequestId", NewRequestId());
  log_.Add(exchange.log);
  return exchange;
}

}  // namespace scripted
