// A table's stand-in: an empty table of the same keys and settings, and of a name made from its, that is
// there while the table is dropped and created again. It does two things. A run that is killed in between
// leaves it behind, and the next one restores the table's settings from it: no other place can keep them that
// takes no further permission and holds whatever a table can have. And it shows before the drop that such a
// table can be made, its encryption key included, whatever the service looks at first in a CreateTable of a
// name that exists. A table that has nothing but what the configuration gives needs none.
//
// Used by the survey and the replacement of tables; loop thread only.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/task.h"
#include "dynamodb/control_plane.h"
#include "dynamodb/table.h"
#include "dynamodb/table_operations.h"
#include "dynamodb/tables.h"

namespace ddb {

std::string StandInName(std::string_view table);

class StandIns {
 public:
  // All of it outlives the object.
  StandIns(TableOperations& operations, Log& log) : operations_(operations), log_(log) {}

  // The stand-in that an earlier run has left, with all its settings; none where we may not look for it.
  Task<TableOperations::Found> Find(const TablePlan& plan);

  // Whether a table of these settings is worth one.
  static bool Needed(const TablePlan& plan, const TableSettings& settings);

  // `table.stand_in` afterwards: whether it is there. One that an earlier run has left is replaced. Where
  // none can be made because of its name or a limit, that is a WARN; an encryption key that is refused, or is
  // not the same, is an error.
  Task<Status> Make(const TablePlan& plan, SurveyedTable& table);

  // It is not waited for until it is gone. One that cannot be deleted is a WARN, and `table.stand_in` no
  // more.
  Task<Status> Remove(const TablePlan& plan, SurveyedTable& table);

 private:
  Task<Status> MakeNamed(const std::string& name, const TablePlan& plan, SurveyedTable& table);

  TableOperations& operations_;
  Log& log_;
};

}  // namespace ddb
