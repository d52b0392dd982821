// As capacity_simulation_test: tables that refuse what they could take, for ever: by chance, or for a key.
#include <gtest/gtest.h>

#include <utility>

#include "support/delivery/load_simulation.h"

namespace ddb {
namespace {

// A lower rate would make none of it less. Without a rule for that a hundredth of the capacity was used.
TEST(CapacityChanceTest, ItemsRefusedByChanceCostNoMoreThanThemselves) {
  for (const auto& [units, share, expected, limit] : {std::tuple(100, 0.05, 0.85, 0.7),
                                                      {100, 0.2, 0.75, 0.6},
                                                      {1000, 0.05, 0.85, 0.75},
                                                      {1000, 0.2, 0.75, 0.6}}) {
    SCOPED_TRACE(testing::Message() << units << " " << share);
    LoadCase load = Table(units, true, 400);
    load.table.refused_share = share;
    const Simulation run(load, units == 1000 ? 4 : 10);
    AtLeast("use", run.Use(100, 400, units), expected, limit);
    AtMost("refused", run.Refused(100, 400), 1.1 * share, 1.2 * share);
  }
}

// A third of the requests leave half of their items unprocessed.
TEST(CapacityChanceTest, RequestsHalfRefusedByChanceCostNoMoreThanThemselves) {
  for (const auto& [units, described] : {std::pair(10, true), {10, false}, {1000, true}}) {
    SCOPED_TRACE(testing::Message() << units << " described " << described);
    LoadCase load = Table(units, described, 400);
    load.table.half_refused = 1.0 / 3;
    const Simulation run(load, 10);
    AtLeast("use", run.Use(100, 400, units), 0.6, 0.15);
  }
}

// What was saved for five minutes is not given up for one item.
TEST(CapacityChanceTest, ARefusalByChanceLeavesWhatIsSaved) {
  for (const double units : {10, 1000}) {
    SCOPED_TRACE(units);
    LoadCase load = Table(units, true, 60);
    load.table.saved_s = 300;
    load.table.refused_share = 0.005;
    const Simulation run(load, 5);
    AtMost("90 % used within", run.Of([units](const LoadResult& result) {
      return LoadResult::When(0, 60, 0.5,
                              [&](double at) { return result.Stored(0, at) >= 0.9 * 300 * units; });
    }),
           35, 60);
    AtMost("refused", run.Refused(0, 60), 0.015, 0.03);
  }
}

// 30 % of the items are of one key, of which 300 a second are taken: so 1,000 of all.
TEST(CapacityChanceTest, AHotKeyIsTheLimitOfWhatComesInOrder) {
  LoadCase load = Table(2000, true, 200);
  load.table.ranges = {{0, 0, 300, 1}};
  load.key = [](std::minstd_rand& random) {
    return std::generate_canonical<double, 32>(random) < 0.3 ? 0 : 1 + random();
  };
  const Simulation run(load, 4);
  AtLeast("use", run.Use(50, 200, 1000), 0.97, 0.9);
  AtMost("refused", run.Refused(50, 200), 0.01, 0.03);
}

// 2 % are, of which 20 a second are taken, half of what comes: so the others go on until their items are all
// that there is room for.
TEST(CapacityChanceTest, AHotKeyHoldsUpNoOther) {
  LoadCase load = Table(2000, true, 100);
  load.table.ranges = {{0, 0, 20, 1}};
  load.key = [](std::minstd_rand& random) {
    return std::generate_canonical<double, 32>(random) < 0.02 ? 0 : 1 + random();
  };
  load.room = 2000;
  const Simulation run(load, 4);
  AtLeast("use", run.Use(10, 90, 2000), 0.97, 0.9);
  AtMost("refused", run.Refused(10, 90), 0.015, 0.03);
}

}  // namespace
}  // namespace ddb
