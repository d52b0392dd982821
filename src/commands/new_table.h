// What a table is made with, as write needs it and check tries it: the keys of its items' layout, and the
// settings that the config names. Pure.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/text.h"
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

inline TableSettings SettingsOfNewTables(const Config& config) {
  const Capacity& capacity = config.capacity;
  TableSettings settings;
  settings.capacity.on_demand = capacity.on_demand;
  settings.capacity.read_units = capacity.on_demand ? capacity.max_read_units : capacity.read_units;
  settings.capacity.write_units = capacity.on_demand ? capacity.max_write_units : capacity.write_units;
  const NewTables& tables = config.new_tables;
  settings.stream_view = tables.stream_view;
  settings.table_class = tables.table_class;
  settings.kms = !tables.kms_key.empty();
  // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSESpecification.html
  if (tables.kms_key != "alias/aws/dynamodb") settings.kms_key_arn = tables.kms_key;
  settings.tags = tables.tags;
  settings.ttl_attribute = tables.ttl_attribute;
  if (tables.point_in_time_recovery) settings.recovery_days = kUsualRecoveryDays;
  return settings;
}

// How fast a sync into a new table is; "" where nothing bounds it that is set here.
inline std::string WhatCapacityMeans(const Capacity& capacity) {
  const std::optional<int64_t> units =
      capacity.on_demand ? capacity.max_write_units : std::optional(capacity.write_units);
  if (!units) return "";
  const double hours = 1e6 / static_cast<double>(*units) / 3600;
  const std::string time =
      hours < 2 ? fmt::format("{:.0f} minutes", hours * 60) : fmt::format("{:.0f} hours", hours);
  return fmt::format(
      "A table that a sync creates gets {} a second{}: it stores about {} of up to 1 KB a second, a "
      "million of them in {}.{}",
      Counted(static_cast<uint64_t>(*units), "write unit"), capacity.is_default ? " (the default)" : "",
      Counted(static_cast<uint64_t>(*units), "record"), time,
      *units >= 1000
          ? ""
          : " For more, set capacity to on_demand, or write_units to what you need: 1000 units store a "
            "million in 17 minutes. Tables that exist keep what they have.");
}

// One that is dropped again and again cannot be protected against that.
inline NewTableOptions OptionsOfNewTables(const Config& config, bool is_overwritten) {
  NewTableOptions options;
  options.deletion_protection = config.new_tables.deletion_protection && !is_overwritten;
  options.warm_read_units = config.capacity.warm_read_units;
  options.warm_write_units = config.capacity.warm_write_units;
  return options;
}

}  // namespace ddb
