// TableWork: what a survey and a replacement of the tables of a sync work with: a loop and a control plane of
// their own, and what is done with tables over them. Lives for one of them, on the loop's thread; the last
// member of its user, as the frames of its tasks use what that has.
#pragma once

#include <span>
#include <vector>

#include "base/log.h"
#include "dynamodb/control_plane.h"
#include "dynamodb/stand_in.h"
#include "dynamodb/table_operations.h"
#include "dynamodb/table_phases.h"
#include "dynamodb/tables.h"

namespace ddb {

struct TableWork {
  // All of it outlives the object; `survey` has an entry per plan.
  TableWork(ControlLoop& outer, Client& client, Log& the_log, std::span<const TablePlan> the_plans,
            const PrepareOptions& options, TableSurvey& the_survey)
      : loop(outer),
        log(the_log),
        plans(the_plans),
        survey(the_survey),
        plane(loop, client, options.control),
        operations(plane, log, options.endpoint, options.transition),
        stand_ins(operations, log),
        phases(loop, plans, options) {}

  ScopedLoop loop;
  Log& log;
  const std::span<const TablePlan> plans;
  TableSurvey& survey;
  ControlPlane plane;
  TableOperations operations;
  StandIns stand_ins;
  TablePhases phases;  // last: the frames of its tasks use the members above
};

}  // namespace ddb
