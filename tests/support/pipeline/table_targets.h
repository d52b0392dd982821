// Tables as a run writes them, for what only looks at how each of them fares.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "delivery/batch.h"

namespace ddb {

// Of streams s0, s1, ...: t0, t1, ...
inline TableTargets NumberedTables(size_t count) {
  TableTargets tables;
  for (size_t i = 0; i < count; ++i) {
    const std::string name = std::to_string(i);
    tables.push_back({.name = "t" + name, .stream = {std::nullopt, "s" + name}, .write = {}});
  }
  return tables;
}

}  // namespace ddb
