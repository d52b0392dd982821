// TablePreparation: the run's two steps for its tables, each on a loop and connections of its own: between
// them the source may be silent for hours. Main thread.
#pragma once

#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "delivery/run_plan.h"
#include "dynamodb/error_messages.h"
#include "dynamodb/tables.h"
#include "dynamodb/watched_client.h"
#include "pipeline/run.h"

namespace ddb {

class TablePreparation {
 public:
  // All of it outlives the object.
  TablePreparation(const RunPlan& plan, const EndpointText& endpoint, const ClientFactory& make_client,
                   const Clock& clock, Log& log);

  bool AnyToReplace() const;
  Result<TableDescriptions> Look(const StopRequested& stop_requested);     // first
  Result<TableDescriptions> Replace(const StopRequested& stop_requested);  // after a Look that went well

 private:
  PrepareOptions Options(WatchedClient& client, const StopRequested& stop_requested) const;
  TableDescriptions Descriptions() const;

  const std::vector<TablePlan> plans_;
  const EndpointText endpoint_;
  const ClientFactory& make_client_;
  const Clock& clock_;
  Log& log_;
  TableSurvey survey_;
};

}  // namespace ddb
