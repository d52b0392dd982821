// check: does what a write does, harmlessly, and says in one CONNECTION_STATUS whether a sync would work.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "airbyte/message_writer.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "base/event_loop.h"
#include "base/signals.h"
#include "base/version.h"
#include "commands/commands.h"
#include "commands/raw_table.h"
#include "config/config.h"
#include "dynamodb/client.h"
#include "dynamodb/connection_check.h"
#include "dynamodb/limits.h"
#include "items/table_name.h"

namespace ddb {
namespace {

constexpr Duration kFlushAtEnd = std::chrono::seconds(10);
constexpr std::string_view kTableMiddle = "_airbyte_connection_test_";

// 32 hex digits: a uuid without its hyphens.
std::string RandomHex() {
  std::random_device random;
  std::string hex;
  for (int i = 0; i < 4; ++i) hex += fmt::format("{:08x}", random());
  return hex;
}

// The prefix is cut so that the whole is a table name.
std::string CheckTableName(const std::string& prefix) {
  const std::string rest = std::string(kTableMiddle) + RandomHex();
  return prefix.substr(0, kMaxTableName - rest.size()) + rest;
}

// An item as write makes it, with no data.
std::string CheckItem(int64_t now_millis) {
  return fmt::format(
      R"({{"PutRequest":{{"Item":{{"{}":{{"M":{{}}}},"{}":{{"S":"{}"}},"{}":{{"N":"{}"}},"{}":{{"N":"{}"}}}}}}}})",
      kDataAttribute, kHashAttribute, RandomHex(), kRangeAttribute, now_millis, kEmittedAtAttribute,
      now_millis);
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

class CheckCommand {
 public:
  CheckCommand() : writer_(STDOUT_FILENO, ParseLogLevel(Environment("LOG_LEVEL")), clock_, nullptr) {}

  int Run(const std::string& config_path) {
    const Status status = Try(config_path);
    if (const int signal = Signals::received(); signal != 0) {
      (void)writer_.Flush(clock_.Now() + kFlushAtEnd);
      Signals::Reraise(signal);
    }
    if (!status.ok() && !status.error().internal.empty()) {
      writer_.Info("The check failed: " + status.error().internal + " (" + status.error().trail + ")");
    }
    writer_.WriteConnectionStatus(status.ok(), status.ok() ? "" : status.error().message);
    return writer_.Flush(clock_.Now() + kFlushAtEnd) && !writer_.closed() ? 0 : 1;
  }

 private:
  Status Try(const std::string& config_path) {
    Result<Config> config = LoadConfig(config_path, DeploymentFromEnvironment());
    if (!config.ok()) return std::move(config).error();
    for (const std::string& key : config->unknown_keys) {
      writer_.Warn(fmt::format("The configuration has a key that is not known and not used: {}", key));
    }
    Result<Endpoint> endpoint = ResolveEndpoint(config->endpoint, config->region);
    if (!endpoint.ok()) return std::move(endpoint).error();
    // A prefix that no stream's table could have is refused as write would.
    const auto names = ResolveTableNames(config->table_prefix, {{std::nullopt, "check"}});
    if (!names.ok()) return names.error();
    return TryEndpoint(*config, *endpoint);
  }

  Status TryEndpoint(const Config& config, const Endpoint& endpoint) {
    writer_.Info(fmt::format("destination-dynamodb {}: checking endpoint {}, region {}", kVersion,
                             endpoint.Url(), endpoint.region));
    ConnectionCheckOptions options;
    options.endpoint = {endpoint.Url(), endpoint.region, !config.endpoint.empty()};
    options.table = CheckTableName(config.table_prefix);
    options.keys = RawTableKeys();
    options.dead_letter_table = config.dead_letter_table;
    options.capacity.on_demand = config.capacity.on_demand;
    if (!config.capacity.on_demand) {
      options.capacity.read_units = config.capacity.read_units;
      options.capacity.write_units = config.capacity.write_units;
    }
    options.put_request = CheckItem(clock_.WallMillis());
    options.stop_requested = [] { return Signals::received() != 0; };

    ClientOptions client_options;
    client_options.http.reply_timeout = std::chrono::seconds(20);
    EventLoop loop;
    EventControlLoop control(loop, clock_);
    const auto credentials =
        std::make_shared<StaticCredentials>(config.access_key_id, config.secret_access_key);
    const auto client = MakeHttpDynamoDbClient(loop, clock_, endpoint, credentials, client_options);
    ConnectionCheckResult result = CheckConnection(control, *client, writer_, options);
    if (result.error) return std::move(*result.error);
    return Ok();
  }

  const RealClock clock_;
  Signals signals_;  // before the writer's thread
  MessageWriter writer_;
};

}  // namespace

int RunCheck(const std::string& config_path) { return CheckCommand().Run(config_path); }

}  // namespace ddb
