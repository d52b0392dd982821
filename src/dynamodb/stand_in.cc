#include "dynamodb/stand_in.h"

#include <fmt/format.h>

#include <utility>

#include "items/hash_digits.h"
#include "items/table_name.h"

namespace ddb {
namespace {

constexpr std::string_view kMiddle = "_airbyte_stand_in_";
constexpr size_t kHashDigits = 8;

}  // namespace

// The hash keeps apart tables whose long names are cut, and makes the name one that nobody else gives.
std::string StandInName(std::string_view table) {
  const size_t room = kMaxTableName - kMiddle.size() - kHashDigits;
  return std::string(table.substr(0, room)).append(kMiddle) + HashDigits(std::string(table), kHashDigits);
}

bool StandIns::Needed(const TablePlan& plan, const TableSettings& settings) {
  TableSettings plain;
  plain.capacity = plan.capacity;
  if (settings.indexes.empty()) plain.attributes = settings.attributes;  // those of the keys
  return settings != plain;
}

Task<TableOperations::Found> StandIns::Find(const TablePlan& plan) {
  TableOperations::Found found = co_await operations_.LookIfAllowed(StandInName(plan.table));
  if (!found.ok() || !*found || (*found)->keys != plan.keys) {
    if (found.ok()) found->reset();
    co_return found;
  }
  Status read = co_await operations_.ReadExtraSettings(**found, (*found)->settings);
  if (!read.ok()) co_return std::move(read).error();
  co_return found;
}

Task<Status> StandIns::Make(const TablePlan& plan, SurveyedTable& table) {
  const std::string name = StandInName(plan.table);
  if (table.stand_in) {
    if (InOrder(table.stood_in) == InOrder(table.settings)) co_return Ok();
    const TableOperations::Deleted deleted = co_await operations_.Delete(name, operations_.Deadline());
    if (deleted.denied) {
      table.stand_in = false;
      Verdict denied;
      denied.code = ErrorCode::kAccessDenied;
      denied.reason = "an older one is there, and may not be deleted";
      co_return DoWithout(plan, table, denied, "DeleteTable");
    }
    if (deleted.error) co_return *deleted.error;
    Status gone = co_await operations_.AwaitGone(name, operations_.Deadline());
    if (!gone.ok()) co_return gone;
    table.stand_in = false;
  }
  co_return co_await MakeNamed(name, plan, table);
}

Task<Status> StandIns::MakeNamed(const std::string& name, const TablePlan& plan, SurveyedTable& table) {
  TableOperations::Tried tried = co_await operations_.TryCreate(name, *table.found, table.settings);
  table.stand_in = tried.exists;
  if (tried.error) co_return std::move(*tried.error);
  if (tried.refused) {
    const Verdict& refused = tried.refused->verdict;
    // The key that AWS manages is known from another only by what a table gets that names none.
    if (table.settings.kms_key_arn != table.found->settings.kms_key_arn) {
      co_return operations_.KeyRefused(*table.found, refused, tried.refused->request_id);
    }
    co_return DoWithout(plan, table, refused, "CreateTable");
  }
  TableOperations::Found made = co_await operations_.AwaitActive(name, operations_.Deadline());
  if (!made.ok()) co_return std::move(made).error();
  if (!*made) {
    co_return TransientError(fmt::format("Table {} vanished after it was created.", name),
                             "DescribeTable: ResourceNotFoundException after CreateTable");
  }
  Status same = CheckProtectedAs(*table.found, **made);
  if (!same.ok()) {
    Verdict other_key;
    other_key.reason = "the endpoint gives it another one";
    co_return operations_.KeyRefused(*table.found, other_key, "");
  }
  // Where it cannot be set, it cannot be set on the table either, and that is said there.
  if (!table.settings.ttl_attribute.empty()) {
    (void)co_await operations_.SetTimeToLive(name, table.settings.ttl_attribute);
  }
  co_return Ok();
}

Status StandIns::DoWithout(const TablePlan& plan, const SurveyedTable& table, const Verdict& refused,
                           std::string_view operation) {
  const std::string name = StandInName(plan.table);
  const bool passes = refused.code == ErrorCode::kTableLimit || refused.code == ErrorCode::kCapacityLimit ||
                      refused.code == ErrorCode::kAccountLimit;
  if (!passes && (table.settings.kms || !table.settings.indexes.empty())) {
    return ConfigError(fmt::format("Table {} cannot be overwritten: while it is dropped and created again, "
                                   "an empty table {} has to keep "
                                   "its {}, which would be lost without a trace if this sync were ended in "
                                   "between, and {} of that table "
                                   "is refused ({}). Nothing was changed. Allow dynamodb:CreateTable, "
                                   "DescribeTable and DeleteTable on "
                                   "tables *{}*, or use another sync mode.",
                                   plan.table, name, table.settings.kms ? "encryption key" : "indexes",
                                   operation, refused.reason, kMiddle),
                       fmt::format("{} of the stand-in: {}", operation, refused.Describe("")));
  }
  log_.Warn(
      fmt::format("Table {}: its settings are kept in this log alone while it is dropped and created again, "
                  "as table {} could not be created to keep them ({}).",
                  plan.table, name, refused.reason));
  return Ok();
}

Task<Status> StandIns::Remove(const TablePlan& plan, SurveyedTable& table) {
  if (!table.stand_in) co_return Ok();
  const std::string name = StandInName(plan.table);
  const TableOperations::Deleted deleted = co_await operations_.Delete(name, operations_.Deadline());
  table.stand_in = false;
  if (deleted.error) {
    log_.Write(
        table.stand_in_was_left ? LogLevel::kInfo : LogLevel::kWarn,
        fmt::format("Table {} is left behind: it is empty and kept the settings of table {} while that was "
                    "created again. The next overwrite uses it again and deletes it if it may. {}",
                    name, plan.table, deleted.error->message));
  }
  co_return Ok();
}

}  // namespace ddb
