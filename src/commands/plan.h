// MakePlan: config and catalog -> everything that a sync is going to do, as one value that can be printed and
// compared. Pure: no file, no environment, no clock, so that a plan is the same wherever it is made
// (tests/data/plans). Called once by write, before anything is touched.
#pragma once

#include <cstddef>
#include <cstdint>

#include "airbyte/catalog.h"
#include "base/result.h"
#include "config/config.h"
#include "delivery/run_plan.h"

namespace ddb {

// What this process may use: the base of what the config leaves open.
struct Machine {
  int cores = 1;
  size_t memory_bytes = 0;
};

// Bytes that everything in memory may take, as the config says or the machine has it.
size_t MemoryBudgetOf(const Config& config, const Machine& machine);

// A table name that cannot be, or that two things would share, is a config_error. The names are those of
// tables that are new; NameTables (commands/table_names) looks at what is there. `now_millis`: wall time.
Result<RunPlan> MakePlan(const Config& config, const Catalog& catalog, int64_t now_millis,
                         const Machine& machine);

// The config_error of a dead letter table that a stream has.
Error DeadLettersShareATable();

}  // namespace ddb
