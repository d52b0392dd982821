// What is left to try when CreateTable refuses a table with all the settings that it had. Keys, capacity or
// on-demand, and time to live (which CreateTable does not set) are never left out. Pure.
#pragma once

#include <string>
#include <vector>

#include "dynamodb/table.h"

namespace ddb {

// What the table would be without the setting, least first.
enum class Loss {
  kMinor,    // what it holds is kept and found as before: tags, table class, ...
  kKeyName,  // encrypted in KMS, but with the account's AWS-managed key: the same table if that is its key
  kWeaker,   // less protected, or without an index: worse than none, as records would go into it
};

struct ReducedSettings {
  TableSettings settings;
  std::string left_out;  // "table class, stream": for a warning
  bool only_tags = false;
  Loss loss = Loss::kMinor;
};

// In the order in which they are to be tried: each setting left out alone, then ever more of them, and at
// last all. Empty when there is nothing to leave out.
std::vector<ReducedSettings> Reductions(const TableSettings& settings);

}  // namespace ddb
