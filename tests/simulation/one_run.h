// RunOnce: one run of a plan, from its first byte of input to the end: the program's own RunSync, with
// everything that it works with, between simulated streams, network and tables.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "simulation/plan.h"
#include "simulation/scheduler.h"

namespace ddb::simulation {

struct RunReport {
  std::optional<Violation> violation;
  uint64_t trace_hash = 0;
  uint64_t steps = 0;
  double seconds = 0;  // virtual
  uint64_t records = 0;
  uint64_t requests = 0;
  uint64_t items_sent = 0;
  uint64_t items_stored = 0;
  uint64_t bytes_sent = 0;
  uint64_t timeouts = 0;            // requests that were not answered in time
  double most_bytes_in_flight = 0;  // of all workers
  std::vector<FiredFault> fired;
  std::string end;  // for people
};

RunReport RunOnce(const Plan& plan, std::function<void(const std::string& line)> trace = {});

}  // namespace ddb::simulation
