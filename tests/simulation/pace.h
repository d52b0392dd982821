// Pace: how fast a run could be, given its plan, and how fast it has to be: the oracle of performance. Once
// the faults are over, what is left goes at the pace of the slowest of source, line and tables. Pure.
#pragma once

#include <cstdint>

#include "simulation/input.h"
#include "simulation/plan.h"

namespace ddb::simulation {

struct Pace {
  double troubled_s = 0;  // until everything that is in the way has passed
  double need_s = 0;      // of the slowest part, for all of the input
};
// Seconds of its table's capacity that the largest item needs.
double SecondsForLargestItem(const Plan& plan);
Pace PaceOf(const Plan& plan, const Input& input);

// Virtual seconds after which it must be over, whatever happened: else it hangs.
double LongestRun(const Plan& plan, const Input& input);
// The same for a run in which everything was stored, with so many requests. When the last trouble is over,
// one request may still have its deadline before it, and one its longest pause.
double LongestGoodRun(const Plan& plan, const Input& input, uint64_t requests);

}  // namespace ddb::simulation
