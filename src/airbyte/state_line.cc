#include "airbyte/state_line.h"

#include <fmt/format.h>

namespace ddb {
namespace {

std::string Stats(const RecordCounts& counts) {
  std::string stats = fmt::format(R"({{"recordCount":{}.0)", counts.records);
  if (counts.rejected > 0) stats += fmt::format(R"(,"rejectedRecordCount":{}.0)", counts.rejected);
  std::string additional;
  if (counts.nulled_values > 0)
    additional += fmt::format(R"(,"nulledValueCount":{}.0)", counts.nulled_values);
  if (counts.truncated_values > 0) {
    additional += fmt::format(R"(,"truncatedValueCount":{}.0)", counts.truncated_values);
  }
  if (!additional.empty()) stats += R"(,"additionalStats":{)" + additional.substr(1) + '}';
  return stats + '}';
}

}  // namespace

std::string WithDestinationStats(std::string_view line, const StateFields& state,
                                 const RecordCounts& counts) {
  constexpr std::string_view kName = R"("destinationStats":)";
  const std::string stats = Stats(counts);
  std::string out;
  out.reserve(line.size() + 1 + kName.size() + stats.size() + 1);  // a STATE can be MBs; its newline follows
  out.append(line.substr(0, state.stats_begin));
  if (state.stats_begin == state.stats_end) {
    if (!state.stats_first) out += ',';
    out += kName;
  }
  out += stats;
  out.append(line.substr(state.stats_end));
  return out;
}

}  // namespace ddb
