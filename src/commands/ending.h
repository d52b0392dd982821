// How a command ends: the one place where an error becomes a TRACE ERROR and an exit code. Main thread, last
// thing that a command does.
#pragma once

#include "airbyte/message_writer.h"
#include "base/clock.h"
#include "base/result.h"

namespace ddb {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;

// Everything that was said is out, or the command has failed for that.
int EndWhenAllIsSaid(MessageWriter& writer, const Clock& clock, Duration patience);
// One TRACE ERROR.
int EndWithError(MessageWriter& writer, const Clock& clock, const Error& error, Duration patience);
// As the signal that came would have ended the process, once what was said is out.
[[noreturn]] void EndBySignal(MessageWriter& writer, const Clock& clock);

}  // namespace ddb
