#include "commands/ending.h"

#include "base/signals.h"

namespace ddb {

int EndWhenAllIsSaid(MessageWriter& writer, const Clock& clock, Duration patience) {
  return writer.Flush(clock.Now() + patience) && !writer.closed() ? kExitDone : kExitFailed;
}

int EndWithError(MessageWriter& writer, const Clock& clock, const Error& error, Duration patience) {
  writer.WriteTraceError(error);
  (void)writer.Flush(clock.Now() + patience);
  return kExitFailed;
}

void EndBySignal(MessageWriter& writer, const Clock& clock, Duration patience) {
  (void)writer.Flush(clock.Now() + patience);
  Signals::Reraise(Signals::received());
}

}  // namespace ddb
