// The part of TableOperations that reads and sets what CreateTable does not: time to live, tags of a table
// that is there, point-in-time recovery.
#include <fmt/format.h>

#include <utility>

#include "dynamodb/requests.h"
#include "dynamodb/responses.h"
#include "dynamodb/table_operations.h"

namespace ddb {
namespace {

// Tags whose keys begin like this are AWS's own (CloudFormation writes them); nobody else can set them.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
constexpr std::string_view kReservedTag = "aws:";

}  // namespace

Task<Status> TableOperations::ReadExtraSettings(const TableDescription& table, TableSettings& settings) {
  const Instant deadline = plane_.Now() + transition_;
  const ControlReply reply = co_await plane_.Call("DescribeTimeToLive", TableNameBody(table.name), deadline);
  if (reply.ok()) {
    std::optional<std::string> attribute = ReadTimeToLive(reply.body);
    if (!attribute) co_return NotUnderstood("DescribeTimeToLive", table.name);
    settings.ttl_attribute = std::move(*attribute);
  } else if (Skippable(reply.verdict)) {
    WarnSkipped("DescribeTimeToLive", table.name, reply.verdict, "time to live, if it has one,");
  } else {
    co_return Failure("DescribeTimeToLive", table.name, reply);
  }
  Status recovery = co_await ReadRecovery(table, settings);
  if (!recovery.ok()) co_return recovery;
  co_return co_await ReadTags(table, settings);
}

// An endpoint that does not know the question has no such thing.
Task<Status> TableOperations::ReadRecovery(const TableDescription& table, TableSettings& settings) {
  const ControlReply reply =
      co_await plane_.Call("DescribeContinuousBackups", TableNameBody(table.name), Deadline());
  if (reply.ok()) {
    const std::optional<int> days = ReadRecoveryDays(reply.body);
    if (!days) co_return NotUnderstood("DescribeContinuousBackups", table.name);
    settings.recovery_days = *days;
  } else if (reply.verdict.code == ErrorCode::kAccessDenied) {
    WarnSkipped("DescribeContinuousBackups", table.name, reply.verdict,
                "point-in-time recovery, if it has it,");
  } else if (reply.verdict.code != ErrorCode::kUnknownOperation) {
    co_return Failure("DescribeContinuousBackups", table.name, reply);
  }
  co_return Ok();
}

Task<Status> TableOperations::ReadTags(const TableDescription& table, TableSettings& settings) {
  const Instant deadline = plane_.Now() + transition_;
  std::string next_token;
  do {
    const ControlReply reply =
        co_await plane_.Call("ListTagsOfResource", ListTagsBody(table.arn, next_token), deadline);
    if (Skippable(reply.verdict)) {
      WarnSkipped("ListTagsOfResource", table.name, reply.verdict, "tags, if it has some,");
      co_return Ok();
    }
    if (!reply.ok()) co_return Failure("ListTagsOfResource", table.name, reply);
    std::optional<TagsPage> page = ddb::ReadTags(reply.body);
    if (!page) co_return NotUnderstood("ListTagsOfResource", table.name);
    for (auto& tag : page->tags) {
      if (!tag.first.starts_with(kReservedTag)) settings.tags.push_back(std::move(tag));
    }
    next_token = std::move(page->next_token);
  } while (!next_token.empty());
  co_return Ok();
}

Task<Status> TableOperations::SetTimeToLive(const std::string& table, const std::string& attribute, bool on) {
  const ControlReply reply =
      co_await plane_.Call("UpdateTimeToLive", UpdateTimeToLiveBody(table, attribute, on), Deadline());
  // An attempt whose reply was lost has set it: the next one is refused, as it is set already.
  if (reply.ok() || (reply.unknown && reply.verdict.code == ErrorCode::kValidation)) co_return Ok();
  co_return Failure("UpdateTimeToLive", table, reply);
}

// One that is set so already is refused for that, and for the permission before: as every change within an
// hour of another is, it does nothing then.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
Task<Status> TableOperations::ProbeTimeToLive(const std::string& table, const std::string& attribute) {
  const ControlReply reply =
      co_await plane_.Call("UpdateTimeToLive", UpdateTimeToLiveBody(table, attribute), Deadline());
  if (reply.ok() || reply.verdict.code == ErrorCode::kValidation) co_return Ok();
  Error error = Failure("UpdateTimeToLive", table, reply);
  error.message += fmt::format(
      " Nothing was changed: table {} is dropped only if it gets its time to live on attribute {} again.",
      table, attribute);
  co_return error;
}

Task<Status> TableOperations::SetRecovery(const std::string& table, int days) {
  const ControlReply reply =
      co_await plane_.Call("UpdateContinuousBackups", UpdateContinuousBackupsBody(table, days), Deadline());
  if (reply.ok()) co_return Ok();
  co_return Failure("UpdateContinuousBackups", table, reply);
}

// What is set as it is already stays as it is.
Task<Status> TableOperations::ProbeRecovery(const std::string& table, int days) {
  Status set = co_await SetRecovery(table, days);
  if (set.ok()) co_return set;
  Error error = std::move(set).error();
  error.message += fmt::format(
      " Nothing was changed: table {} is dropped only if it gets its point-in-time recovery again.", table);
  co_return error;
}

Task<bool> TableOperations::SetExtraSettings(const std::string& table, const TableSettings& settings) {
  if (settings.recovery_days > 0) {
    const Status set = co_await SetRecovery(table, settings.recovery_days);
    if (!set.ok())
      log_.Warn(fmt::format("Table {}: its point-in-time recovery is not switched on: {}", table,
                            set.error().message));
  }
  const std::string& ttl = settings.ttl_attribute;
  if (ttl.empty()) co_return true;
  const Status set = co_await SetTimeToLive(table, ttl);
  if (set.ok()) co_return true;
  log_.Warn(fmt::format("Table {}: its time to live on attribute {} is not set: {}", table, ttl,
                        set.error().message));
  co_return false;
}

bool TableOperations::Skippable(const Verdict& verdict) const {
  return verdict.code == ErrorCode::kUnknownOperation || verdict.code == ErrorCode::kAccessDenied;
}

void TableOperations::WarnSkipped(std::string_view operation, const std::string& table,
                                  const Verdict& verdict, std::string_view what) {
  if (!warned_.emplace(operation).second) return;
  const std::string why = verdict.code == ErrorCode::kAccessDenied
                              ? fmt::format("the permission dynamodb:{} is missing", operation)
                              : fmt::format("this endpoint does not support {}", operation);
  log_.Warn(
      fmt::format("Table {}: {} will not be carried over to the new table, because {}. This is said "
                  "once for all tables.",
                  table, what, why));
}

}  // namespace ddb
