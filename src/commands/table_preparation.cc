#include "commands/table_preparation.h"

#include <memory>
#include <utility>

#include "base/event_loop.h"

namespace ddb {
namespace {

// Tables of which it is kept what they were found to be until they are replaced. Others are looked at again
// then, as each one is after a minute.
constexpr size_t kMostKept = 250;

}  // namespace

TablePreparation::TablePreparation(const RunPlan& plan, const EndpointText& endpoint,
                                   const ClientFactory& make_client, ControlWatch& watch, const Clock& clock,
                                   Log& log)
    : plan_(plan), endpoint_(endpoint), make_client_(make_client), watch_(watch), clock_(clock), log_(log) {}

std::vector<TableNo> TablePreparation::ToReplace() const {
  MutexLock lock(mu_);
  return to_replace_;
}

Result<TableDescriptions> TablePreparation::Look(const StopRequested& stop_requested) {
  EventLoop loop;
  EventControlLoop control(loop, clock_);
  const std::unique_ptr<Client> client = make_client_(loop);
  Result<TableSurvey> survey =
      LookAtTables(control, *client, log_, plan_.tables.all(), Options(stop_requested, watch_));
  if (!survey.ok()) return std::move(survey).error();
  TableDescriptions descriptions;
  descriptions.reserve(survey->tables.size());
  MutexLock lock(mu_);
  looked_ = survey->looked;
  found_ = NumberedVector<TableNo, std::unique_ptr<SurveyedTable>>(survey->tables.size());
  for (SurveyedTable& table : survey->tables) {
    was_there_.push_back(!table.created);
    const TableNo no = descriptions.push_back(*table.found);
    if (plan_.tables[no].mode != TableMode::kRecreate || table.created) continue;
    if (to_replace_.size() < kMostKept) found_[no] = std::make_unique<SurveyedTable>(std::move(table));
    to_replace_.push_back(no);
  }
  return descriptions;
}

bool TablePreparation::WasThere(TableNo table) const {
  MutexLock lock(mu_);
  return was_there_[table.value()];
}

Result<std::vector<TableDescription>> TablePreparation::Replace(const std::vector<TableNo>& which,
                                                                const StopRequested& stop_requested,
                                                                const TableReplaced& replaced) {
  std::vector<TablePlan> plans;
  TableSurvey survey;
  {
    MutexLock lock(mu_);
    survey.looked = looked_;
    plans.reserve(which.size());
    survey.tables.reserve(which.size());
    for (const TableNo table : which) {
      plans.push_back(plan_.tables[table]);
      const std::unique_ptr<SurveyedTable> found = std::move(found_[table]);
      survey.tables.push_back(found ? std::move(*found) : SurveyedTable());
    }
  }
  ControlWatch watch = watch_.Beside();
  EventLoop loop;
  EventControlLoop control(loop, clock_);
  const std::unique_ptr<Client> client = make_client_(loop);
  Status all = ReplaceTables(control, *client, log_, plans, Options(stop_requested, watch), survey,
                             [&](size_t i) { replaced(which[i]); });
  if (!all.ok()) return std::move(all).error();
  return survey.Descriptions();
}

PrepareOptions TablePreparation::Options(const StopRequested& stop_requested, ControlWatch& watch) const {
  PrepareOptions options;
  options.endpoint = endpoint_;
  options.control.watch = &watch;
  options.transition = plan_.give_up;
  options.stop_requested = [this, &stop_requested, &watch] {
    watch.SayTrouble(log_, clock_.Now());
    return stop_requested();
  };
  return options;
}

}  // namespace ddb
