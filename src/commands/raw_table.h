// What the tables of layout `raw` are made with, as write needs them and check tries them: their keys, and
// the capacity that the config names. Pure.
#pragma once

#include <string>

#include "config/config.h"
#include "dynamodb/table.h"
#include "items/layout.h"

namespace ddb {

inline TableKeys RawTableKeys() {
  return {{std::string(kHashAttribute), 'S'}, KeyAttribute{std::string(kRangeAttribute), 'N'}};
}

inline TableCapacity CapacityOfNewTables(const Capacity& capacity) {
  TableCapacity table;
  table.on_demand = capacity.on_demand;
  if (!capacity.on_demand) {
    table.read_units = capacity.read_units;
    table.write_units = capacity.write_units;
  }
  return table;
}

}  // namespace ddb
