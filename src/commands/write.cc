// write: config and catalog -> tables -> the pipeline -> an exit code. Everything that can fail for the
// user's sake fails before any table is touched.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "airbyte/catalog.h"
#include "airbyte/message_writer.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "base/container.h"
#include "base/signals.h"
#include "base/version.h"
#include "commands/commands.h"
#include "commands/raw_table.h"
#include "config/config.h"
#include "dynamodb/client.h"
#include "dynamodb/requests.h"
#include "dynamodb/tables.h"
#include "items/table_name.h"
#include "pipeline/pipeline.h"

namespace ddb {
namespace {

constexpr size_t kConnections = 256;
constexpr int kMostWorkers = 64;  // as the config has it
constexpr size_t kChunkPartOfBudget = 16;
constexpr Duration kFlushAtStart = std::chrono::seconds(1);
constexpr Duration kFlushAtEnd = std::chrono::seconds(10);

size_t BudgetFor(const Config& config) {
  if (config.max_memory_mb) return std::max(kMinBudget, *config.max_memory_mb << 20);
  return DefaultBudget(MemoryLimit());
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

TableCapacity CapacityOf(const Config& config) {
  if (config.capacity.on_demand) return {true, std::nullopt, std::nullopt};
  return {false, config.capacity.read_units, config.capacity.write_units};
}

constexpr std::string_view kNoStdin =
    "Reading the messages from standard input failed: it is closed, or nothing that can be read.";

bool IsOpenFor(int fd, int refused_mode) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != refused_mode;
}

// A descriptor that was closed at the start is open the wrong way round (PrepareProcess).
bool CanWrite(int fd) {
  pollfd out{fd, POLLOUT, 0};
  if (poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLNVAL)) != 0) return false;
  return IsOpenFor(fd, O_RDONLY);
}

bool StdinIsReadable() {
  struct stat status{};
  if (fstat(STDIN_FILENO, &status) != 0 || S_ISDIR(status.st_mode)) return false;
  return IsOpenFor(STDIN_FILENO, O_WRONLY);
}

// The terminal that stderr is, or none, opened anew: a terminal that is stopped must not hold us up, and
// making stderr itself non-blocking would make it so for all who share it.
class Terminal {
 public:
  Terminal()
      : fd_(isatty(STDERR_FILENO) ? open("/dev/stderr", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1) {}
  ~Terminal() {
    if (fd_ >= 0) close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

class WriteCommand {
 public:
  WriteCommand() : writer_(STDOUT_FILENO, ParseLogLevel(Environment("LOG_LEVEL")), clock_, &budget_) {}

  int Run(const std::string& config_path, const std::string& catalog_path) {
    Result<PipelineResult> ran = Load(config_path, catalog_path);
    if (!ran.ok()) return Signals::received() != 0 ? Interrupted() : Failed(ran.error());
    switch (ran->reason) {
      case StopReason::kNone:
        return FlushAll();
      case StopReason::kFailure:
        return Failed(*ran->error);
      case StopReason::kStdoutClosed:
        return 1;
      case StopReason::kSignal:
        break;
    }
    return Interrupted();
  }

 private:
  Result<PipelineResult> Load(const std::string& config_path, const std::string& catalog_path) {
    Result<Config> config = LoadConfig(config_path, DeploymentFromEnvironment());
    if (!config.ok()) return std::move(config).error().At("write: loading the config");
    Result<Endpoint> endpoint = ResolveEndpoint(config->endpoint, config->region);
    if (!endpoint.ok()) return std::move(endpoint).error().At("write: finding the endpoint");
    Result<Catalog> catalog = LoadCatalog(catalog_path);
    if (!catalog.ok()) return std::move(catalog).error().At("write: loading the catalog");
    std::vector<StreamId> streams;
    for (const CatalogStream& stream : catalog->streams) streams.push_back(stream.id);
    Result<std::vector<TableName>> names = ResolveTableNames(config->table_prefix, streams);
    if (!names.ok()) return std::move(names).error().At("write: naming the tables");
    for (const TableName& name : *names) {
      if (name.name != config->dead_letter_table) continue;
      return ConfigError(
          "dead_letter_table is the table of a stream of this sync. Give it a name of its own.",
          "config: dead_letter_table is among the tables' names");
    }
    budget_.SetLimit(BudgetFor(*config));
    LogStart(*config, *endpoint, *catalog, *names);
    return Write(*config, *endpoint, *catalog, *names);
  }

  void LogStart(const Config& config, const Endpoint& endpoint, const Catalog& catalog,
                const std::vector<TableName>& names) {
    writer_.Info(fmt::format("destination-dynamodb {}: endpoint {}, region {}", kVersion, endpoint.Url(),
                             endpoint.region));
    for (const std::string& key : config.unknown_keys) {
      writer_.Warn(fmt::format("The configuration has a key that is not known and not used: {}", key));
    }
    for (const std::string& warning : catalog.warnings) writer_.Warn(warning);
    for (size_t i = 0; i < names.size(); ++i) {
      const CatalogStream& stream = catalog.streams[i];
      writer_.Info(fmt::format("Stream {} -> table {} ({}{})", stream.id.Display(), names[i].name,
                               stream.mode == DestinationSyncMode::kOverwrite ? "overwrite" : "append",
                               names[i].hashed ? ", hash added to keep names valid and apart" : ""));
    }
  }

  Result<PipelineResult> Write(const Config& config, const Endpoint& endpoint, const Catalog& catalog,
                               const std::vector<TableName>& names) {
    const auto credentials =
        std::make_shared<StaticCredentials>(config.access_key_id, config.secret_access_key);
    const auto clock_skew = std::make_shared<ClockSkew>();  // what one worker learns serves all
    const ClientFactory make_client = [&](EventLoop& loop) {
      ClientOptions options;
      options.clock_skew = clock_skew;
      options.http.max_connections = kConnections;
      return MakeHttpDynamoDbClient(loop, clock_, endpoint, credentials, options);
    };
    PipelineOptions options;
    options.endpoint = {endpoint.Url(), endpoint.region, !config.endpoint.empty()};
    if (!StdoutIsOpen()) return PipelineResult{StopReason::kStdoutClosed, std::nullopt};
    if (!StdinIsReadable())
      return SystemError(std::string(kNoStdin), "stdin: closed, a directory, or open for writing only");
    Status prepared = Prepare(config, catalog, names, options.endpoint, make_client);
    if (!prepared.ok()) {
      if (Signals::received() != 0) return PipelineResult{StopReason::kSignal, std::nullopt};
      if (writer_.closed()) return PipelineResult{StopReason::kStdoutClosed, std::nullopt};
      return std::move(prepared).error().At("write: preparing the tables");
    }
    options.signal_fd = signals_.fd();
    options.progress_fd = terminal_.fd();
    options.workers = config.workers.value_or(std::min(AvailableCores(), kMostWorkers));
    options.connections = kConnections;
    options.chunk_bytes = std::min(ChunkReader::kChunkBytes, budget_.limit() / kChunkPartOfBudget);
    options.give_up = std::chrono::seconds(config.give_up_after_s);
    options.skip_rejected = config.skip_rejected;
    const int64_t sync_time = clock_.WallMillis();
    for (size_t i = 0; i < names.size(); ++i) {
      const CatalogStream& stream = catalog.streams[i];
      options.tables.push_back(
          {names[i].name, stream.id, RawTableKeys(), BatchWriteHead(names[i].name), kBatchWriteTail});
      options.encodings.push_back({sync_time, stream.generation_id, stream.sync_id, stream.key_fields});
    }
    if (!config.dead_letter_table.empty()) {
      options.dead_letters = TableTarget{config.dead_letter_table,
                                         {},
                                         RawTableKeys(),
                                         BatchWriteHead(config.dead_letter_table),
                                         kBatchWriteTail};
    }
    return RunPipeline(options, make_client, clock_, writer_, budget_);
  }

  Status Prepare(const Config& config, const Catalog& catalog, const std::vector<TableName>& names,
                 const EndpointText& endpoint, const ClientFactory& make_client);

  // No table is dropped for a run that could neither read nor tell. What LogStart wrote shows whether anybody
  // takes it; a reader that stalls is left to the pipeline.
  bool StdoutIsOpen() {
    (void)writer_.Flush(clock_.Now() + kFlushAtStart);
    return !writer_.closed() && CanWrite(STDOUT_FILENO);
  }

  // Every STATE has to be out before exit 0 says so. A reader that stalls is waited for; one that is gone is
  // not.
  int FlushAll() {
    while (!writer_.Flush(clock_.Now() + std::chrono::seconds(1))) {
      if (writer_.closed()) return 1;
      if (Signals::received() != 0) return Interrupted();
    }
    return writer_.closed() ? 1 : 0;
  }

  int Failed(const Error& error) {
    writer_.WriteTraceError(error);
    (void)writer_.Flush(clock_.Now() + kFlushAtEnd);
    return 1;
  }

  int Interrupted() {
    (void)writer_.Flush(clock_.Now() + kFlushAtEnd);
    Signals::Reraise(Signals::received());
  }

  const RealClock clock_;
  const Terminal terminal_;
  Signals signals_;
  MemoryBudget budget_{kMinBudget};
  MessageWriter writer_;
};

Status WriteCommand::Prepare(const Config& config, const Catalog& catalog,
                             const std::vector<TableName>& names, const EndpointText& endpoint,
                             const ClientFactory& make_client) {
  std::vector<TablePlan> plans;
  for (size_t i = 0; i < names.size(); ++i) {
    const CatalogStream& stream = catalog.streams[i];
    TablePlan plan;
    plan.table = names[i].name;
    plan.stream = stream.id;
    plan.mode = stream.mode == DestinationSyncMode::kOverwrite ? TableMode::kRecreate : TableMode::kAppend;
    plans.push_back(std::move(plan));
  }
  if (!config.dead_letter_table.empty()) {
    TablePlan plan;
    plan.table = config.dead_letter_table;
    plans.push_back(std::move(plan));
  }
  for (TablePlan& plan : plans) {
    plan.keys = RawTableKeys();
    plan.capacity = CapacityOf(config);
    plan.default_capacity = config.capacity.is_default;
  }
  EventLoop loop;
  const std::unique_ptr<Client> client = make_client(loop);
  PrepareOptions options;
  options.endpoint = endpoint;
  options.stop_requested = [this] { return Signals::received() != 0 || writer_.closed(); };
  Result<std::vector<TableDescription>> prepared =
      PrepareTables(loop, clock_, *client, writer_, plans, options);
  if (!prepared.ok()) return std::move(prepared).error();
  return Ok();
}

}  // namespace

int RunWrite(const std::string& config_path, const std::string& catalog_path) {
  return WriteCommand().Run(config_path, catalog_path);
}

}  // namespace ddb
