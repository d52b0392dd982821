#include "commands/table_preparation.h"

#include <memory>
#include <utility>

#include "base/event_loop.h"

namespace ddb {

TablePreparation::TablePreparation(const RunPlan& plan, const EndpointText& endpoint,
                                   const ClientFactory& make_client, ControlWatch& watch, const Clock& clock,
                                   Log& log)
    : plans_(plan.tables.begin(), plan.tables.end()),
      endpoint_(endpoint),
      make_client_(make_client),
      watch_(watch),
      give_up_(plan.give_up),
      clock_(clock),
      log_(log) {}

std::vector<TableNo> TablePreparation::ToReplace() const {
  MutexLock lock(mu_);
  std::vector<TableNo> to_replace;
  for (size_t i = 0; i < plans_.size(); ++i) {
    if (plans_[i].mode == TableMode::kRecreate && !survey_.tables[i].created) to_replace.emplace_back(i);
  }
  return to_replace;
}

Result<TableDescriptions> TablePreparation::Look(const StopRequested& stop_requested) {
  EventLoop loop;
  EventControlLoop control(loop, clock_);
  const std::unique_ptr<Client> client = make_client_(loop);
  Result<TableSurvey> survey = LookAtTables(control, *client, log_, plans_, Options(stop_requested, watch_));
  if (!survey.ok()) return std::move(survey).error();
  MutexLock lock(mu_);
  survey_ = *std::move(survey);
  return Descriptions();
}

bool TablePreparation::WasThere(TableNo table) const {
  MutexLock lock(mu_);
  return !survey_.tables[table.value()].created;
}

Result<TableDescriptions> TablePreparation::Replace(const std::vector<TableNo>& which,
                                                    const StopRequested& stop_requested,
                                                    const TableReplaced& replaced) {
  std::vector<TablePlan> plans;
  TableSurvey survey;
  {
    MutexLock lock(mu_);
    survey.looked = survey_.looked;
    for (const TableNo table : which) {
      plans.push_back(plans_[table.value()]);
      survey.tables.push_back(survey_.tables[table.value()]);
    }
  }
  ControlWatch watch = watch_.Beside();
  EventLoop loop;
  EventControlLoop control(loop, clock_);
  const std::unique_ptr<Client> client = make_client_(loop);
  Status all = ReplaceTables(control, *client, log_, plans, Options(stop_requested, watch), survey,
                             [&](size_t i) { replaced(which[i]); });
  MutexLock lock(mu_);
  for (size_t i = 0; i < which.size(); ++i) {
    // Of one that was not replaced not all is known any more.
    if (survey.tables[i].created) survey_.tables[which[i].value()] = std::move(survey.tables[i]);
  }
  if (!all.ok()) return std::move(all).error();
  return Descriptions();
}

PrepareOptions TablePreparation::Options(const StopRequested& stop_requested, ControlWatch& watch) const {
  PrepareOptions options;
  options.endpoint = endpoint_;
  options.control.watch = &watch;
  options.transition = give_up_;
  options.stop_requested = [this, &stop_requested, &watch] {
    watch.SayTrouble(log_, clock_.Now());
    return stop_requested();
  };
  return options;
}

TableDescriptions TablePreparation::Descriptions() const {
  TableDescriptions descriptions;
  for (TableDescription& table : survey_.Descriptions()) descriptions.push_back(std::move(table));
  return descriptions;
}

}  // namespace ddb
