// TableSurveyor: looks at every table of a sync, refuses what may not go on, and creates what is missing;
// with the settings of its stand-in, where an earlier run was killed after the drop of a table. It harms
// nothing that is there. Lives for one look; LookAtTables and ReplaceTables use it, on the loop's thread.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "dynamodb/table_work.h"
#include "dynamodb/tables.h"

namespace ddb {

class TableSurveyor {
 public:
  // All of it outlives the object; `survey` has an entry per plan, and those of tables that we have created,
  // or that are used as they are, are not looked at again.
  TableSurveyor(ControlLoop& loop, Client& client, Log& log, const std::vector<TablePlan>& plans,
                const PrepareOptions& options, TableSurvey& survey)
      : work_(loop, client, log, plans, options, survey) {}

  Status Run();

 private:
  Task<Status> Inspect(size_t i);
  Task<Status> LookForStandIn(size_t i);
  Task<Status> Probe(size_t i);
  Task<Status> CreateMissing(size_t i);
  Task<Status> CheckUnnamedKey(size_t i, const TableDescription& created);
  Task<Status> UseAsCreated(size_t i, TableDescription created);
  void WarnOfDefaultCapacity();

  std::map<size_t, TableDescription> restored_from_;  // by plan: its stand-in
  size_t with_default_capacity_ = 0;
  TableWork work_;  // last
};

}  // namespace ddb
