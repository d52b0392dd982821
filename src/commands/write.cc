// write: config and catalog -> a plan -> the tables and the data -> an exit code. Everything that can fail
// for the user's sake fails before any table is touched.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "airbyte/catalog.h"
#include "airbyte/message_writer.h"
#include "base/container.h"
#include "base/signals.h"
#include "base/version.h"
#include "commands/commands.h"
#include "commands/ending.h"
#include "commands/plan.h"
#include "commands/service.h"
#include "commands/standard_io.h"
#include "config/config.h"
#include "dynamodb/requests.h"
#include "dynamodb/tables.h"
#include "pipeline/pipeline.h"

namespace ddb {
namespace {

constexpr Duration kFlushAtStart = std::chrono::seconds(1);
constexpr Duration kFlushAtEnd = std::chrono::seconds(10);

constexpr std::string_view kNoStdin =
    "Reading the messages from standard input failed: it is closed, or nothing that can be read.";

class WriteCommand {
 public:
  WriteCommand() : writer_(STDOUT_FILENO, LogLevelFromEnvironment(), clock_, &budget_) {}

  int Run(const std::string& config_path, const std::string& catalog_path) {
    const Result<PipelineResult> ran = Sync(config_path, catalog_path);
    if (!ran.ok()) return Signals::received() != 0 ? Interrupted() : Failed(ran.error());
    switch (ran->reason) {
      case StopReason::kNone:
        return FlushAll();
      case StopReason::kFailure:
        return Failed(*ran->error);
      case StopReason::kStdoutClosed:
        return kExitFailed;
      case StopReason::kSignal:
        break;
    }
    return Interrupted();
  }

 private:
  Result<PipelineResult> Sync(const std::string& config_path, const std::string& catalog_path) {
    Result<Config> config = LoadConfig(config_path, DeploymentFromEnvironment());
    if (!config.ok()) return std::move(config).error().At("write: loading the config");
    Result<Service> service = Service::Of(*config);
    if (!service.ok()) return std::move(service).error().At("write: finding the endpoint");
    Result<Catalog> catalog = LoadCatalog(catalog_path);
    if (!catalog.ok()) return std::move(catalog).error().At("write: loading the catalog");
    const Machine machine{AvailableCores(), MemoryLimit()};
    Result<RunPlan> plan = MakePlan(*config, *catalog, clock_.WallMillis(), machine);
    if (!plan.ok()) return std::move(plan).error().At("write: making the plan");

    budget_.SetLimit(plan->memory_bytes);
    LogStart(*config, service->endpoint(), *catalog, *plan);
    if (!StdoutIsOpen()) return PipelineResult{StopReason::kStdoutClosed, std::nullopt};
    if (!StdinIsReadable())
      return SystemError(std::string(kNoStdin), "stdin: closed, a directory, or open for writing only");
    return Carry(*plan, *service);
  }

  void LogStart(const Config& config, const Endpoint& endpoint, const Catalog& catalog, const RunPlan& plan) {
    writer_.Info(fmt::format("destination-dynamodb {}: endpoint {}, region {}", kVersion, endpoint.Url(),
                             endpoint.region));
    for (const std::string& key : config.unknown_keys) {
      writer_.Warn(fmt::format("The configuration has a key that is not known and not used: {}", key));
    }
    for (const std::string& warning : catalog.warnings) writer_.Warn(warning);
    for (const StreamPlan& stream : plan.streams) {
      writer_.Info(fmt::format("Stream {} -> table {} ({}{})", stream.id.Display(),
                               plan.tables[stream.table].table,
                               stream.earlier_rows == EarlierRows::kGoFirst ? "overwrite" : "append",
                               stream.hashed_name ? ", hash added to keep names valid and apart" : ""));
    }
  }

  Result<PipelineResult> Carry(const RunPlan& plan, const Service& service) {
    const ClientFactory make_client = [&](EventLoop& loop) {
      HttpClient::Options http;
      http.max_connections = plan.connections;
      return service.MakeClient(loop, clock_, http);
    };
    Status prepared = Prepare(plan, service.text(), make_client);
    if (!prepared.ok()) {
      if (Signals::received() != 0) return PipelineResult{StopReason::kSignal, std::nullopt};
      if (writer_.closed()) return PipelineResult{StopReason::kStdoutClosed, std::nullopt};
      return std::move(prepared).error().At("write: preparing the tables");
    }
    PipelineOptions options = OptionsOf(plan, service.text());
    options.signal_fd = signals_.fd();
    options.progress_fd = terminal_.fd();
    return RunPipeline(options, make_client, clock_, writer_, budget_);
  }

  static PipelineOptions OptionsOf(const RunPlan& plan, EndpointText endpoint) {
    PipelineOptions options;
    options.workers = plan.workers;
    options.connections = plan.connections;
    options.send_window_bytes = plan.send_window_bytes;
    options.chunk_bytes = plan.chunk_bytes;
    options.give_up = plan.give_up;
    options.endpoint = std::move(endpoint);
    options.skip_rejected = plan.skip_rejected;
    for (const StreamPlan& stream : plan.streams) {
      options.tables.push_back(TargetOf(plan.tables[stream.table]));
      options.encodings.push_back(stream.items);
    }
    if (plan.dead_letters) options.dead_letters = TargetOf(plan.tables[*plan.dead_letters]);
    return options;
  }
  static TableTarget TargetOf(const TablePlan& table) {
    return {table.table, table.stream, table.keys, BatchWriteHead(table.table), kBatchWriteTail};
  }

  Status Prepare(const RunPlan& plan, const EndpointText& endpoint, const ClientFactory& make_client) {
    EventLoop loop;
    const std::unique_ptr<Client> client = make_client(loop);
    PrepareOptions options;
    options.endpoint = endpoint;
    options.stop_requested = [this] { return Signals::received() != 0 || writer_.closed(); };
    const std::vector<TablePlan> tables(plan.tables.begin(), plan.tables.end());
    Result<std::vector<TableDescription>> prepared =
        PrepareTables(loop, clock_, *client, writer_, tables, options);
    if (!prepared.ok()) return std::move(prepared).error();
    return Ok();
  }

  // What LogStart wrote shows whether anybody takes it; a reader that stalls is left to the pipeline.
  bool StdoutIsOpen() {
    (void)writer_.Flush(clock_.Now() + kFlushAtStart);
    return !writer_.closed() && StdoutIsWritable();
  }

  // Every STATE has to be out before exit 0 says so. A reader that stalls is waited for; one that is gone is
  // not.
  int FlushAll() {
    while (!writer_.Flush(clock_.Now() + std::chrono::seconds(1))) {
      if (writer_.closed()) return kExitFailed;
      if (Signals::received() != 0) return Interrupted();
    }
    return writer_.closed() ? kExitFailed : kExitDone;
  }

  int Failed(const Error& error) { return EndWithError(writer_, clock_, error, kFlushAtEnd); }
  int Interrupted() { EndBySignal(writer_, clock_, kFlushAtEnd); }

  const RealClock clock_;
  const Terminal terminal_;
  Signals signals_;
  MemoryBudget budget_{kMinBudget};
  MessageWriter writer_;
};

}  // namespace

int RunWrite(const std::string& config_path, const std::string& catalog_path) {
  return WriteCommand().Run(config_path, catalog_path);
}

}  // namespace ddb
