// NameTables: gives the tables of a plan the names that they have on the engine: a stream goes on in the
// table that is its own, whatever stands beside it in this catalog (items/table_name). Between the plan and
// the run; main thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "config/config.h"
#include "delivery/run_plan.h"

namespace ddb {

// Which of these tables are there.
using TableFinder = std::function<Result<std::set<std::string>>(const std::vector<std::string>& names)>;

// A name that the dead letters have is a config_error.
Status NameTables(const Config& config, const TableFinder& find, RunPlan& plan, Log& log);

// Of streams that go on in a table whose name does not tell whose it is; "": there is none. One text, however
// many they are: it comes with each of their syncs. `was_there`: before this sync.
std::string ChangedNamesWarning(const RunPlan& plan, const std::function<bool(TableNo)>& was_there);

}  // namespace ddb
