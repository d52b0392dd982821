// Stands in until write.cc is there, whose commit deletes this file: checks the config, and then says that it
// can do no more.
#include <unistd.h>

#include "airbyte/message_writer.h"
#include "aws/endpoint.h"
#include "base/clock.h"
#include "commands/commands.h"
#include "config/config.h"

namespace ddb {

int RunWrite(const std::string& config_path, const std::string&) {
  const RealClock clock;
  MessageWriter writer(STDOUT_FILENO, LogLevel::kInfo, clock, nullptr);
  const auto config = LoadConfig(config_path, DeploymentFromEnvironment());
  if (!config.ok()) {
    writer.WriteTraceError(config.error());
    return 1;
  }
  const auto endpoint = ResolveEndpoint(config->endpoint, config->region);
  writer.WriteTraceError(endpoint.ok() ? SystemError("This build has no write yet.") : endpoint.error());
  return 1;
}

}  // namespace ddb
