// state_line: a STATE as it goes back out: the line that came in, byte for byte, with destinationStats set.
// Numbers carry a decimal point, as the protocol asks. Pure; by whoever releases a checkpoint.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "airbyte/message.h"

namespace ddb {

// Since the STATE before it (of its stream, or of all for GLOBAL and LEGACY).
struct StateCounts {
  uint64_t records = 0;   // stored
  uint64_t rejected = 0;  // not stored, with a reason; the two sum up to the source's count
  uint64_t nulled_values = 0;
  uint64_t truncated_values = 0;
};

// `state` is what the parser said of this line.
std::string WithDestinationStats(std::string_view line, const StateFields& state, const StateCounts& counts);

}  // namespace ddb
