#include "commands/ending.h"

#include <algorithm>

#include "base/signals.h"
#include "base/times.h"
#include "commands/standard_io.h"

namespace ddb {
namespace {

// A signal that comes meanwhile leaves no more than its own time.
bool FlushAtEnd(MessageWriter& writer, const Clock& clock, Duration patience) {
  Instant end = clock.Now() + patience;
  for (bool signal = false;;) {
    const Instant now = clock.Now();
    if (!signal && Signals::received() != 0) {
      signal = true;
      end = std::min(end, now + times::kFlushAfterStop);
    }
    if (writer.Flush(std::min(end, now + times::kSignalPoll))) return true;
    if (writer.closed() || clock.Now() >= end) return false;
  }
}

}  // namespace

int EndWhenAllIsSaid(MessageWriter& writer, const Clock& clock, Duration patience) {
  if (FlushAtEnd(writer, clock, patience) && !writer.closed()) return kExitDone;
  TellOfStdout();
  return kExitFailed;
}

int EndWithError(MessageWriter& writer, const Clock& clock, const Error& error, Duration patience) {
  writer.WriteTraceError(error);
  if (!FlushAtEnd(writer, clock, patience) || writer.closed()) TellOfStdout();
  return kExitFailed;
}

void EndBySignal(MessageWriter& writer, const Clock& clock) {
  (void)FlushAtEnd(writer, clock, times::kFlushAfterStop);
  Signals::Reraise(Signals::received());
}

}  // namespace ddb
