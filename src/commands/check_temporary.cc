// Stands in until check.cc is there, whose commit deletes this file: checks the config, and then says that it
// can do no more.
#include <unistd.h>

#include <chrono>

#include "airbyte/message_writer.h"
#include "aws/endpoint.h"
#include "base/clock.h"
#include "commands/commands.h"
#include "config/config.h"

namespace ddb {

int RunCheck(const std::string& config_path) {
  const RealClock clock;
  MessageWriter writer(STDOUT_FILENO, LogLevel::kInfo, clock, nullptr);
  const auto config = LoadConfig(config_path, DeploymentFromEnvironment());
  if (!config.ok()) {
    writer.WriteConnectionStatus(false, config.error().message);
    return 0;
  }
  const auto endpoint = ResolveEndpoint(config->endpoint, config->region);
  if (!endpoint.ok()) {
    writer.WriteConnectionStatus(false, endpoint.error().message);
    return 0;
  }
  writer.WriteTraceError(SystemError("This build has no check yet."));
  return 1;
}

}  // namespace ddb
