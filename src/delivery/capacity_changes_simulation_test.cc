// As capacity_simulation_test: tables whose capacity is changed while they are loaded.
#include <gtest/gtest.h>

#include <utility>

#include "support/delivery/load_simulation.h"

namespace ddb {
namespace {

// Looked at while it is the limit, as a run does: within 5 s, up and down, once or more.
TEST(CapacitySimulationTest, AnotherCapacityThatALookTells) {
  for (const auto& [units, other] : {std::pair(50.0, 500.0), {10, 40000}, {500, 50}, {1000, 10}}) {
    SCOPED_TRACE(testing::Message() << units << " then " << other);
    LoadCase load = Table(units, true, 160);
    if (other > 10000) load.connections = 2000;
    load.table.steps = {{100, other}};
    load.described_follows = true;
    load.looks_if_wanted = 3;
    const Simulation run(load, other > 10000 ? 2 : 10);
    AtMost("found within", run.Of([other = other](const LoadResult& result) {
      return LoadResult::When(100, 160, 0.1, [&](double at) {
        const double rate = result.RateAt(at);
        return rate >= 0.95 * other && rate <= 1.25 * other;
      });
    }),
           4, 5);
    const double calm = other < units ? 125 : 105;
    AtLeast("use", run.Use(calm, 160, other), 0.97, 0.8);
    AtMost("refused", run.Refused(105, 160), 0.02, 0.05);
  }
}

// A table that has no limit any more that is known takes what it takes, at once.
TEST(CapacitySimulationTest, ALimitThatGoes) {
  for (const double units : {50, 1000}) {
    SCOPED_TRACE(units);
    LoadCase load = Table(units, true, 66);
    load.table.steps = {{60, 0}};
    load.described_follows = true;
    load.looks_if_wanted = 3;
    load.connections = 8;
    const Simulation run(load, 4);
    AtLeast("stored", run.Of([](const LoadResult& result) { return result.Stored(65, 66); }), 5000, 4000);
  }
}

// Two processes that share it each begin with the same share of the new capacity.
TEST(CapacitySimulationTest, AnotherCapacityOfATableThatIsShared) {
  for (const double other : {4000, 250}) {
    SCOPED_TRACE(other);
    LoadCase load = Table(1000, true, 260);
    load.processes = {{0, 1, 0.02}, {10, 1, 0.02}};
    load.table.steps = {{200, other}};
    load.described_follows = true;
    load.looks_if_wanted = 3;
    const Simulation run(load, 10);
    AtLeast("use", run.Use(205, 260, other), 0.93, 0.7);
    AtMost("refused", run.Refused(205, 260), 0.02, 0.05);
    const Figures share = run.Of([](const LoadResult& result) { return result.ShareOf(1, 205, 260); });
    AtLeast("share", share, 0.35, 0.15);
  }
}

}  // namespace
}  // namespace ddb
