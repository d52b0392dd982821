// line_errors: how a line of stdin ends a run, as its user reads it: by its number, with what can be done. No
// text of the line is in it but the stream's name (P6). Decides nothing; called by RecordReader. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "airbyte/line_skim.h"
#include "base/literal.h"
#include "base/result.h"
#include "base/stream_id.h"

namespace ddb {

inline constexpr Text kTooLong = "its line is too long for the memory that there is (max_memory_mb)";

// It is no message, or one that cannot be used. `of`: the stream that a record says it is of, or null.
Error BadLineError(uint64_t line, Text reason, const StreamId* of);

// The whole input is not what it should be.
Error OtherInputError(uint64_t line, Text reason);

// There is no room for it. `may_skip`: on_rejected_record could still be set so that it is passed.
Error LongLineError(uint64_t line, const SkimmedLine& skimmed, const StreamId* of, size_t limit,
                    bool may_skip);

// It names a stream without a namespace, and these are all of that name. `what`: "a record", say.
Error SeveralStreamsError(uint64_t line, Text what, const std::vector<StreamId>& candidates);

}  // namespace ddb
