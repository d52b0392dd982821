#include <unistd.h>

#include <chrono>

#include "airbyte/message_writer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "commands/commands.h"
#include "commands/ending.h"
#include "config/config.h"

namespace ddb {
namespace {

constexpr auto kStalledReader = std::chrono::seconds(60);

}  // namespace

int RunSpec() {
  const RealClock clock;
  MessageWriter writer(STDOUT_FILENO, LogLevel::kInfo, clock, nullptr);
  writer.WriteSpec(SpecJson());
  return EndWhenAllIsSaid(writer, clock, kStalledReader);
}

int RunDiscover() {
  const RealClock clock;
  MessageWriter writer(STDOUT_FILENO, LogLevel::kInfo, clock, nullptr);
  return EndWithError(
      writer, clock,
      SystemError("This destination has no discover command: it takes any stream. Use spec, check or write.",
                  "discover was called"),
      kStalledReader);
}

}  // namespace ddb
