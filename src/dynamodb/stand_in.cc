#include "dynamodb/stand_in.h"

#include <fmt/format.h>

#include <utility>

#include "items/hash_digits.h"
#include "items/table_name.h"

namespace ddb {
namespace {

constexpr std::string_view kMiddle = "_airbyte_stand_in_";

// What makes room for a stand-in.
std::string WayOut(ErrorCode refused) {
  switch (refused) {
    case ErrorCode::kTableLimit:
    case ErrorCode::kCapacityLimit:
    case ErrorCode::kAccountLimit:
      return "Delete a table that is not needed, or have the account's quota raised";
    case ErrorCode::kForeignKeys:
      return "Move that table out of the way";
    default:
      return fmt::format("Allow dynamodb:CreateTable, DescribeTable and DeleteTable on tables *{}*", kMiddle);
  }
}

// Names of the settings in which the two differ that are lost for good with the stand-in, as no sync fails
// for the lack of them; "" when there are none.
std::string OnlyKeptBy(const SurveyedTable& table) {
  const TableSettings was = InOrder(table.left->settings);
  const TableSettings is = InOrder(table.settings);
  const bool same_key =
      was.kms_key_arn.empty() || is.kms_key_arn.empty() || was.kms_key_arn == is.kms_key_arn;
  const bool key = was.kms && !(is.kms && same_key);
  const bool indexes = !was.indexes.empty() && was.indexes != is.indexes;
  return key && indexes ? "encryption key and indexes" : key ? "encryption key" : indexes ? "indexes" : "";
}

}  // namespace

// The hash keeps apart tables whose long names are cut, and makes the name one that nobody else gives.
std::string StandInName(std::string_view table) {
  const size_t room = kMaxTableName - kMiddle.size() - kHashDigits;
  return std::string(table.substr(0, room)).append(kMiddle) + HashDigits(std::string(table), kHashDigits);
}

bool StandIns::Needed(const TablePlan& plan, const TableSettings& settings) {
  TableSettings plain = plan.settings;
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

Task<Status> StandIns::Settle(const TablePlan& plan, SurveyedTable& table) {
  const std::string name = StandInName(plan.table);
  const TableDescription& found = *table.found;
  if (found.created && table.left->created && *found.created < *table.left->created) {
    log_.Info(fmt::format(
        "Table {} is there from an overwrite that was ended before it dropped table {}, which stays "
        "as it is.",
        name, plan.table));
    if (plan.mode == TableMode::kAppend) (void)co_await Remove(plan, table);  // else it is used again
    co_return Ok();
  }
  // Nobody else knows these, so it stays until they are the same, or somebody else deletes it.
  if (const std::string kept = OnlyKeptBy(table); !kept.empty()) {
    log_.Warn(fmt::format(
        "Table {} differs in its {} from table {}, which an overwrite that was ended early has left to keep "
        "them. If nobody has changed that since, set it again. {} Table {} was: {}",
        plan.table, kept, name,
        plan.mode == TableMode::kAppend ? fmt::format("Then, or if it is to be so, delete {}.", name)
                                        : "This overwrite carries over what the table has now.",
        plan.table, SettingsJson(found, table.left->settings)));
    co_return Ok();
  }
  co_await RestoreRecovery(plan, table);
  const std::string& kept = table.left->settings.ttl_attribute;
  const bool without = table.settings.ttl_attribute.empty() && !kept.empty();
  if (without) {
    log_.Warn(
        fmt::format("Table {} has no time to live, and table {}, which an earlier overwrite has left, keeps "
                    "one for it on "
                    "attribute {}. Either that sync was ended before it could set it again, or it was "
                    "switched off since.",
                    plan.table, name, kept));
    if (found.status != TableStatus::kActive) {
      log_.Warn(fmt::format("Table {} is just being changed, so its time to live is left to the next sync.",
                            plan.table));
      co_return Ok();
    }
  }
  const TableOperations::Deleted deleted = co_await operations_.Delete(name, operations_.Deadline());
  table.stand_in = deleted.error.has_value();
  if (table.stand_in) {
    log_.Write(
        without ? LogLevel::kWarn : LogLevel::kInfo,
        fmt::format("Table {} cannot be deleted, so it may be an old one, and table {} is left as it is. "
                    "Delete {}{}. {}",
                    name, plan.table, name, without ? ", and set the time to live if it is missing" : "",
                    deleted.error->message));
    co_return Ok();
  }
  if (without) {
    const Status set = co_await operations_.SetTimeToLive(plan.table, kept);
    if (set.ok()) table.settings.ttl_attribute = kept;
    log_.Warn(fmt::format("Table {}: its time to live on attribute {} is {}", plan.table, kept,
                          set.ok() ? "set again. Switch it off if it was you who had switched it off."
                                   : "not set: " + set.error().message));
  }
  WarnOfDifferences(plan, table);
  co_return Ok();
}

// To have it without need costs little, and not to have it may cost all.
Task<void> StandIns::RestoreRecovery(const TablePlan& plan, SurveyedTable& table) {
  const int days = table.left->settings.recovery_days;
  if (days == 0 || table.settings.recovery_days > 0) co_return;
  const Status set = co_await operations_.SetRecovery(plan.table, days);
  if (set.ok()) table.settings.recovery_days = days;
  log_.Warn(
      fmt::format("Table {} has no point-in-time recovery, and table {}, which an earlier overwrite has "
                  "left, keeps it for "
                  "it. It is {}",
                  plan.table, StandInName(plan.table),
                  set.ok() ? "switched on again. Switch it off if it was you who had switched it off."
                           : "not switched on: " + set.error().message));
}

// It was created with all of them, as far as that was not refused, and somebody may have changed them since.
void StandIns::WarnOfDifferences(const TablePlan& plan, const SurveyedTable& table) {
  const TableSettings was = InOrder(table.left->settings);
  const TableSettings is = InOrder(table.settings);
  std::string names = DifferingSettings(was, is);
  const auto check = [&names](bool same, std::string_view name) {
    if (!same) names.append(names.empty() ? "" : ", ").append(name);
  };
  check(was.kms == is.kms && was.kms_key_arn == is.kms_key_arn, "encryption key");
  check(was.tags == is.tags, "tags");
  check(was.ttl_attribute == is.ttl_attribute || is.ttl_attribute.empty() || was.ttl_attribute.empty(),
        "time to live");
  if (names.empty()) return;
  log_.Warn(
      fmt::format("Table {} is not what an overwrite that was ended early found and was to create again: "
                  "it differs in its {}. If nobody has changed that since, set it again. It was: {}",
                  plan.table, names, SettingsJson(*table.found, table.left->settings)));
}

Task<Status> StandIns::Make(const TablePlan& plan, SurveyedTable& table) {
  const std::string name = StandInName(plan.table);
  if (table.stand_in) {
    TableSettings stands = InOrder(table.left->settings);
    const TableSettings wanted = InOrder(table.settings);
    table.ttl_kept = true;
    if (stands == wanted) co_return Ok();
    table.ttl_kept = false;
    const TableOperations::Deleted deleted = co_await operations_.Delete(name, operations_.Deadline());
    if (deleted.denied) {
      const bool other_ttl =
          std::exchange(stands.ttl_attribute, wanted.ttl_attribute) != wanted.ttl_attribute;
      const bool other_recovery =
          std::exchange(stands.recovery_days, wanted.recovery_days) != wanted.recovery_days;
      if (stands == wanted) {
        // One that has it without need does no harm.
        if (other_recovery && wanted.recovery_days > 0)
          (void)co_await operations_.SetRecovery(name, wanted.recovery_days);
        if (!other_ttl) co_return Ok();
        co_return co_await FitTimeToLive(plan, table);
      }
      table.stand_in = false;
      Verdict denied;
      denied.code = ErrorCode::kAccessDenied;
      denied.reason = "an older one is there, and may not be deleted";
      co_return DoWithout(plan, table, denied, "DeleteTable");
    }
    if (deleted.error) co_return *deleted.error;
    table.stand_in = false;
  }
  co_return co_await MakeNamed(name, plan, table);
}

// So that the next run, if this one is killed, does not set what the table does not have.
Task<Status> StandIns::FitTimeToLive(const TablePlan& plan, const SurveyedTable& table) {
  const std::string name = StandInName(plan.table);
  const std::string& kept = table.left->settings.ttl_attribute;
  const std::string& wanted = table.settings.ttl_attribute;
  Status fits = co_await operations_.SetTimeToLive(name, kept.empty() ? wanted : kept, /*on=*/kept.empty());
  if (fits.ok() && !kept.empty() && !wanted.empty()) fits = co_await operations_.SetTimeToLive(name, wanted);
  if (fits.ok()) co_return fits;
  log_.Warn(
      fmt::format("Table {}, which may not be deleted, keeps another time to live than table {} has ({} "
                  "for {}). If this sync is ended before that is created again, the next one sets it. "
                  "Delete {}. {}",
                  name, plan.table, kept.empty() ? "none" : "on attribute " + kept,
                  wanted.empty() ? "none" : "on attribute " + wanted, name, fits.error().message));
  co_return Ok();
}

Task<Status> StandIns::MakeNamed(const std::string& name, const TablePlan& plan, SurveyedTable& table) {
  TableOperations::Found made = std::optional<TableDescription>();
  for (const Instant deadline = operations_.Deadline(); !*made;) {
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
    made = co_await operations_.AwaitActive(name, deadline);
    if (!made.ok()) co_return std::move(made).error();
    if (*made) break;
    // An earlier one was still going away.
    Status gone = co_await operations_.AwaitGone(name, deadline);
    if (!gone.ok()) co_return gone;
  }
  if ((*made)->keys != table.found->keys) {
    table.stand_in = false;  // it is not ours
    Verdict foreign;
    foreign.code = ErrorCode::kForeignKeys;
    foreign.reason = "a table of that name with other keys is there";
    co_return DoWithout(plan, table, foreign, "CreateTable");
  }
  Status same = CheckProtectedAs(*table.found, **made);
  if (!same.ok()) {
    Verdict other_key;
    other_key.reason = "the endpoint gives it another one";
    co_return operations_.KeyRefused(*table.found, other_key, "");
  }
  // What cannot be set here cannot be set on the table either, and that is said there.
  if (table.settings.recovery_days > 0)
    (void)co_await operations_.SetRecovery(name, table.settings.recovery_days);
  if (!table.settings.ttl_attribute.empty()) {
    table.ttl_kept = (co_await operations_.SetTimeToLive(name, table.settings.ttl_attribute)).ok();
  }
  co_return Ok();
}

// At a limit too: a kill is rare, and what it would cost cannot be brought back by anybody who has not
// written it down, whereas room for one table can be made. Without a key, records would be written less
// protected than they were.
Status StandIns::DoWithout(const TablePlan& plan, const SurveyedTable& table, const Verdict& refused,
                           std::string_view operation) {
  const std::string name = StandInName(plan.table);
  if (table.settings.kms || !table.settings.indexes.empty()) {
    return ConfigError(
        fmt::format(
            "Table {} cannot be overwritten: while it is dropped and created again, an empty table {} "
            "has to keep its {}, which would be lost without a trace if this sync were ended in "
            "between, and {} of that table is refused ({}). Nothing was changed. {}, or use another "
            "sync mode.",
            plan.table, name, table.settings.kms ? "encryption key" : "indexes", operation, refused.reason,
            WayOut(refused.code)),
        fmt::format("{} of the stand-in: {}", operation, refused.Describe("")));
  }
  log_.Warn(
      fmt::format("Table {}: its settings are kept in this log alone while it is dropped and created again, "
                  "as table {} could not be created to keep them ({}).",
                  plan.table, name, refused.reason));
  return Ok();
}

Task<bool> StandIns::Remove(const TablePlan& plan, SurveyedTable& table) {
  if (!table.stand_in) co_return true;
  const std::string name = StandInName(plan.table);
  if (table.ttl_missing && table.ttl_kept) {
    log_.Warn(
        fmt::format("Table {} stays, as it has the time to live that table {} lacks: the next sync sets it "
                    "and deletes {}.",
                    name, plan.table, name));
    table.stand_in = false;
    co_return true;
  }
  const TableOperations::Deleted deleted = co_await operations_.Delete(name, operations_.Deadline());
  table.stand_in = false;
  if (!deleted.error) co_return true;
  log_.Write(
      table.left ? LogLevel::kInfo : LogLevel::kWarn,
      fmt::format("Table {} is left behind: it is empty and kept the settings of table {} while that was "
                  "created again. The next overwrite uses it again and deletes it if it may. {}",
                  name, plan.table, deleted.error->message));
  co_return false;
}

}  // namespace ddb
