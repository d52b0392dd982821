#include "dynamodb/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/task.h"
#include "dynamodb/requests.h"
#include "dynamodb/table_operations.h"

namespace ddb {
namespace {

constexpr Duration kStopPoll = std::chrono::milliseconds(100);

std::string_view StateText(TableStatus status) {
  switch (status) {
    case TableStatus::kKeyInaccessible:
      return "its encryption key cannot be used";
    case TableStatus::kArchived:
      return "it is archived";
    case TableStatus::kCreating:
    case TableStatus::kUpdating:
    case TableStatus::kDeleting:
    case TableStatus::kActive:
    case TableStatus::kOther:
      break;
  }
  return "it is in a state that this version does not know";
}

// Names of the settings in which `is` is not what `was` was, for a warning; "" when there are none.
std::string Differences(TableSettings was, TableSettings is) {
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  for (TableSettings* settings : {&was, &is}) {
    std::sort(settings->attributes.begin(), settings->attributes.end(), by_name);
    std::sort(settings->indexes.begin(), settings->indexes.end(), by_name);
  }
  std::string names;
  const auto check = [&names](bool same, std::string_view name) {
    if (!same) names.append(names.empty() ? "" : ", ").append(name);
  };
  check(was.capacity == is.capacity, "capacity");
  check(was.indexes == is.indexes && was.attributes == is.attributes, "indexes");
  check(was.stream_view == is.stream_view, "stream");
  check(was.table_class == is.table_class, "table class");
  check(was.kms_key_arn == is.kms_key_arn, "encryption key");
  return names;
}

// Everything that the new table gets, as one line of JSON.
std::string SettingsJson(const TableDescription& table, const TableSettings& settings) {
  std::string json = R"({"CreateTable":)" + CreateTableBody(table.name, table.keys, settings);
  if (!settings.ttl_attribute.empty()) {
    json += R"(,"UpdateTimeToLive":)" + UpdateTimeToLiveBody(table.name, settings.ttl_attribute);
  }
  return json + "}";
}

// One run of PrepareTables: two phases, each with a task per table.
class Preparation {
 public:
  Preparation(ControlLoop& loop, Client& client, Log& log, const std::vector<TablePlan>& plans,
              const PrepareOptions& options)
      : loop_(loop),
        log_(log),
        plans_(plans),
        options_(options),
        plane_(loop_, client, options.control),
        operations_(plane_, log, options.endpoint, options.transition),
        tables_(plans.size()) {}

  Result<std::vector<TableDescription>> Run() {
    if (plans_.empty()) return std::vector<TableDescription>();
    WatchForStop();
    StartPhase(&Preparation::Inspect);
    loop_.Run();
    if (!error_) StartPhase(&Preparation::Apply);
    if (!error_) loop_.Run();
    if (error_) return std::move(*error_);
    WarnOfDefaultCapacity();
    std::vector<TableDescription> result;
    for (Table& table : tables_) result.push_back(std::move(*table.found));
    return result;
  }

 private:
  using Phase = Task<Status> (Preparation::*)(size_t);
  struct Table {
    std::optional<TableDescription> found;  // as it is now
    TableSettings settings;                 // to carry over
  };

  // Returns at once; the loop stops when all tasks of the phase are done, or earlier after a failure that
  // leaves nothing half done.
  void StartPhase(Phase phase) {
    tasks_.clear();
    pending_ = plans_.size();
    for (size_t i = 0; i < plans_.size(); ++i) tasks_.push_back(RunOne(phase, i));
    for (Task<void>& task : tasks_) task.Start();
  }

  Task<void> RunOne(Phase phase, size_t i) {
    Status status = co_await (this->*phase)(i);
    if (!status.ok()) Fail(i, std::move(status).error());
    // Tables in the middle of being replaced are brought to their end; all other work is given up.
    if (--pending_ == 0 || (error_ && replacing_ == 0)) loop_.Stop();
  }

  void Fail(size_t i, Error error) {
    if (error_ && failed_ <= i) return;
    failed_ = i;
    error_ = std::move(error).For(plans_[i].stream);
  }

  // Looks, and refuses what may not go on. Changes nothing.
  Task<Status> Inspect(size_t i) {
    const TablePlan& plan = plans_[i];
    Table& table = tables_[i];
    const bool recreate = plan.mode == TableMode::kRecreate;
    TableOperations::Found found = co_await operations_.LookWhenSettled(plan.table, recreate);
    if (!found.ok()) co_return std::move(found).error();
    if (!*found) co_return Ok();
    table.found = std::move(**found);
    Status usable = CheckUsable(plan, *table.found);
    if (!usable.ok() || !recreate) co_return usable;
    Status droppable = CheckDroppable(plan, *table.found);
    if (!droppable.ok()) co_return droppable;
    table.settings = table.found->settings;
    co_return co_await operations_.ReadExtraSettings(*table.found, table.settings);
  }

  Task<Status> Apply(size_t i) {
    const TablePlan& plan = plans_[i];
    Table& table = tables_[i];
    if (table.found && plan.mode == TableMode::kAppend) co_return Ok();
    if (!table.found) {
      Status created = co_await CreateNew(i);
      co_return created;
    }
    ++replacing_;
    Status replaced = co_await Replace(i);
    --replacing_;
    co_return replaced;
  }

  Task<Status> CreateNew(size_t i) {
    const TablePlan& plan = plans_[i];
    TableSettings settings;
    settings.capacity = plan.capacity;
    Result<TableDescription> created = co_await operations_.Create(plan.table, plan.keys, settings);
    if (!created.ok()) co_return std::move(created).error();
    tables_[i].found = std::move(*created);
    if (plan.default_capacity && !plan.capacity.on_demand) ++with_default_capacity_;
    log_.Info(fmt::format("Table {} created.", plan.table));
    co_return CheckUsable(plan, *tables_[i].found);
  }

  Task<Status> Replace(size_t i) {
    const TablePlan& plan = plans_[i];
    Table& table = tables_[i];
    log_.Info(fmt::format("Table {} is dropped and created again to overwrite it; its settings: {}",
                          plan.table, SettingsJson(*table.found, table.settings)));
    Status dropped = co_await operations_.Drop(plan.table);
    if (!dropped.ok()) co_return dropped;
    Result<TableDescription> created = co_await operations_.Create(plan.table, plan.keys, table.settings);
    if (!created.ok()) co_return std::move(created).error();
    table.found = std::move(*created);
    Status usable = CheckUsable(plan, *table.found);
    if (!usable.ok()) co_return usable;
    if (const std::string names = Differences(table.settings, table.found->settings); !names.empty()) {
      log_.Warn(fmt::format("Table {} was created again, but the endpoint did not carry over: {}.",
                            plan.table, names));
    }
    if (table.settings.ttl_attribute.empty()) co_return Ok();
    co_return co_await operations_.SetTimeToLive(plan.table, table.settings.ttl_attribute);
  }

  static Status CheckUsable(const TablePlan& plan, const TableDescription& found) {
    if (found.status != TableStatus::kActive && found.status != TableStatus::kUpdating) {
      return ConfigError(
          fmt::format("Table {} cannot be written to: {}.", plan.table, StateText(found.status)));
    }
    if (found.keys == plan.keys) return Ok();
    return ConfigError(fmt::format(
        "Table {} has other keys than this destination writes: found {}, needed {}. Nothing was changed. Use "
        "another table prefix, or move that table out of the way.",
        plan.table, found.keys.Text(), plan.keys.Text()));
  }

  static Status CheckDroppable(const TablePlan& plan, const TableDescription& found) {
    if (found.deletion_protected) {
      return ConfigError(fmt::format(
          "Table {} is protected against deletion, so it cannot be overwritten. Switch its deletion "
          "protection off, or use another sync mode. Nothing was changed.",
          plan.table));
    }
    if (found.replicated) {
      return ConfigError(
          fmt::format("Table {} has replicas in other regions (a global table), so it is not dropped to be "
                      "overwritten. Use another sync mode, or remove the replicas. Nothing was changed.",
                      plan.table));
    }
    return Ok();
  }

  void WarnOfDefaultCapacity() {
    if (with_default_capacity_ == 0) return;
    log_.Warn(fmt::format(
        "{} table(s) were created with the default capacity of {} read and {} write units: about {} records "
        "of up to 1 KB a second each, more is throttled and waits. For more, set the capacity to on-demand "
        "or to higher figures in the configuration before the tables are created, or change the tables' "
        "capacity in AWS.",
        with_default_capacity_, plans_[0].capacity.read_units.value_or(0),
        plans_[0].capacity.write_units.value_or(0), plans_[0].capacity.write_units.value_or(0)));
  }

  void WatchForStop() {
    if (!options_.stop_requested) return;
    if (options_.stop_requested()) {
      error_ = TransientError("The sync was stopped while its tables were being prepared.");
      loop_.Stop();
      return;
    }
    loop_.After(kStopPoll, [this] { WatchForStop(); });
  }

  ScopedLoop loop_;
  Log& log_;
  const std::vector<TablePlan>& plans_;
  const PrepareOptions& options_;
  ControlPlane plane_;
  TableOperations operations_;
  std::vector<Table> tables_;  // per plan
  size_t pending_ = 0;
  size_t replacing_ = 0;  // tables between their drop and their new life
  size_t with_default_capacity_ = 0;
  size_t failed_ = 0;  // the plan that error_ is about
  std::optional<Error> error_;
  std::vector<Task<void>> tasks_;  // last: their frames use the members above
};

}  // namespace

Result<std::vector<TableDescription>> PrepareTables(ControlLoop& loop, Client& client, Log& log,
                                                    const std::vector<TablePlan>& plans,
                                                    const PrepareOptions& options) {
  return Preparation(loop, client, log, plans, options).Run();
}

Result<std::vector<TableDescription>> PrepareTables(EventLoop& loop, const Clock& clock, Client& client,
                                                    Log& log, const std::vector<TablePlan>& plans,
                                                    const PrepareOptions& options) {
  EventControlLoop control(loop, clock);
  return PrepareTables(control, client, log, plans, options);
}

}  // namespace ddb
