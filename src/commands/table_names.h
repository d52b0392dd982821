// NameTables: gives the tables of a plan the names that they have on the engine: a stream goes on in the
// table that is its own, whatever stands beside it in this catalog (items/table_name). Between the plan and
// the run; main thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "config/config.h"
#include "delivery/run_plan.h"
#include "dynamodb/table_lookup.h"

namespace ddb {

// Which of these tables are there.
using TableFinder = std::function<Result<TablesFound>(const std::vector<std::string>& names)>;

// A name that the dead letters have is a config_error.
Status NameTables(const Config& config, const TableFinder& find, RunPlan& plan, Log& log);

// Of streams that go on in a table whose name does not tell whose it is; "": there is none. One text, however
// many they are: it comes with each of their syncs. `was_there`: before this sync.
std::string ChangedNamesWarning(const RunPlan& plan, const std::function<bool(TableNo)>& was_there);

// Of streams whose table with digits we may not look at, so that the one of the plain name may be another
// stream's: where that was there before, an error if it is to be overwritten, else a WARN.
Status CheckUnseen(const RunPlan& plan, const std::function<bool(TableNo)>& was_there, Log& log);

}  // namespace ddb
