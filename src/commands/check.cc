// check: does what a write does, harmlessly, and says in one CONNECTION_STATUS whether a sync would work.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "airbyte/message_writer.h"
#include "base/buffer.h"
#include "base/event_loop.h"
#include "base/signals.h"
#include "base/times.h"
#include "base/version.h"
#include "commands/account.h"
#include "commands/commands.h"
#include "commands/ending.h"
#include "commands/new_table.h"
#include "commands/service.h"
#include "commands/standard_io.h"
#include "config/config.h"
#include "dynamodb/connection_check.h"
#include "items/hash_digits.h"
#include "items/item_encoder.h"
#include "items/table_name.h"
#include "json/padding.h"

namespace ddb {
namespace {

constexpr std::string_view kTableMiddle = "_airbyte_connection_test_";
constexpr size_t kHashDigits = 32;

// The prefix is cut so that the whole is a table name. The same in every check with this prefix: a check that
// may not delete its table leaves one behind, not one after the other.
std::string CheckTableName(const std::string& prefix) {
  const std::string rest = std::string(kTableMiddle) + HashDigits(prefix, kHashDigits);
  return prefix.substr(0, kMaxTableName - rest.size()) + rest;
}

// What write makes of a record without data.
std::string CheckItem(const Layout& layout, int64_t now_millis) {
  const StreamEncoding stream = ItemEncoder::Stream{.layout = layout, .sync_time_millis = now_millis};
  const std::string data = "{}" + std::string(json::kPadding, ' ');
  ItemEncoder encoder;
  Buffer item;
  encoder.EncodeData(data.data(), data.data() + 2, &stream, item);
  encoder.Finish({std::to_string(now_millis)}, "", stream, item);
  return std::string(item.view());
}

class CheckCommand {
 public:
  CheckCommand() : writer_(STDOUT_FILENO, LogLevelFromEnvironment(), clock_, nullptr) {}

  int Run(const std::string& config_path) {
    const Status status = Try(config_path);
    if (Signals::received() != 0) EndBySignal(writer_, clock_);
    if (!status.ok() && !status.error().internal.empty()) {
      writer_.Info("The check failed: " + status.error().internal + " (" + status.error().trail + ")");
    }
    writer_.WriteConnectionStatus(status.ok(), status.ok() ? "" : status.error().message);
    return EndWhenAllIsSaid(writer_, clock_, times::kFlushAtEnd);
  }

 private:
  Status Try(const std::string& config_path) {
    Result<Config> config =
        LoadConfig(config_path, DeploymentOfMachine(), TellOfWaiting(writer_, config_path));
    if (!config.ok()) return std::move(config).error();
    for (const std::string& key : config->unknown_keys) {
      writer_.Warn(fmt::format("The configuration has a key that is not known and not used: {}", key));
    }
    Result<Service> service = Service::Of(*config, clock_, writer_);
    if (!service.ok()) return std::move(service).error();
    // A prefix that no stream's table could have is refused as write would.
    const auto names = PossibleTableNames(config->table_prefix, {{std::nullopt, "check"}});
    if (!names.ok()) return names.error();
    return TryService(*config, *service);
  }

  Status TryService(const Config& config, const Service& service) {
    ConnectionCheckOptions options;
    options.endpoint = service.text();
    writer_.Info(fmt::format("destination-dynamodb {}: checking {}", kVersion, service.Where()));
    options.table = CheckTableName(config.table_prefix);
    const Layout layout = RawLayout();
    options.keys = KeysOf(layout);
    options.create = config.create_tables;
    options.dead_letter_table = config.dead_letter_table;
    options.settings = SettingsOfNewTables(config);
    options.item = CheckItem(layout, clock_.WallMillis());
    options.stop_requested = [] { return Signals::received() != 0; };

    if (const std::string means = WhatCapacityMeans(config.capacity); !means.empty()) writer_.Info(means);

    HttpClient::Options http;
    http.reply_timeout = std::chrono::seconds(10);
    EventLoop loop;
    EventControlLoop control(loop, clock_);
    const std::unique_ptr<Client> client = service.MakeClient(loop, clock_, http);
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
