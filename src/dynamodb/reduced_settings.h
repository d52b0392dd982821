// What is left to try when CreateTable refuses a table that was dropped to be replaced: a table with one
// setting less is better than none. Keys, capacity or on-demand, and time to live (which CreateTable does not
// set) are never left out. Pure.
#pragma once

#include <string>
#include <vector>

#include "dynamodb/table.h"

namespace ddb {

struct ReducedSettings {
  TableSettings settings;
  std::string left_out;  // "table class, stream": for a warning
  bool only_tags = false;
};

// In the order in which they are to be tried: each setting left out alone, then ever more of them, and at
// last all. Empty when there is nothing to leave out.
std::vector<ReducedSettings> Reductions(const TableSettings& settings);

}  // namespace ddb
