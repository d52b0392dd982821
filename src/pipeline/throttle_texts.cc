#include "pipeline/throttle_texts.h"

#include <fmt/format.h>

namespace ddb {
namespace {

std::string Where(const TableTarget& table) {
  return table.stream.name.empty() ? fmt::format("Table {}", table.name)
                                   : fmt::format("Table {} of stream {}", table.name, table.stream.Display());
}

std::string Capacity(double units) {
  if (units <= 0) return "no limit of its write capacity that is known";
  return fmt::format("{:.0f} write unit{} a second", units, units == 1 ? "" : "s");
}

}  // namespace

std::string CapacityChangedText(const TableTarget& table, double before, double after) {
  return fmt::format("{} has {} now; before: {}.", Where(table), Capacity(after), Capacity(before));
}

}  // namespace ddb
