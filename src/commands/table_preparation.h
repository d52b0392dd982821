// TablePreparation: the run's steps for its tables, each on a loop and connections of its own: between them
// the source may be silent for hours. Look comes first; then any thread, several at a time.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/numbered.h"
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
  Result<std::vector<TableDescription>> Replace(const std::vector<TableNo>& which,
                                                const StopRequested& stop_requested,
                                                const TableReplaced& replaced);

 private:
  // `watch` outlives what is given back.
  PrepareOptions Options(const StopRequested& stop_requested, ControlWatch& watch) const;

  const RunPlan& plan_;
  const EndpointText endpoint_;
  const ClientFactory& make_client_;
  ControlWatch& watch_;
  const Clock& clock_;
  Log& log_;
  mutable Mutex mu_;
  std::vector<bool> was_there_ GUARDED_BY(mu_);  // by TableNo
  std::vector<TableNo> to_replace_ GUARDED_BY(mu_);
  // Of some of these, until they are replaced; null: it is to be looked at again.
  NumberedVector<TableNo, std::unique_ptr<SurveyedTable>> found_ GUARDED_BY(mu_);
  Instant looked_ GUARDED_BY(mu_);
};

}  // namespace ddb
