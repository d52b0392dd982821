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

Error MustBeThere(const TablePlan& plan) {
  const auto attribute = [](const KeyAttribute& key) { return fmt::format("{} ({})", key.name, key.type); };
  return ConfigError(
             fmt::format("Table {} does not exist, and create_tables is false. Create it with the partition "
                         "key {}{}{}, "
                         "or set create_tables to true.",
                         plan.table, attribute(plan.keys.hash), plan.keys.range ? " and the sort key " : "",
                         plan.keys.range ? attribute(*plan.keys.range) : ""),
             "DescribeTable: ResourceNotFoundException")
      .For(plan.stream);
}

}  // namespace

Status TableSurveyor::Run() {
  for (size_t i = 0; i < work_.plans.size(); ++i) {
    SurveyedTable& table = work_.survey.tables[i];
    known_.push_back(table.created ||
                     (table.found && (fresh_ || work_.plans[i].mode != TableMode::kRecreate)));
    if (!known_[i]) table = {};
  }
  const TablePhases::Step look = [this](size_t i) { return LookAt(i); };
  const TablePhases::Step look_for_stand_in = [this](size_t i) { return LookForStandIn(i); };
  work_.phases.WatchForStop();
  work_.phases.Run({&look, &look_for_stand_in});
  work_.phases.Run([this](size_t i) { return Examine(i); });
  work_.phases.Run([this](size_t i) { return Complete(i); });
  if (work_.phases.error()) return *work_.phases.error();
  WarnOfDefaultCapacity();
  work_.survey.looked = work_.loop.Now();
  return Ok();
}

Task<Status> TableSurveyor::LookAt(size_t i) {
  if (known_[i]) co_return Ok();
  const TablePlan& plan = work_.plans[i];
  TableOperations::Found found =
      co_await work_.operations.LookWhenSettled(plan.table, plan.mode == TableMode::kRecreate);
  if (!found.ok()) co_return std::move(found).error();
  work_.survey.tables[i].found = std::move(*found);
  co_return Ok();
}

// Whatever the mode, and whether or not the table is there: the sync may have been changed since the one that
// was killed, and that may have got as far as the table.
Task<Status> TableSurveyor::LookForStandIn(size_t i) {
  if (known_[i]) co_return Ok();
  SurveyedTable& table = work_.survey.tables[i];
  TableOperations::Found left = co_await work_.stand_ins.Find(work_.plans[i]);
  if (!left.ok()) co_return std::move(left).error();
  table.stand_in = left->has_value();
  if (*left) table.left = std::make_unique<TableDescription>(std::move(**left));
  co_return Ok();
}

Task<Status> TableSurveyor::Examine(size_t i) {
  const TablePlan& plan = work_.plans[i];
  SurveyedTable& table = work_.survey.tables[i];
  if (known_[i]) co_return Ok();
  if (!table.found) {
    // Of one that is still being created not all may be told, such as its key.
    if (table.left && table.left->status == TableStatus::kCreating) {
      TableOperations::Found left =
          co_await work_.operations.AwaitActive(table.left->name, work_.operations.Deadline());
      if (!left.ok()) co_return std::move(left).error();
      if (*left) (*left)->settings.tags = std::move(table.left->settings.tags);
      if (*left) (*left)->settings.ttl_attribute = std::move(table.left->settings.ttl_attribute);
      table.left = *left ? std::make_unique<TableDescription>(std::move(**left)) : nullptr;
    }
    if (table.left) table.settings = table.left->settings;
    co_return Ok();
  }
  Status usable = CheckUsable(*table.found, plan.keys);
  if (usable.ok() && plan.mode == TableMode::kRecreate) usable = CheckDroppable(plan, *table.found);
  if (!usable.ok() || (plan.mode == TableMode::kAppend && !table.left)) co_return usable;
  table.settings = table.found->settings;
  Status read = co_await work_.operations.ReadExtraSettings(*table.found, table.settings);
  if (!read.ok() || plan.mode == TableMode::kAppend) co_return read;
  if (const std::string& ttl = table.settings.ttl_attribute; !ttl.empty()) {
    Status may = co_await work_.operations.ProbeTimeToLive(plan.table, ttl);
    if (!may.ok()) co_return may;
  }
  int& recovery_days = table.settings.recovery_days;
  if (recovery_days > 0) {
    Status may = co_await work_.operations.ProbeRecovery(plan.table, recovery_days);
    if (!may.ok()) co_return may;
  } else {
    recovery_days = plan.settings.recovery_days;  // that the configuration has it on is enough
  }
  co_return co_await Probe(i);
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
  const TableDescription before = *table.found;
  co_return co_await UseAsCreated(i, std::move(**found), before);
}

Task<Status> TableSurveyor::Complete(size_t i) {
  SurveyedTable& table = work_.survey.tables[i];
  if (work_.phases.error() || known_[i] || table.created) co_return Ok();
  if (!table.found) co_return co_await Create(i);
  if (table.left && work_.plans[i].may_create)
    co_return co_await work_.stand_ins.Settle(work_.plans[i], table);
  co_return Ok();
}

// With the settings of its stand-in, if one was left.
Task<Status> TableSurveyor::Create(size_t i) {
  const TablePlan& plan = work_.plans[i];
  SurveyedTable& table = work_.survey.tables[i];
  if (!plan.may_create) co_return MustBeThere(plan);
  const bool restored = table.left != nullptr;
  if (!restored) table.settings = plan.settings;
  Result<TableDescription> created = TableDescription();
  if (restored) {
    created =
        co_await work_.operations.Create(plan.table, plan.keys, table.settings, nullptr, Loss::kKeyName);
  } else {
    created = co_await work_.operations.CreateNew(plan.table, plan.keys, plan.settings, plan.options);
  }
  if (!created.ok()) co_return std::move(created).error();
  if (restored) {
    Status same = co_await CheckUnnamedKey(i, *created);
    if (!same.ok()) co_return same;
  }
  if (!restored && plan.default_capacity && !plan.settings.capacity.on_demand) ++with_default_capacity_;
  work_.log.Info(fmt::format("Table {} created{}.", plan.table,
                             restored
                                 ? ", with the settings that it had when an earlier sync dropped it and was "
                                   "ended before it could create it again"
                                 : ""));
  const TableDescription before = restored ? *table.left : *created;
  table.ttl_kept = restored;
  Status used = co_await UseAsCreated(i, std::move(*created), before);
  if (!used.ok() || !restored || co_await work_.stand_ins.Remove(plan, table)) co_return used;
  const std::string& ttl = table.settings.ttl_attribute;
  work_.log.Warn(fmt::format(
      "Table {}: its settings come from table {}, which cannot be deleted, so that they "
      "may be old ones. Look at them{}, and delete {}.",
      plan.table, StandInName(plan.table),
      ttl.empty() ? "" : ", above all the time to live on attribute " + ttl, StandInName(plan.table)));
  co_return used;
}

// The key that AWS manages is known from another only by what a table gets that names none. One that got
// another goes again, so that no later run takes it for the table that was.
Task<Status> TableSurveyor::CheckUnnamedKey(size_t i, const TableDescription& created) {
  const std::string& table = work_.plans[i].table;
  const TableDescription& before = *work_.survey.tables[i].left;
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

Task<Status> TableSurveyor::UseAsCreated(size_t i, TableDescription created, const TableDescription& before) {
  SurveyedTable& table = work_.survey.tables[i];
  Status usable = CheckUsable(created, work_.plans[i].keys);
  if (usable.ok()) usable = CheckProtectedAs(before, created);
  if (!usable.ok()) co_return usable;
  table.ttl_missing = !co_await work_.operations.SetExtraSettings(work_.plans[i].table, table.settings);
  table.found = std::move(created);
  table.created = true;
  co_return Ok();
}

void TableSurveyor::WarnOfDefaultCapacity() {
  if (with_default_capacity_ == 0) return;
  work_.log.Warn(fmt::format(
      "{} created with the default capacity of {} read and {} write units: about {} records "
      "of up to 1 KB a second each, more is throttled and waits. For more, set the capacity to on-demand "
      "or to higher figures in the configuration before the tables are created, or change the tables' "
      "capacity in AWS.",
      with_default_capacity_ == 1 ? "1 table was" : fmt::format("{} tables were", with_default_capacity_),
      work_.plans[0].settings.capacity.read_units.value_or(0),
      work_.plans[0].settings.capacity.write_units.value_or(0),
      work_.plans[0].settings.capacity.write_units.value_or(0)));
}

std::vector<TableDescription> TableSurvey::Descriptions() const {
  std::vector<TableDescription> descriptions;
  descriptions.reserve(tables.size());
  for (const SurveyedTable& table : tables) descriptions.push_back(*table.found);
  return descriptions;
}

Result<TableSurvey> LookAtTables(ControlLoop& loop, Client& client, Log& log,
                                 std::span<const TablePlan> plans, const PrepareOptions& options) {
  TableSurvey survey;
  survey.tables.resize(plans.size());
  Status looked = TableSurveyor(loop, client, log, plans, options, survey).Run();
  if (!looked.ok()) return std::move(looked).error();
  return survey;
}

}  // namespace ddb
