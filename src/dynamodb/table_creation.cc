// The part of TableOperations that creates what the configuration describes, and that asks whether a table
// can be created with all that another has, and what is left out where it cannot.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dynamodb/reduced_settings.h"
#include "dynamodb/requests.h"
#include "dynamodb/table_operations.h"

namespace ddb {
namespace {

constexpr std::string_view kUntouched =
    "Nothing was changed: a table is dropped only if it can be created again as it is.";

// DynamoDB itself has said no, and not to us or to the operation as a whole, as far as its error tells.
bool MayBeASetting(const ControlReply& reply) {
  if (reply.ok() || reply.gave_up || !reply.verdict.answered()) return false;
  switch (reply.verdict.code) {
    case ErrorCode::kAccessDenied:
    case ErrorCode::kValidation:
    case ErrorCode::kKmsUnavailable:
    case ErrorCode::kUnknownOperation:
    case ErrorCode::kOther:
      return true;
    default:
      return false;
  }
}

bool IsLimit(const ControlReply& reply) {
  const ErrorCode code = reply.verdict.code;
  return code == ErrorCode::kTableLimit || code == ErrorCode::kCapacityLimit ||
         code == ErrorCode::kAccountLimit;
}

// A key that was refused otherwise than by a rule for what a request may say is not the managed one.
Loss MostFor(const ControlReply& refused) {
  return refused.verdict.code == ErrorCode::kValidation ? Loss::kKeyName : Loss::kMinor;
}

std::string KeyText(const TableSettings& settings) {
  return settings.kms_key_arn.empty() ? std::string("a key in KMS") : "the key " + settings.kms_key_arn;
}

// What a permission, or a rule for what a request may say, is likely to be about.
Text SettingsHint(const Verdict& refused, const TableSettings& settings) {
  if (refused.code == ErrorCode::kAccessDenied && !settings.tags.empty())
    return "A table with tags also needs the permission dynamodb:TagResource.";
  const bool settings_count =
      refused.code == ErrorCode::kAccessDenied || refused.code == ErrorCode::kValidation;
  if (settings_count && settings.kms)
    return "A table with a key in KMS also needs kms:DescribeKey and kms:CreateGrant, and the key in the "
           "same "
           "region.";
  TableSettings plain;
  plain.capacity = settings.capacity;
  plain.ttl_attribute = settings.ttl_attribute;  // which CreateTable has not
  plain.recovery_days = settings.recovery_days;
  if (refused.code == ErrorCode::kValidation && settings != plain)
    return "Look at capacity and new_tables in the configuration.";
  return {};
}

}  // namespace

std::string SettingsJson(const TableDescription& table, const TableSettings& settings) {
  std::string json = R"({"CreateTable":)" + CreateTableBody(table.name, table.keys, settings);
  if (!settings.ttl_attribute.empty()) {
    json += R"(,"UpdateTimeToLive":)" + UpdateTimeToLiveBody(table.name, settings.ttl_attribute);
  }
  if (settings.recovery_days > 0) {
    json +=
        R"(,"UpdateContinuousBackups":)" + UpdateContinuousBackupsBody(table.name, settings.recovery_days);
  }
  return json + "}";
}

Status CheckProtectedAs(const TableDescription& before, const TableDescription& now) {
  const TableSettings& was = before.settings;
  const TableSettings& is = now.settings;
  if (!was.kms) return Ok();
  const bool same_key =
      was.kms_key_arn.empty() || is.kms_key_arn.empty() || was.kms_key_arn == is.kms_key_arn;
  if (is.kms && same_key) return Ok();
  return ConfigError(
      fmt::format("Table {} was encrypted with {}, and was created again without it, so no record is written "
                  "into it. Give the table that key again (UpdateTable), or use another sync mode.",
                  now.name, KeyText(was)),
      "DescribeTable: SSEDescription differs from that of the table that was dropped");
}

Task<std::optional<TableOperations::Reduced>> TableOperations::TryReduced(const std::string& table,
                                                                          const TableKeys& keys,
                                                                          const TableSettings& settings,
                                                                          Loss most, Instant deadline) {
  for (ReducedSettings& reduced : Reductions(settings)) {
    if (reduced.loss > most) continue;
    ControlReply reply =
        co_await plane_.Call("CreateTable", CreateTableBody(table, keys, reduced.settings), deadline);
    if (!MayBeASetting(reply)) co_return Reduced{std::move(reduced), std::move(reply)};
  }
  co_return std::nullopt;
}

// A refused setting must not leave a dropped table without its successor, but for what would be weaker: then
// no record may be written into it.
Task<ControlReply> TableOperations::SendCreate(const std::string& table, const TableKeys& keys,
                                               TableSettings& settings, Loss most, Instant deadline) {
  ControlReply refused =
      co_await plane_.Call("CreateTable", CreateTableBody(table, keys, settings), deadline);
  if (!MayBeASetting(refused)) co_return refused;
  std::optional<Reduced> reduced =
      co_await TryReduced(table, keys, settings, std::min(most, MostFor(refused)), deadline);
  if (!reduced) co_return refused;
  if (reduced->reply.ok()) {
    WarnLeftOut(table, reduced->to, refused.verdict);
    settings = std::move(reduced->to.settings);
  }
  co_return std::move(reduced->reply);
}

Task<Result<TableOperations::Probed>> TableOperations::Probe(const TableDescription& table,
                                                             TableSettings& settings) {
  const Instant deadline = Deadline();
  ControlReply reply =
      co_await plane_.Call("CreateTable", CreateTableBody(table.name, table.keys, settings), deadline);
  if (MayBeASetting(reply)) {
    std::optional<Reduced> reduced =
        co_await TryReduced(table.name, table.keys, settings, Loss::kWeaker, deadline);
    if (!reduced) co_return NotToBeMadeAgain(table, reply, nullptr);
    if (reduced->to.loss > MostFor(reply)) co_return NotToBeMadeAgain(table, reply, &reduced->to);
    WarnLeftOut(table.name, reduced->to, reply.verdict);
    settings = std::move(reduced->to.settings);
    reply = std::move(reduced->reply);
  }
  if (reply.ok()) co_return Probed::kCreated;
  // Limits are looked at after the permission, and the drop makes room for the new table.
  const bool stands = reply.in_use() || IsLimit(reply);
  if (!stands) co_return Failure("CreateTable", table.name, reply);
  co_return Probed::kStands;
}

Task<TableOperations::Tried> TableOperations::TryCreate(const std::string& name,
                                                        const TableDescription& table,
                                                        const TableSettings& settings) {
  const Instant deadline = Deadline();
  Tried tried;
  ControlReply reply =
      co_await plane_.Call("CreateTable", CreateTableBody(name, table.keys, settings), deadline);
  if (reply.ok() || reply.in_use()) {
    tried.exists = true;
  } else if (reply.verdict.code == ErrorCode::kKmsUnavailable) {
    tried.error = KeyRefused(table, reply.verdict, reply.request_id);
  } else if (MayBeASetting(reply) && settings.kms) {
    // Is it the key, or the name?
    TableSettings without = settings;
    without.kms = false;
    without.kms_key_arn.clear();
    const ControlReply other =
        co_await plane_.Call("CreateTable", CreateTableBody(name, table.keys, without), deadline);
    tried.exists = other.ok();
    if (tried.exists) tried.error = KeyRefused(table, reply.verdict, reply.request_id);
    if (!tried.exists) tried.refused = std::move(reply);
  } else if (MayBeASetting(reply) || IsLimit(reply)) {
    tried.refused = std::move(reply);
  } else {
    tried.error = Failure("CreateTable", name, reply);
  }
  co_return tried;
}

Error TableOperations::KeyRefused(const TableDescription& table, const Verdict& refused,
                                  std::string_view request_id) const {
  return ConfigError(
      fmt::format("Table {} cannot be overwritten: it is encrypted with {}, and a table with that key cannot "
                  "be created ({}). {} Allow the user or role of the access key to use the key "
                  "(kms:DescribeKey, kms:CreateGrant, to encrypt and to decrypt), or use another sync mode.",
                  table.name, KeyText(table.settings), refused.reason, kUntouched),
      "CreateTable with the key of the table: " + refused.Describe(request_id));
}

Error TableOperations::NotToBeMadeAgain(const TableDescription& table, const ControlReply& refused,
                                        const ReducedSettings* accepted) const {
  if (!accepted && refused.verdict.code == ErrorCode::kAccessDenied) {
    Error error = Failure("CreateTable", table.name, refused);
    error.message.append(" ").append(kUntouched);
    return error;
  }
  const TableSettings& was = table.settings;
  const bool key_refused =
      was.kms && (accepted ? accepted->settings.kms_key_arn != was.kms_key_arn || !accepted->settings.kms
                           : refused.verdict.code == ErrorCode::kKmsUnavailable);
  if (key_refused) return KeyRefused(table, refused.verdict, refused.request_id);
  return ConfigError(
      fmt::format("Table {} cannot be overwritten: CreateTable with the settings that it has is refused "
                  "({}). {} Use another sync mode, or change the table.",
                  table.name, refused.verdict.reason, kUntouched),
      "CreateTable of the name that exists: " + refused.verdict.Describe(refused.request_id));
}

void TableOperations::WarnLeftOut(const std::string& table, const ReducedSettings& reduced,
                                  const Verdict& refused) {
  if (reduced.only_tags && refused.code == ErrorCode::kAccessDenied) {
    WarnSkipped("TagResource", table, refused, "its tags");
    return;
  }
  if (reduced.loss == Loss::kKeyName && reduced.left_out.find(',') == std::string::npos) return;  // see Probe
  log_.Warn(
      fmt::format("Table {}: CreateTable with all that the table has is refused ({}). It is created again "
                  "without: {}.",
                  table, refused.reason, reduced.left_out));
}

Task<Result<TableDescription>> TableOperations::CreateNew(const std::string& table, const TableKeys& keys,
                                                          const TableSettings& settings,
                                                          const NewTableOptions& options) {
  const Instant deadline = plane_.Now() + transition_;
  for (;;) {
    const ControlReply reply =
        co_await plane_.Call("CreateTable", CreateTableBody(table, keys, settings, options), deadline);
    if (!reply.ok() && !reply.in_use()) {
      Error error = Failure("CreateTable", table, reply);
      if (const Text hint = SettingsHint(reply.verdict, settings); !hint.empty()) {
        error.message.append(" ").append(hint.view());
        error.type = FailureType::kConfig;
      }
      co_return error;
    }
    Found found = co_await AwaitCreated(reply, table, deadline);
    if (!found.ok()) co_return std::move(found).error();
    if (*found) co_return std::move(**found);
  }
}

}  // namespace ddb
