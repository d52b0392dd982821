// TableSurveyor: looks at every table of a sync, refuses what may not go on, and creates what is missing;
// with the settings of its stand-in, where an earlier run was killed after the drop of a table. It harms
// nothing that is there. Lives for one look; LookAtTables and ReplaceTables use it, on the loop's thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "dynamodb/table_work.h"
#include "dynamodb/tables.h"

namespace ddb {

class TableSurveyor {
 public:
  // All of it outlives the object; `survey` has an entry per plan, and those of tables that we have created,
  // or that are used as they are, are not looked at again; nor are others that were found, if it is `fresh`.
  TableSurveyor(ControlLoop& loop, Client& client, Log& log, std::span<const TablePlan> plans,
                const PrepareOptions& options, TableSurvey& survey, bool fresh = false)
      : fresh_(fresh), work_(loop, client, log, plans, options, survey) {}

  Status Run();

 private:
  // All at once: each table, and its stand-in.
  Task<Status> LookAt(size_t i);
  Task<Status> LookForStandIn(size_t i);
  // Refuses what may not go on. Changes nothing.
  Task<Status> Examine(size_t i);
  Task<Status> Probe(size_t i);
  // What is missing is created, and what an earlier run left is cleared away.
  Task<Status> Complete(size_t i);
  Task<Status> Create(size_t i);
  Task<Status> CheckUnnamedKey(size_t i, const TableDescription& created);
  Task<Status> UseAsCreated(size_t i, TableDescription created, const TableDescription& before);
  void WarnOfDefaultCapacity();

  const bool fresh_;
  std::vector<bool> known_;  // by plan: from an earlier look
  size_t with_default_capacity_ = 0;
  TableWork work_;  // last
};

}  // namespace ddb
