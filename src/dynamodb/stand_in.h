// A table's stand-in: an empty table of the same keys and settings, and of a name made from its, that is
// there while the table is dropped and created again. It does two things. A run that is killed in between
// leaves it behind, and the next one restores the table's settings from it: no other place can keep them that
// takes no further permission and holds whatever a table can have. And it shows before the drop that such a
// table can be made, its encryption key included, whatever the service looks at first in a CreateTable of a
// name that exists. A table that has nothing but what the configuration gives needs none.
//
// One that is found beside its table tells that a replacement was cut off, or that it could not be deleted
// then (Settle).
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

  // What an earlier run has left beside a table that is there. A table older than its stand-in was never
  // dropped: all that it has is its own. Any other may have come back without its time to live, which is the
  // last thing that it gets; or somebody has switched that off since, while the stand-in stood there as it
  // may not be deleted. That is the one thing in which the two differ, and expired items do not come back: so
  // the stand-in goes first, and only if it does the time to live is set. Either is a WARN, before anything
  // is done, and so is each other setting in which the two tables differ. `table.settings` are the table's.
  Task<Status> Settle(const TablePlan& plan, SurveyedTable& table);

  // Whether a table of these settings is worth one.
  static bool Needed(const TablePlan& plan, const TableSettings& settings);

  // `table.stand_in` afterwards: whether it is there. One that an earlier run has left is used again, or
  // replaced if it has other settings. An encryption key that is refused, or is not the same, is an error.
  // Where none can be made otherwise, that is an error too if a kill could cost the table its indexes or its
  // key: the next run would know of neither. Else it is a WARN.
  Task<Status> Make(const TablePlan& plan, SurveyedTable& table);

  // Whether it goes, or stays on purpose, with a WARN: for a time to live that only it has. It is not waited
  // for until it is gone. One that cannot be deleted stays for the next run; that is a WARN when it was made
  // in this one.
  Task<bool> Remove(const TablePlan& plan, SurveyedTable& table);

 private:
  // Of one that may not be deleted, and is as the table but for that.
  Task<Status> FitTimeToLive(const TablePlan& plan, const SurveyedTable& table);
  Task<void> RestoreRecovery(const TablePlan& plan, SurveyedTable& table);
  void WarnOfDifferences(const TablePlan& plan, const SurveyedTable& table);
  // None can be made: an error, or a WARN.
  Status DoWithout(const TablePlan& plan, const SurveyedTable& table, const Verdict& refused,
                   std::string_view operation);
  Task<Status> MakeNamed(const std::string& name, const TablePlan& plan, SurveyedTable& table);

  TableOperations& operations_;
  Log& log_;
};

}  // namespace ddb
