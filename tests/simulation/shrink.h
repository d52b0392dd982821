// Shrink: makes a plan that breaks an invariant smaller, as long as it breaks the same one: the faults that
// were drawn become a list, of which one after the other goes; then whatever else a plan has is left out,
// halved, or set to the simplest. Delta debugging, greedy.
// https://www.st.cs.uni-saarland.de/papers/tse2002/tse2002.pdf
#pragma once

#include <functional>

#include "simulation/plan.h"

namespace ddb::simulation {

struct Shrunk {
  Plan plan;
  int runs = 0;
};
// `breaks`: whether a plan still shows what it is about.
Shrunk Shrink(Plan plan, std::function<bool(const Plan&)> breaks, int most_runs = 2000);

}  // namespace ddb::simulation
