// TablePreparation: the run's steps for its tables, each on a loop and connections of its own: between them
// the source may be silent for hours. Look comes first; then any thread, several at a time.
#pragma once

#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "delivery/run_plan.h"
#include "dynamodb/control_watch.h"
#include "dynamodb/error_messages.h"
#include "dynamodb/tables.h"
#include "pipeline/run.h"

namespace ddb {

class TablePreparation {
 public:
  // All of it outlives the object.
  TablePreparation(const RunPlan& plan, const EndpointText& endpoint, const ClientFactory& make_client,
                   ControlWatch& watch, const Clock& clock, Log& log);

  Result<TableDescriptions> Look(const StopRequested& stop_requested);  // first
  // After a Look that went well: before this run.
  bool WasThere(TableNo table) const;
  // After a Look that went well: the tables that are to be overwritten and hold something old.
  std::vector<TableNo> ToReplace() const;
  // Some of those; none of them is in two steps.
  Result<TableDescriptions> Replace(const std::vector<TableNo>& which, const StopRequested& stop_requested,
                                    const TableReplaced& replaced);

 private:
  // `watch` outlives what is given back.
  PrepareOptions Options(const StopRequested& stop_requested, ControlWatch& watch) const;
  TableDescriptions Descriptions() const REQUIRES(mu_);

  const std::vector<TablePlan> plans_;  // by TableNo
  const EndpointText endpoint_;
  const ClientFactory& make_client_;
  ControlWatch& watch_;
  const Duration give_up_;
  const Clock& clock_;
  Log& log_;
  mutable Mutex mu_;
  TableSurvey survey_ GUARDED_BY(mu_);
};

}  // namespace ddb
