#include "airbyte/state_line.h"

#include <fmt/format.h>

#include <string_view>

namespace ddb {
namespace {

constexpr std::string_view kMore = R"(,"destinationStats":)";
constexpr std::string_view kName = kMore.substr(1);
// Four counts of 20 digits, each with ".0".
static_assert(kMore.size() + 4 * 22 +
                      std::string_view(R"({"recordCount":,"rejectedRecordCount":,"additionalStats":{)"
                                       R"("nulledValueCount":,"truncatedValueCount":}})")
                          .size() +
                      1 <=
                  kMostStatsBytes,
              "with its newline");

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

std::string WithDestinationStats(std::string line, const StateFields& state, const RecordCounts& counts) {
  std::string stats;
  if (state.stats_begin == state.stats_end) stats = state.stats_first ? kName : kMore;
  stats += Stats(counts);
  const size_t size = line.size() - (state.stats_end - state.stats_begin) + stats.size();
  if (line.capacity() > size) {
    line.replace(state.stats_begin, state.stats_end - state.stats_begin, stats);
    return line;
  }
  std::string out;
  out.reserve(size + 1);  // its newline follows
  out.append(line, 0, state.stats_begin).append(stats).append(line, state.stats_end);
  return out;
}

}  // namespace ddb
