// What a table is made with, as write needs it and check tries it: the keys of its items' layout, and the
// capacity that the config names. Pure.
#pragma once

#include <optional>
#include <string>

#include "config/config.h"
#include "dynamodb/table.h"
#include "items/layout.h"

namespace ddb {

inline TableKeys KeysOf(const Layout& layout) {
  const auto key = [](const Layout::Attribute& attribute) {
    return KeyAttribute{std::string(attribute.name), attribute.type};
  };
  TableKeys keys{key(layout.hash), std::nullopt};
  if (layout.range) keys.range = key(*layout.range);
  return keys;
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
