#include "dynamodb/tables.h"

#include <fmt/format.h>

#include <utility>

#include "base/task.h"
#include "dynamodb/table_survey.h"

namespace ddb {
namespace {

Status CheckDroppable(const TablePlan& plan, const TableDescription& found) {
  if (found.deletion_protected) {
    return ConfigError(
        fmt::format("Table {} is protected against deletion, so it cannot be overwritten. Switch its "
                    "deletion protection off, or use another sync mode. Nothing was changed.",
                    plan.table),
        "DescribeTable: DeletionProtectionEnabled");
  }
  if (found.replicated) {
    return ConfigError(
        fmt::format("Table {} has replicas in other regions (a global table), so it is not dropped to be "
                    "overwritten. Use another sync mode, or remove the replicas. Nothing was changed.",
                    plan.table),
        "DescribeTable: Replicas");
  }
  if (found.vector_indexes) {
    return ConfigError(
        fmt::format(
            "Table {} has vector indexes, which this version cannot create again, so it is not dropped to "
            "be overwritten. Use another sync mode, or remove them. Nothing was changed.",
            plan.table),
        "DescribeTable: VectorIndexes");
  }
  return Ok();
}

}  // namespace

Status TableSurveyor::Run() {
  work_.phases.WatchForStop();
  work_.phases.Run([this](size_t i) { return Inspect(i); });
  work_.phases.Run([this](size_t i) { return CreateMissing(i); });
  if (work_.phases.error()) return *work_.phases.error();
  WarnOfDefaultCapacity();
  work_.survey.looked = work_.loop.Now();
  return Ok();
}

// Looks, and refuses what may not go on. Changes nothing.
Task<Status> TableSurveyor::Inspect(size_t i) {
  const TablePlan& plan = work_.plans[i];
  SurveyedTable& table = work_.survey.tables[i];
  const bool recreate = plan.mode == TableMode::kRecreate;
  if (table.created || (table.found && !recreate)) co_return Ok();  // in an earlier look
  table = {};
  TableOperations::Found found = co_await work_.operations.LookWhenSettled(plan.table, recreate);
  if (!found.ok()) co_return std::move(found).error();
  table.found = std::move(*found);
  if (table.found) {
    Status usable = CheckUsable(*table.found, plan.keys);
    if (!usable.ok() || !recreate) co_return usable;
    Status droppable = CheckDroppable(plan, *table.found);
    if (!droppable.ok()) co_return droppable;
    table.settings = table.found->settings;
    Status read = co_await work_.operations.ReadExtraSettings(*table.found, table.settings);
    if (!read.ok()) co_return read;
  }
  // Whatever the mode: the sync may have been changed since the one that was killed.
  Status looked = co_await LookForStandIn(i);
  if (!looked.ok() || !table.found) co_return looked;
  co_return co_await Probe(i);
}

// An earlier run that was killed may have left one.
Task<Status> TableSurveyor::LookForStandIn(size_t i) {
  SurveyedTable& table = work_.survey.tables[i];
  TableOperations::Found left = co_await work_.stand_ins.Find(work_.plans[i]);
  if (!left.ok()) co_return std::move(left).error();
  if (!*left) co_return Ok();
  table.stand_in = table.stand_in_was_left = true;
  table.stood_in = (*left)->settings;
  if (!table.found) {
    table.settings = (*left)->settings;
    restored_from_.emplace(i, std::move(**left));
  } else if (table.settings.ttl_attribute.empty()) {
    // The last thing that a new table gets, so that it may have been left without.
    table.settings.ttl_attribute = (*left)->settings.ttl_attribute;
  }
  co_return Ok();
}

Task<Status> TableSurveyor::Probe(size_t i) {
  SurveyedTable& table = work_.survey.tables[i];
  Result<TableOperations::Probed> probed = co_await work_.operations.Probe(*table.found, table.settings);
  if (!probed.ok()) co_return std::move(probed).error();
  if (*probed == TableOperations::Probed::kStands) co_return Ok();
  // Somebody dropped the table after we had looked at it.
  TableOperations::Found found =
      co_await work_.operations.AwaitActive(work_.plans[i].table, work_.operations.Deadline());
  if (!found.ok()) co_return std::move(found).error();
  if (!*found) {
    co_return TransientError(fmt::format("Table {} vanished after it was created.", work_.plans[i].table),
                             "DescribeTable: ResourceNotFoundException after CreateTable");
  }
  co_return co_await UseAsCreated(i, std::move(**found));
}

Task<Status> TableSurveyor::CreateMissing(size_t i) {
  const TablePlan& plan = work_.plans[i];
  SurveyedTable& table = work_.survey.tables[i];
  if (work_.phases.error() || table.found) co_return Ok();
  const bool restored = restored_from_.contains(i);
  if (!restored) table.settings.capacity = plan.capacity;
  Result<TableDescription> created = co_await work_.operations.Create(
      plan.table, plan.keys, table.settings, nullptr, restored ? Loss::kKeyName : Loss::kMinor);
  if (!created.ok()) co_return std::move(created).error();
  if (restored) {
    Status same = co_await CheckUnnamedKey(i, *created);
    if (!same.ok()) co_return same;
  }
  if (!restored && plan.default_capacity && !plan.capacity.on_demand) ++with_default_capacity_;
  work_.log.Info(fmt::format("Table {} created{}.", plan.table,
                             restored
                                 ? ", with the settings that it had when an earlier sync dropped it and was "
                                   "ended before it could create it again"
                                 : ""));
  co_return co_await UseAsCreated(i, std::move(*created));
}

// The key that AWS manages is known from another only by what a table gets that names none. One that got
// another goes again, so that no later run takes it for the table that was.
Task<Status> TableSurveyor::CheckUnnamedKey(size_t i, const TableDescription& created) {
  const std::string& table = work_.plans[i].table;
  const TableDescription& before = restored_from_.at(i);
  const std::string& key = before.settings.kms_key_arn;
  if (work_.survey.tables[i].settings.kms_key_arn == key) co_return Ok();
  if (CheckProtectedAs(before, created).ok()) {
    work_.log.Warn(
        fmt::format("Table {}: CreateTable that names its encryption key {} is refused. It is "
                    "created with the key that AWS manages, which is the same one.",
                    table, key));
    co_return Ok();
  }
  const TableOperations::Deleted deleted =
      co_await work_.operations.Delete(table, work_.operations.Deadline());
  co_return ConfigError(
      fmt::format(
          "Table {} is missing: an earlier sync dropped it and was ended before it could create it "
          "again. It was encrypted with the key {}, and a table with that key cannot be created. Allow "
          "the user or role of the access key to use the key, or create the table yourself. Table {} "
          "keeps its settings.{}",
          table, key, StandInName(table),
          deleted.error ? " A table of its name with another key may be left: delete it." : ""),
      "CreateTable with the key of the table: ValidationException");
}

Task<Status> TableSurveyor::UseAsCreated(size_t i, TableDescription created) {
  SurveyedTable& table = work_.survey.tables[i];
  Status usable = CheckUsable(created, work_.plans[i].keys);
  const auto restored = restored_from_.find(i);
  const TableDescription* before = restored != restored_from_.end() ? &restored->second : nullptr;
  if (!before && table.found) before = &*table.found;
  if (usable.ok() && before) usable = CheckProtectedAs(*before, created);
  if (!usable.ok()) co_return usable;
  if (!table.settings.ttl_attribute.empty()) {
    co_await work_.operations.RestoreTimeToLive(work_.plans[i].table, table.settings.ttl_attribute);
  }
  table.found = std::move(created);
  table.created = true;
  if (restored != restored_from_.end()) co_return co_await work_.stand_ins.Remove(work_.plans[i], table);
  co_return Ok();
}

void TableSurveyor::WarnOfDefaultCapacity() {
  if (with_default_capacity_ == 0) return;
  work_.log.Warn(fmt::format(
      "{} table(s) were created with the default capacity of {} read and {} write units: about {} records "
      "of up to 1 KB a second each, more is throttled and waits. For more, set the capacity to on-demand "
      "or to higher figures in the configuration before the tables are created, or change the tables' "
      "capacity in AWS.",
      with_default_capacity_, work_.plans[0].capacity.read_units.value_or(0),
      work_.plans[0].capacity.write_units.value_or(0), work_.plans[0].capacity.write_units.value_or(0)));
}

std::vector<TableDescription> TableSurvey::Descriptions() const {
  std::vector<TableDescription> descriptions;
  for (const SurveyedTable& table : tables) descriptions.push_back(*table.found);
  return descriptions;
}

Result<TableSurvey> LookAtTables(ControlLoop& loop, Client& client, Log& log,
                                 const std::vector<TablePlan>& plans, const PrepareOptions& options) {
  TableSurvey survey;
  survey.tables.resize(plans.size());
  Status looked = TableSurveyor(loop, client, log, plans, options, survey).Run();
  if (!looked.ok()) return std::move(looked).error();
  return survey;
}

}  // namespace ddb
