#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/task.h"
#include "base/times.h"
#include "dynamodb/requests.h"
#include "dynamodb/stand_in.h"
#include "dynamodb/table_survey.h"
#include "dynamodb/table_work.h"
#include "dynamodb/tables.h"

namespace ddb {
namespace {

// For stand-ins to be deleted: one that is just being created cannot be yet. After a stop there is hardly
// time for it, and the next run finds what is left.
constexpr Duration kCleanUp = std::chrono::seconds(30);
constexpr Duration kCleanUpAfterStop = std::chrono::milliseconds(500);
constexpr Duration kCleanUpAfterGivingUp = std::chrono::seconds(1);
// Between tries of a drop that is denied.
constexpr Duration kAskAgain = std::chrono::milliseconds(200);
static_assert(times::kStoringAfterStop + kCleanUpAfterStop + times::kFlushAfterStop <= times::kStop);

// One run of ReplaceTables: a stand-in for each table that needs one, then the drops, and no drop before all
// stand-ins are there.
class Replacement {
 public:
  Replacement(ControlLoop& loop, Client& client, Log& log, std::span<const TablePlan> plans,
              const PrepareOptions& options, TableSurvey& survey, const std::function<void(size_t)>& replaced)
      : tables_(plans.size()), replaced_(replaced), work_(loop, client, log, plans, options, survey) {}

  Status Run() {
    work_.phases.WatchForStop();
    work_.phases.Run([this](size_t i) { return MakeStandIn(i); });
    work_.phases.Run([this](size_t i) { return Replace(i); });
    const bool gave_up = work_.phases.error() && work_.phases.error()->type == FailureType::kTransient;
    const Duration clean_up = work_.phases.stopping() ? kCleanUpAfterStop
                              : gave_up               ? kCleanUpAfterGivingUp
                                                      : kCleanUp;
    work_.phases.CleanUp([this](size_t i) { return RemoveStandIn(i); }, clean_up);
    for (size_t i = 0; i < work_.plans.size(); ++i) WarnOfLosses(i);
    if (work_.phases.error()) return *work_.phases.error();
    return Ok();
  }

 private:
  // What became of a table that is to be replaced.
  enum class Stage { kStands, kDropping, kDropped, kReplaced };
  struct Table {
    Stage stage = Stage::kStands;
    bool created_again = false;  // its CreateTable was accepted after the drop
  };

  bool IsReplaced(size_t i) const {
    return work_.plans[i].mode == TableMode::kRecreate && !work_.survey.tables[i].created;
  }

  Task<Status> MakeStandIn(size_t i) {
    SurveyedTable& table = work_.survey.tables[i];
    if (!IsReplaced(i) || !StandIns::Needed(work_.plans[i], table.settings)) co_return Ok();
    co_return co_await work_.stand_ins.Make(work_.plans[i], table);
  }

  // That of a table which is not there keeps its settings for the next run.
  Task<Status> RemoveStandIn(size_t i) {
    const Stage stage = tables_[i].stage;
    if (stage == Stage::kDropping || stage == Stage::kDropped) co_return Ok();
    (void)co_await work_.stand_ins.Remove(work_.plans[i], work_.survey.tables[i]);
    co_return Ok();
  }

  Task<Status> Replace(size_t i) {
    Table& table = tables_[i];
    if (!IsReplaced(i)) {
      // It had vanished, and was created when it was looked at again.
      if (replaced_ && work_.survey.tables[i].created) replaced_(i);
      co_return Ok();
    }
    TableOperations::Deleted deleted = co_await Drop(i);
    Status status = Ok();
    if (deleted.outcome == TableOperations::Deleted::kStands) {
      if (table.stage == Stage::kDropping) work_.phases.LetGo();
      table.stage = Stage::kStands;
    } else if (deleted.outcome == TableOperations::Deleted::kUnknown) {
      work_.phases.LetGo();
    } else {
      table.stage = Stage::kDropped;
      status = co_await CreateAgain(i);
      work_.phases.LetGo();
    }
    if (deleted.error) co_return std::move(*deleted.error);
    co_return status;
  }

  // A permission is not known everywhere at once, so a denial is tried again for a while. It may as well end
  // the run, so that until then no other drop is begun.
  Task<TableOperations::Deleted> Drop(size_t i) {
    const ControlPlane::Gate gate = [this, i] { return MayDrop(i); };
    std::optional<Instant> denied_since;
    for (;;) {
      while (IsInDoubt(i) && !work_.phases.Ending()) co_await work_.plane.Sleep(kAskAgain);
      TableOperations::Deleted deleted =
          co_await work_.operations.Delete(work_.plans[i].table, work_.operations.Deadline(), &gate);
      const bool withdrawn = deleted.outcome == TableOperations::Deleted::kStands && !deleted.error;
      if (withdrawn && IsInDoubt(i) && !work_.phases.Ending()) continue;
      const Instant now = work_.plane.Now();
      if (deleted.denied && !denied_since) denied_since = now;
      if (!deleted.denied || work_.phases.Ending() || now >= *denied_since + times::kDenialMayPass) {
        denied_.erase(i);
        co_return deleted;
      }
      denied_.insert(i);
      co_await work_.plane.Sleep(kAskAgain);
    }
  }

  // Whether another's drop was denied, and it is not known yet whether that passes.
  bool IsInDoubt(size_t i) const { return !denied_.empty() && !denied_.contains(i); }

  // Asked immediately before each DeleteTable: no table is dropped for a run that is known to end.
  bool MayDrop(size_t i) {
    if (work_.phases.Ending() || IsInDoubt(i)) return false;
    Table& table = tables_[i];
    if (table.stage == Stage::kStands) {
      table.stage = Stage::kDropping;
      work_.phases.Hold();
      const SurveyedTable& surveyed = work_.survey.tables[i];
      work_.log.Info(fmt::format("Table {} is dropped and created again to overwrite it; its settings: {}",
                                 work_.plans[i].table, SettingsJson(*surveyed.found, surveyed.settings)));
    }
    return true;
  }

  Task<Status> CreateAgain(size_t i) {
    const TablePlan& plan = work_.plans[i];
    Table& table = tables_[i];
    SurveyedTable& surveyed = work_.survey.tables[i];
    Status gone = co_await work_.operations.AwaitGone(plan.table, work_.operations.Deadline());
    if (!gone.ok()) co_return gone;
    TableSettings settings = surveyed.settings;
    Result<TableDescription> created =
        co_await work_.operations.Create(plan.table, plan.keys, settings, &table.created_again);
    if (!created.ok()) co_return std::move(created).error();
    table.created_again = true;
    Status usable = CheckUsable(*created, plan.keys);
    if (usable.ok()) usable = CheckProtectedAs(*surveyed.found, *created);
    if (!usable.ok()) co_return usable;
    if (const std::string names = DifferingSettings(settings, created->settings); !names.empty()) {
      work_.log.Warn(fmt::format("Table {} was created again, but the endpoint did not carry over: {}.",
                                 plan.table, names));
    }
    surveyed.ttl_missing = !co_await work_.operations.SetExtraSettings(plan.table, settings);
    surveyed.found = std::move(*created);
    surveyed.created = true;
    table.stage = Stage::kReplaced;
    if (replaced_) replaced_(i);
    co_return Ok();
  }

  // What a run that failed or was stopped leaves in another state than it found it.
  void WarnOfLosses(size_t i) {
    const Table& table = tables_[i];
    const SurveyedTable& surveyed = work_.survey.tables[i];
    const std::string& name = work_.plans[i].table;
    if (table.stage == Stage::kStands || table.stage == Stage::kReplaced) {
      if (!surveyed.stand_in) return;
      work_.log.Warn(
          fmt::format("Table {} may be left behind: it is empty, and the next overwrite of table {} "
                      "deletes it.",
                      StandInName(name), name));
    } else if (!table.created_again) {
      work_.log.Warn(fmt::format(
          "Table {} {} to be overwritten, and is not known to be created again. {}: {}", name,
          table.stage == Stage::kDropped ? "was dropped" : "may have been dropped",
          surveyed.stand_in
              ? fmt::format(
                    "The next overwrite of it takes its settings from table {}, which is there to keep "
                    "them",
                    StandInName(name))
              : "Create it with its settings, or the next sync creates it with those of the configuration",
          SettingsJson(*surveyed.found, surveyed.settings)));
    } else {
      if (const std::string& ttl = surveyed.settings.ttl_attribute; !ttl.empty())
        work_.log.Warn(fmt::format(
            "Table {} was created again, but its time to live on attribute {} may not be set.", name, ttl));
      if (surveyed.settings.recovery_days > 0)
        work_.log.Warn(fmt::format(
            "Table {} was created again, but its point-in-time recovery may not be switched on.", name));
    }
  }

  std::vector<Table> tables_;  // per plan
  std::set<size_t> denied_;    // plans whose drop was, and is tried again
  const std::function<void(size_t)>& replaced_;
  TableWork work_;  // last
};

}  // namespace

Status ReplaceTables(ControlLoop& loop, Client& client, Log& log, std::span<const TablePlan> plans,
                     const PrepareOptions& options, TableSurvey& survey,
                     const std::function<void(size_t)>& replaced) {
  const bool fresh = loop.Now() - survey.looked <= options.fresh;
  const bool all_found =
      std::ranges::all_of(survey.tables, [](const SurveyedTable& table) { return table.found.has_value(); });
  if (!fresh || !all_found) {
    Status looked = TableSurveyor(loop, client, log, plans, options, survey, fresh).Run();
    if (!looked.ok()) return looked;
  }
  return Replacement(loop, client, log, plans, options, survey, replaced).Run();
}

}  // namespace ddb
