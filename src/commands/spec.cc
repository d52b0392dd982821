#include <unistd.h>

#include <chrono>

#include "airbyte/message_writer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "commands/commands.h"
#include "config/config.h"

namespace ddb {
namespace {

constexpr auto kStalledReader = std::chrono::seconds(60);

// Whether the reader of stdout took everything.
bool FlushAll(MessageWriter& writer, const Clock& clock) {
  return writer.Flush(clock.Now() + kStalledReader) && !writer.closed();
}

}  // namespace

int RunSpec() {
  const RealClock clock;
  MessageWriter writer(STDOUT_FILENO, LogLevel::kInfo, clock, nullptr);
  writer.WriteSpec(SpecJson());
  return FlushAll(writer, clock) ? 0 : 1;
}

int RunDiscover() {
  const RealClock clock;
  MessageWriter writer(STDOUT_FILENO, LogLevel::kInfo, clock, nullptr);
  writer.WriteTraceError(
      SystemError("This destination has no discover command: it takes any stream. Use spec, check or write.",
                  "discover was called"));
  (void)FlushAll(writer, clock);
  return 1;
}

}  // namespace ddb
