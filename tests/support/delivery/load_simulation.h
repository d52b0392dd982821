// What the simulations of loaded tables share: the same case over many seeds, and what is expected of them.
// Test support.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "support/delivery/figures.h"
#include "support/delivery/table_load.h"

namespace ddb {

inline size_t Seeds(size_t usual) {
  const char* const seeds = std::getenv("DDB_LOAD_SEEDS");
  return seeds != nullptr ? std::strtoul(seeds, nullptr, 10) * usual / 20 + 1 : usual;
}

// That of a few seeds may be any of them.
inline bool MedianCounts() {
  const char* const seeds = std::getenv("DDB_LOAD_SEEDS");
  return seeds == nullptr || std::strtoul(seeds, nullptr, 10) >= 10;
}

class Simulation {
 public:
  explicit Simulation(const LoadCase& load, size_t seeds = 20) : load_(load) {
    for (size_t seed = 1; seed <= Seeds(seeds); ++seed) results_.push_back(TableLoad(load, seed).Run());
  }
  Figures Of(const std::function<double(const LoadResult&)>& figure) const {
    Figures figures;
    for (const LoadResult& result : results_) figures.all.push_back(figure(result));
    return figures;
  }
  // Of what the table could take from then on.
  Figures Use(double from, double to, double units) const {
    return Of([=](const LoadResult& result) { return result.Stored(from, to) / (units * (to - from)); });
  }
  Figures Refused(double from, double to) const {
    return Of([=](const LoadResult& result) { return result.RefusedShare(from, to); });
  }
  // The steady part: behind the first quarter.
  Figures Use() const { return Use(load_.seconds / 4, load_.seconds, load_.table.wcu); }
  Figures Refused() const { return Refused(load_.seconds / 4, load_.seconds); }

 private:
  const LoadCase load_;
  std::vector<LoadResult> results_;
};

// DDB_LOAD_FIGURES=1: shows them.
inline void Show(const char* what, double median, double worst) {
  if (std::getenv("DDB_LOAD_FIGURES") != nullptr) std::printf("  %-24s %9.4f (%.4f)\n", what, median, worst);
}
inline void AtLeast(const char* what, const Figures& figures, double expected, double limit) {
  if (MedianCounts()) {
    EXPECT_GE(figures.median(), expected) << what << ", median";
  }
  EXPECT_GE(figures.least(), limit) << what << ", worst";
  Show(what, figures.median(), figures.least());
}
inline void AtMost(const char* what, const Figures& figures, double expected, double limit) {
  if (MedianCounts()) {
    EXPECT_LE(figures.median(), expected) << what << ", median";
  }
  EXPECT_LE(figures.most(), limit) << what << ", worst";
  Show(what, figures.median(), figures.most());
}

// A table of so many units, whose description is known or denied.
inline LoadCase Table(double units, bool described, double length_s) {
  LoadCase load;
  load.table.wcu = units;
  if (described) load.described = units;
  load.seconds = length_s;
  if (units > 10000) load.connections = 2000;
  return load;
}

}  // namespace ddb
