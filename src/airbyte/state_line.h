// state_line: a STATE as it goes back out: the line that came in, byte for byte, with destinationStats set.
// Numbers carry a decimal point, as the protocol asks. Pure; by whoever releases a checkpoint.
#pragma once

#include <string>
#include <string_view>

#include "airbyte/message.h"
#include "base/record_counts.h"

namespace ddb {

// `counts` are those since the STATE before it (of its stream, or of all for GLOBAL and LEGACY). `state` is
// what the parser said of this line.
std::string WithDestinationStats(std::string_view line, const StateFields& state, const RecordCounts& counts);

}  // namespace ddb
