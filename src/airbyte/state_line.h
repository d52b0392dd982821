// state_line: a STATE as it goes back out: the line that came in, byte for byte, with destinationStats set.
// Numbers carry a decimal point, as the protocol asks. Pure; by whoever releases a checkpoint.
#pragma once

#include <cstddef>
#include <string>

#include "airbyte/message.h"
#include "base/record_counts.h"

namespace ddb {

// `counts` are those since the STATE before it (of its stream, or of all for GLOBAL and LEGACY). `state` is
// what the parser said of this line.
std::string WithDestinationStats(std::string line, const StateFields& state, const RecordCounts& counts);

// A line with room for so much more (and its newline) is not copied for that.
inline constexpr size_t kMostStatsBytes = 256;

}  // namespace ddb
