// write: config and catalog -> a plan -> the tables and the data -> an exit code. Everything that can fail
// for the user's sake fails before any table is touched.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "airbyte/catalog.h"
#include "airbyte/message_writer.h"
#include "airbyte/platform_terms.h"
#include "base/container.h"
#include "base/environment.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/times.h"
#include "base/version.h"
#include "commands/account.h"
#include "commands/commands.h"
#include "commands/ending.h"
#include "commands/plan.h"
#include "commands/service.h"
#include "commands/standard_io.h"
#include "commands/table_names.h"
#include "commands/table_preparation.h"
#include "config/config.h"
#include "dynamodb/control_watch.h"
#include "dynamodb/table_lookup.h"
#include "dynamodb/tables.h"
#include "pipeline/run.h"

namespace ddb {
namespace {

constexpr std::string_view kNoStdin =
    "Reading the messages from standard input failed: it is closed, or nothing that can be read.";

class WriteCommand {
 public:
  WriteCommand() : writer_(STDOUT_FILENO, LogLevelFromEnvironment(), clock_, &budget_) {
    if (terminal_.fd() < 0) return;
    const bool shared = isatty(STDOUT_FILENO) == 1;  // mostly; if not, the screen is cleared for nothing
    screen_.emplace(terminal_.fd(), LiveScreen::LookFromEnvironment(shared));
    if (shared) writer_.Around([this] { screen_->Leave(); }, [this] { screen_->Return(); });
  }

  int Run(const std::string& config_path, const std::string& catalog_path) {
    const Result<RunResult> ran = Sync(config_path, catalog_path);
    if (!ran.ok()) return Signals::received() != 0 ? Interrupted() : Failed(ran.error());
    switch (ran->reason) {
      case StopReason::kNone:
        return FlushAll();
      case StopReason::kFailure:
        return Failed(*ran->error);
      case StopReason::kStdoutClosed:
        TellOfStdout();
        return kExitFailed;
      case StopReason::kSignal:
        break;
    }
    return Interrupted();
  }

 private:
  Result<RunResult> Sync(const std::string& config_path, const std::string& catalog_path) {
    Result<Config> config =
        LoadConfig(config_path, DeploymentOfMachine(), TellOfWaiting(writer_, config_path));
    if (!config.ok()) return std::move(config).error().At("write: loading the config");
    Result<Service> service = Service::Of(*config, clock_, writer_);
    if (!service.ok()) return std::move(service).error().At("write: finding the endpoint");
    Status variables = RefuseVariables([](const std::string& name) { return Environment(name.c_str()); });
    if (!variables.ok()) return std::move(variables).error().At("write: reading the environment");
    Result<RunPlan> plan = PlanOf(*config, *service, catalog_path);
    if (!plan.ok()) return std::move(plan).error();
    if (!StdoutIsOpen()) return RunResult{StopReason::kStdoutClosed, std::nullopt, {}};
    if (!StdinIsReadable())
      return SystemError(std::string(kNoStdin), "stdin: closed, a directory, or open for writing only");
    TellOfTyping();
    ControlWatch watch(service->Way());
    Status named = NameTables(*config, Finder(*plan, *service, watch), *plan, writer_);
    if (!named.ok()) return std::move(named).error().At("write: looking for the streams' tables");
    LogStreams(*plan);
    return Carry(*plan, *service, watch);
  }

  // Of the catalog nothing else is kept.
  Result<RunPlan> PlanOf(const Config& config, const Service& service, const std::string& catalog_path) {
    const Machine machine{AvailableCores(), MemoryLimit()};
    Result<Catalog> catalog =
        LoadCatalog(catalog_path, MemoryBudgetOf(config, machine), TellOfWaiting(writer_, catalog_path));
    if (!catalog.ok()) return std::move(catalog).error().At("write: loading the catalog");
    Result<RunPlan> plan = MakePlan(config, *catalog, clock_.WallMillis(), machine);
    if (!plan.ok()) return std::move(plan).error().At("write: making the plan");
    budget_.SetLimit(plan->memory_bytes);
    LogStart(config, service, *catalog);
    return plan;
  }

  void LogStart(const Config& config, const Service& service, const Catalog& catalog) {
    writer_.Info(fmt::format("destination-dynamodb {}: {}", kVersion, service.Where()));
    for (const std::string& key : config.unknown_keys) {
      writer_.Warn(fmt::format("The configuration has a key that is not known and not used: {}", key));
    }
    for (const auto& [name, limit] : config.write_limits) {
      const auto is_meant = [&name](const CatalogStream& stream) {
        return name == stream.id.Display() || name == stream.id.name;
      };
      if (std::ranges::none_of(catalog.streams, is_meant))
        writer_.Warn(
            fmt::format("stream_write_limits has a stream that is not in the catalog: {}", ShortText(name)));
    }
    for (const std::string& warning : catalog.warnings) writer_.Warn(warning);
  }

  void LogStreams(const RunPlan& plan) {
    for (const StreamPlan& stream : plan.streams) {
      writer_.Info(fmt::format("Stream {} -> table {} ({}{})", stream.id.Display(),
                               plan.tables[stream.table].table,
                               stream.earlier_rows == EarlierRows::kGoFirst ? "overwrite" : "append",
                               stream.hashed_name ? ", hash added to keep names valid and apart" : ""));
    }
  }

  TableFinder Finder(const RunPlan& plan, const Service& service, ControlWatch& watch) {
    return [&](const std::vector<std::string>& names) {
      EventLoop loop;
      EventControlLoop control(loop, clock_);
      const std::unique_ptr<Client> client = MakeClient(plan, service, loop);
      PrepareOptions options;
      options.endpoint = service.text();
      options.control.watch = &watch;
      options.transition = plan.give_up;
      options.stop_requested = [&] {
        watch.SayTrouble(writer_, clock_.Now());
        return Signals::received() != 0;
      };
      return FindTables(control, *client, names, options);
    };
  }

  std::unique_ptr<Client> MakeClient(const RunPlan& plan, const Service& service, EventLoop& loop) {
    HttpClient::Options http;
    http.max_connections = plan.connections;
    return service.MakeClient(loop, clock_, http);
  }

  RunResult Carry(const RunPlan& plan, const Service& service, ControlWatch& watch) {
    const ClientFactory make_client = [&](EventLoop& loop) { return MakeClient(plan, service, loop); };
    TablePreparation tables(plan, service.text(), make_client, watch, clock_, writer_);
    const RunParts parts{
        .clock = clock_,
        .writer = writer_,
        .budget = budget_,
        .make_client = make_client,
        .endpoint = service.text(),
        .prepare = [&](const StopRequested& stop_requested) { return Look(plan, tables, stop_requested); },
        .replace =
            [&](const std::vector<TableNo>& which, const StopRequested& stop_requested,
                const TableReplaced& replaced) { return tables.Replace(which, stop_requested, replaced); },
        .to_replace = [&] { return tables.ToReplace(); },
        .input_fd = STDIN_FILENO,
        .signal_fd = signals_.fd(),
        .screen = screen_ ? &*screen_ : nullptr,
        .described_is_enforced = service.endpoint().IsAws()};
    return RunSync(plan, parts);
  }

  Result<TableDescriptions> Look(const RunPlan& plan, TablePreparation& tables,
                                 const StopRequested& stop_requested) {
    Result<TableDescriptions> looked = tables.Look(stop_requested);
    if (!looked.ok()) return looked;
    const auto was_there = [&](TableNo table) { return tables.WasThere(table); };
    Status seen = CheckUnseen(plan, was_there, writer_);
    if (!seen.ok()) return std::move(seen).error();
    const std::string warning = ChangedNamesWarning(plan, was_there);
    if (!warning.empty()) writer_.Warn(warning);
    return looked;
  }

  // What LogStart wrote shows whether anybody takes it; a reader that stalls is left to the pipeline.
  bool StdoutIsOpen() {
    (void)writer_.Flush(clock_.Now() + times::kFlushAtStart);
    return !writer_.closed() && StdoutIsWritable();
  }

  // Every STATE has to be out before exit 0 says so. A reader that stalls is waited for; one that is gone is
  // not.
  int FlushAll() {
    while (!writer_.Flush(clock_.Now() + std::chrono::seconds(1))) {
      if (writer_.closed()) break;
      if (Signals::received() != 0) return Interrupted();
    }
    if (!writer_.closed()) return kExitDone;
    TellOfStdout();
    return kExitFailed;
  }

  int Failed(const Error& error) { return EndWithError(writer_, clock_, error, times::kFlushAtEnd); }
  int Interrupted() { EndBySignal(writer_, clock_); }

  const RealClock clock_;
  const Terminal terminal_;
  std::optional<LiveScreen> screen_;
  Signals signals_;
  MemoryBudget budget_{kMinBudget};
  MessageWriter writer_;
};

}  // namespace

int RunWrite(const std::string& config_path, const std::string& catalog_path) {
  return WriteCommand().Run(config_path, catalog_path);
}

}  // namespace ddb
