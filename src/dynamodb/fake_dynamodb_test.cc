// FakeDynamoDb: what it answers. Part of the test binary only.
#include "support/dynamodb/fake_dynamodb.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "dynamodb/table.h"

namespace ddb::testkit {
namespace {

std::string Text(const std::string& json, std::string_view member) {
  simdjson::dom::parser parser;
  std::string_view text;
  const auto root = parser.parse(json);
  if ((member.starts_with('/') ? root.at_pointer(member) : root[member]).get(text)) return {};
  return std::string(text);
}

int RecoveryDaysIn(const std::string& request) {
  simdjson::dom::parser parser;
  int64_t days = 0;
  const bool named =
      !parser.parse(request).at_pointer("/PointInTimeRecoverySpecification/RecoveryPeriodInDays").get(days);
  return named ? static_cast<int>(days) : kUsualRecoveryDays;
}

Verdict Busy() { return Refusal(Reaction::kRetry, ErrorCode::kResourceInUse, "ResourceInUseException"); }

}  // namespace

void FakeDynamoDb::Send(const Operation& operation, Buffer& body, Done done) {
  most_in_flight = std::max(most_in_flight, ++in_flight_);
  const auto own_latency = latency_of.find(operation.name);
  loop_.After(own_latency == latency_of.end() ? latency : own_latency->second,
              [this, operation = std::string(operation.name), sent = std::string(body.view()),
               done = std::move(done)] {
                --in_flight_;
                Handle(operation, sent, done);
              });
}

std::string FakeDynamoDb::Description(const std::string& name) {
  const Table& table = tables.at(name);
  std::string json = table.create.substr(0, table.create.size() - 1);
  const auto add = [&json](std::string_view begin, const std::string& text, std::string_view end) {
    if (!text.empty()) json.append(begin).append(text).append(end);
  };
  add(R"(,"BillingModeSummary":{"BillingMode":")", Text(table.create, "BillingMode"), "\"}");
  add(R"(,"TableClassSummary":{"TableClass":")", Text(table.create, "TableClass"), "\"}");
  add(R"(,"TableArn":"arn:)", name, "\"");
  if (table.created) add(R"(,"CreationDateTime":)", std::to_string(*table.created), "");
  if (table.create.find("\"SSESpecification\"") != std::string::npos) {
    const std::string key = Text(table.create, "/SSESpecification/KMSMasterKeyId");
    json += R"(,"SSEDescription":{"Status":"ENABLED","SSEType":"KMS","KMSMasterKeyArn":")" +
            (key.empty() ? managed_key : key) + "\"}";
  }
  if (table.more.find("\"TableStatus\"") == std::string::npos) {
    const char* status = loop_.Now() < table.active_at ? "CREATING" : "ACTIVE";
    add(R"(,"TableStatus":")", table.gone_at ? "DELETING" : status, "\"");
  }
  return json + table.more + "}";
}

void FakeDynamoDb::Handle(const std::string& operation, const std::string& sent, const Done& done) {
  request = sent;
  std::string name = Text(sent, "TableName");
  if (const std::string arn = Text(sent, "ResourceArn"); !arn.empty()) name = arn.substr(4);
  RemoveGone();
  const bool probe = operation == "CreateTable" && tables.contains(name);
  calls.push_back((probe                            ? "Probe"
                   : SetsWhatIsSet(operation, name) ? "Probe" + operation.substr(sizeof("Update") - 1)
                                                    : operation) +
                  " " + name);
  std::optional<Verdict> failure;
  if (intercept) failure = intercept(operation, name);
  std::string body;
  if (!failure || done_all_the_same) {
    const std::optional<Verdict> own = Execute(operation, sent, name, body);
    if (!failure) failure = own;
  }
  if (const auto other = body_of.find(operation); other != body_of.end()) body = other->second;
  Reply reply;
  if (failure) {
    reply.verdict = *failure;
  } else {
    reply.body = body;
  }
  reply.request_id = "REQ";
  done(reply);
}

bool FakeDynamoDb::SetsWhatIsSet(const std::string& operation, const std::string& name) const {
  if (!tables.contains(name)) return false;
  if (operation == "UpdateContinuousBackups") return RecoveryDaysIn(request) == tables.at(name).recovery_days;
  if (operation != "UpdateTimeToLive") return false;
  const bool on = request.find("\"Enabled\":true") != std::string::npos;
  return on && tables.at(name).ttl == Text(request, "/TimeToLiveSpecification/AttributeName");
}

void FakeDynamoDb::RemoveGone() {
  std::erase_if(tables, [this](const auto& entry) {
    return entry.second.gone_at && loop_.Now() >= *entry.second.gone_at;
  });
}

std::optional<Verdict> FakeDynamoDb::Execute(const std::string& operation, const std::string& sent,
                                             const std::string& name, std::string& body) {
  RemoveGone();
  if (operation == "BatchWriteItem") {
    body = on_batch ? on_batch(sent) : R"({"UnprocessedItems":{}})";
    return std::nullopt;
  }
  const auto table = tables.find(name);
  if (operation == "CreateTable") {
    if (table != tables.end()) return Busy();
    tables[name].create = sent;
    tables[name].created = std::chrono::duration<double>(loop_.Now().time_since_epoch()).count();
    tables[name].active_at = loop_.Now() + creating;
    body = R"({"TableDescription":)" + Description(name) + "}";
    return std::nullopt;
  }
  if (table == tables.end()) {
    return Refusal(Reaction::kFailConfig, ErrorCode::kResourceNotFound, "ResourceNotFoundException");
  }
  return ExecuteOn(table->second, operation, name, body);
}

std::optional<Verdict> FakeDynamoDb::ExecuteOn(Table& table, const std::string& operation,
                                               const std::string& name, std::string& body) {
  if (operation == "DescribeTable") {
    body = R"({"Table":)" + Description(name) + "}";
  } else if (operation == "DeleteTable") {
    if (loop_.Now() < table.active_at) return Busy();
    table.gone_at = loop_.Now() + deleting;
    body = R"({"TableDescription":)" + Description(name) + "}";
  } else if (operation == "DescribeTimeToLive") {
    const std::string set = R"("TimeToLiveStatus":"ENABLED","AttributeName":")" + table.ttl + "\"";
    body = R"({"TimeToLiveDescription":{)" + (table.ttl.empty() ? R"("TimeToLiveStatus":"DISABLED")" : set) +
           "}}";
  } else if (operation == "ListTagsOfResource") {
    // The token is the number of the page.
    const std::string token = Text(request, "NextToken");
    const size_t page = token.empty() ? 0 : std::stoul(token);
    body = R"({"Tags":)" + (page == 0 ? table.tags : table.more_tags.at(page - 1));
    if (page < table.more_tags.size()) body += R"(,"NextToken":")" + std::to_string(page + 1) + "\"";
    body += "}";
  } else if (operation == "DescribeContinuousBackups") {
    body = fmt::format(R"({{"ContinuousBackupsDescription":{{"ContinuousBackupsStatus":"ENABLED",)"
                       R"("PointInTimeRecoveryDescription":{{"PointInTimeRecoveryStatus":"{}",)"
                       R"("RecoveryPeriodInDays":{}}}}}}})",
                       table.recovery_days > 0 ? "ENABLED" : "DISABLED", std::max(1, table.recovery_days));
  } else if (operation == "UpdateContinuousBackups") {
    table.recovery_days = RecoveryDaysIn(request);
    body = "{}";
  } else {
    EXPECT_EQ(operation, "UpdateTimeToLive");
    if (SetsWhatIsSet(operation, name)) {
      return Refusal(Reaction::kFailConfig, ErrorCode::kValidation, "ValidationException");
    }
    const bool on = request.find("\"Enabled\":true") != std::string::npos;
    table.ttl = on ? Text(request, "/TimeToLiveSpecification/AttributeName") : "";
    body = "{}";
  }
  return std::nullopt;
}

}  // namespace ddb::testkit
