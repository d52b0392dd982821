#include "dynamodb/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/task.h"
#include "base/times.h"
#include "dynamodb/requests.h"
#include "dynamodb/table_operations.h"

namespace ddb {
namespace {

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

// One run of PrepareTables: three phases, each with a task per table. No table is dropped before all that
// were missing are there, so that a run that may not create tables, or as many, has dropped none.
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
    RunPhase(&Preparation::Inspect);
    if (!error_) RunPhase(&Preparation::CreateMissing);
    if (!error_) RunPhase(&Preparation::Replace);
    WarnOfLosses();
    if (error_) return std::move(*error_);
    WarnOfDefaultCapacity();
    std::vector<TableDescription> result;
    for (Table& table : tables_) result.push_back(std::move(*table.found));
    return result;
  }

 private:
  using Phase = Task<Status> (Preparation::*)(size_t);
  struct Table {
    // What became of a table that is to be replaced.
    enum Stage { kStands, kDropping, kDropped, kReplaced };
    std::optional<TableDescription> found;  // as it is now
    TableSettings settings;                 // to carry over
    Stage stage = kStands;
    bool created = false;        // it was missing
    bool created_again = false;  // its CreateTable was accepted after the drop
  };

  // Ends when all tasks of the phase are done, or earlier after a failure that leaves nothing half done.
  void RunPhase(Phase phase) {
    tasks_.clear();
    pending_ = plans_.size();
    for (size_t i = 0; i < plans_.size(); ++i) tasks_.push_back(RunOne(phase, i));
    for (Task<void>& task : tasks_) task.Start();
    loop_.Run();
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
    Status usable = CheckUsable(*table.found, plan.keys);
    if (!usable.ok() || !recreate) co_return usable;
    Status droppable = CheckDroppable(plan, *table.found);
    if (!droppable.ok()) co_return droppable;
    table.settings = table.found->settings;
    Status read = co_await operations_.ReadExtraSettings(*table.found, table.settings);
    if (!read.ok()) co_return read;
    Result<TableOperations::Probed> probed = co_await operations_.Probe(*table.found, table.settings);
    if (!probed.ok()) co_return std::move(probed).error();
    if (*probed == TableOperations::Probed::kCreated) co_return co_await AwaitCreatedByProbe(i);
    co_return Ok();
  }

  // Somebody dropped the table after we had looked at it.
  Task<Status> AwaitCreatedByProbe(size_t i) {
    Table& table = tables_[i];
    table.created = true;
    TableOperations::Found found = co_await operations_.AwaitActive(plans_[i].table, operations_.Deadline());
    if (!found.ok()) co_return std::move(found).error();
    if (!*found) {
      co_return TransientError(fmt::format("Table {} vanished after it was created.", plans_[i].table),
                               "DescribeTable: ResourceNotFoundException after CreateTable");
    }
    if (!table.settings.ttl_attribute.empty()) {
      co_await operations_.SetTimeToLive(plans_[i].table, table.settings.ttl_attribute);
    }
    table.found = std::move(**found);
    co_return CheckUsable(*table.found, plans_[i].keys);
  }

  Task<Status> CreateMissing(size_t i) {
    if (error_ || tables_[i].found) co_return Ok();
    const TablePlan& plan = plans_[i];
    TableSettings settings;
    settings.capacity = plan.capacity;
    Result<TableDescription> created = co_await operations_.Create(plan.table, plan.keys, settings);
    if (!created.ok()) co_return std::move(created).error();
    tables_[i].created = true;
    tables_[i].found = std::move(*created);
    if (plan.default_capacity && !plan.capacity.on_demand) ++with_default_capacity_;
    log_.Info(fmt::format("Table {} created.", plan.table));
    co_return CheckUsable(*tables_[i].found, plan.keys);
  }

  Task<Status> Replace(size_t i) {
    Table& table = tables_[i];
    if (table.created || plans_[i].mode == TableMode::kAppend) co_return Ok();
    const ControlPlane::Gate gate = [this, i] { return MayDrop(i); };
    TableOperations::Deleted deleted =
        co_await operations_.Delete(plans_[i].table, operations_.Deadline(), &gate);
    Status status = Ok();
    if (deleted.outcome == TableOperations::Deleted::kStands) {
      if (table.stage == Table::kDropping) --replacing_;
      table.stage = Table::kStands;
    } else if (deleted.outcome == TableOperations::Deleted::kUnknown) {
      --replacing_;
    } else {
      table.stage = Table::kDropped;
      status = co_await CreateAgain(i);
      --replacing_;
    }
    if (deleted.error) co_return std::move(*deleted.error);
    co_return status;
  }

  // Asked immediately before each DeleteTable: no table is dropped for a run that is known to end.
  bool MayDrop(size_t i) {
    if (!stopping_ && options_.stop_requested && options_.stop_requested()) Stop();
    if (error_) return false;
    Table& table = tables_[i];
    if (table.stage == Table::kStands) {
      table.stage = Table::kDropping;
      ++replacing_;
      log_.Info(fmt::format("Table {} is dropped and created again to overwrite it; its settings: {}",
                            plans_[i].table, SettingsJson(*table.found, table.settings)));
    }
    return true;
  }

  Task<Status> CreateAgain(size_t i) {
    const TablePlan& plan = plans_[i];
    Table& table = tables_[i];
    Status gone = co_await operations_.AwaitGone(plan.table, operations_.Deadline());
    if (!gone.ok()) co_return gone;
    TableSettings settings = table.settings;
    Result<TableDescription> created =
        co_await operations_.Create(plan.table, plan.keys, settings, &table.created_again);
    if (!created.ok()) co_return std::move(created).error();
    table.created_again = true;
    Status usable = CheckUsable(*created, plan.keys);
    if (usable.ok()) usable = CheckProtectedAs(*table.found, *created);
    if (!usable.ok()) co_return usable;
    if (const std::string names = Differences(settings, created->settings); !names.empty()) {
      log_.Warn(fmt::format("Table {} was created again, but the endpoint did not carry over: {}.",
                            plan.table, names));
    }
    if (!settings.ttl_attribute.empty()) {
      co_await operations_.SetTimeToLive(plan.table, settings.ttl_attribute);
    }
    table.found = std::move(*created);
    table.stage = Table::kReplaced;
    co_return Ok();
  }

  // What a run that failed or was stopped leaves in another state than it found it.
  void WarnOfLosses() {
    for (size_t i = 0; i < plans_.size(); ++i) {
      const Table& table = tables_[i];
      if (table.stage == Table::kStands || table.stage == Table::kReplaced) continue;
      if (!table.created_again) {
        log_.Warn(fmt::format(
            "Table {} {} to be overwritten, and is not known to be created again. Create it with its "
            "settings, or the next sync creates it with those of the configuration: {}",
            plans_[i].table, table.stage == Table::kDropped ? "was dropped" : "may have been dropped",
            SettingsJson(*table.found, table.settings)));
      } else if (!table.settings.ttl_attribute.empty()) {
        log_.Warn(
            fmt::format("Table {} was created again, but its time to live on attribute {} may not be set.",
                        plans_[i].table, table.settings.ttl_attribute));
      }
    }
  }

  static Status CheckDroppable(const TablePlan& plan, const TableDescription& found) {
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
    if (!options_.stop_requested || stopping_) return;
    if (options_.stop_requested()) return Stop();
    loop_.After(times::kSignalPoll, [this] { WatchForStop(); });
  }

  void Stop() {
    stopping_ = true;
    if (!error_)
      error_ = TransientError("The sync was stopped while its tables were being prepared.", "stop_requested");
    if (replacing_ == 0) return loop_.Stop();
    loop_.After(times::kStoringAfterStop, [this] { loop_.Stop(); });
  }

  ScopedLoop loop_;
  Log& log_;
  const std::vector<TablePlan>& plans_;
  const PrepareOptions& options_;
  ControlPlane plane_;
  TableOperations operations_;
  std::vector<Table> tables_;  // per plan
  size_t pending_ = 0;
  size_t replacing_ = 0;   // tables between their first DeleteTable and their new life
  bool stopping_ = false;  // a stop was requested
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
