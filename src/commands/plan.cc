#include "commands/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "airbyte/chunk_reader.h"
#include "base/container.h"
#include "commands/new_table.h"
#include "items/dead_letter.h"
#include "items/table_name.h"

namespace ddb {
namespace {

constexpr size_t kChunkPartOfBudget = 16;
// Bytes, as measured (tests/fault/test_memory): what is kept of a stream and its table, beside what is read
// for it; and how much of that is not counted, as it fits into what a process may take beside its budget.
constexpr size_t kBytesOfStream = 7680;
constexpr size_t kBytesOfStreamPerWorker = 256;
constexpr size_t kFreeBytesOfStreams = size_t{32} << 20;

TablePlan PlanTable(const Config& config, const Layout& layout, std::string name,
                    TableMode mode = TableMode::kAppend) {
  TablePlan table;
  table.table = std::move(name);
  table.keys = KeysOf(layout);
  table.mode = mode;
  table.settings = SettingsOfNewTables(config);
  table.options = OptionsOfNewTables(config, mode == TableMode::kRecreate);
  table.default_capacity = config.capacity.is_default;
  table.may_create = config.create_tables;
  return table;
}

WriteLimit Limit(const TableWriteLimit& limit) {
  return {static_cast<double>(limit.units), static_cast<double>(limit.percent)};
}

// Its own by its full name, else its own by its name alone, else that of all.
WriteLimit LimitOf(const Config& config, const StreamId& stream) {
  TableWriteLimit limit = config.write_limit;
  for (const auto& [name, of] : config.write_limits) {
    if (name == stream.Display() || name == stream.name) limit = of;
    if (name == stream.Display()) break;
  }
  return Limit(limit);
}

StreamPlan PlanStream(const CatalogStream& stream, const Layout& layout, bool hashed_name,
                      int64_t now_millis) {
  StreamPlan plan;
  plan.id = stream.id;
  if (stream.mode == DestinationSyncMode::kOverwrite) plan.earlier_rows = EarlierRows::kGoFirst;
  plan.hashed_name = hashed_name;
  plan.items.layout = layout;
  plan.items.sync_time_millis = now_millis;
  plan.items.generation_id = stream.generation_id;
  plan.items.sync_id = stream.sync_id;
  plan.items.protected_fields = stream.key_fields;
  return plan;
}

Error OverwriteDrops(const StreamId& stream) {
  return ConfigError(
             fmt::format("Stream {} is to be overwritten, which drops its table and creates it again, and "
                         "create_tables is false. Choose append for it, or set create_tables to true.",
                         stream.Display()),
             "config: overwrite without create_tables")
      .For(stream);
}

// What streams take of the budget: all that is kept of each for as long as the run lasts, beyond what is
// free. Half of it is left for what is read.
Status PlanMemory(const Config& config, const Machine& machine, RunPlan& plan) {
  const size_t budget = MemoryBudgetOf(config, machine);
  const size_t each = kBytesOfStream + static_cast<size_t>(plan.workers) * kBytesOfStreamPerWorker;
  const size_t all = plan.streams.size() * each;
  const size_t taken = all - std::min(all, kFreeBytesOfStreams);
  if (taken > budget / 2) {
    return ConfigError(
        fmt::format("The catalog has {} streams, for which there is not enough memory (max_memory_mb). "
                    "Set that to {} or more, or divide the streams between connections.",
                    plan.streams.size(), (2 * taken + (1 << 20) - 1) >> 20),
        "catalog: what its streams take in memory is more than half of the budget");
  }
  plan.memory_bytes = budget - taken;
  plan.chunk_bytes = std::min(ChunkReader::kChunkBytes, plan.memory_bytes / kChunkPartOfBudget);
  return Ok();
}

void PlanResources(const Config& config, const Machine& machine, RunPlan& plan) {
  plan.workers = config.workers.value_or(std::min(machine.cores, kMostWorkers));
  plan.give_up = std::chrono::seconds(config.give_up_after_s);
  plan.skip_rejected = config.skip_rejected;
}

}  // namespace

Error DeadLettersShareATable() {
  return ConfigError("dead_letter_table is the table of a stream of this sync. Give it a name of its own.",
                     "config: dead_letter_table is among the tables' names");
}

size_t MemoryBudgetOf(const Config& config, const Machine& machine) {
  return config.max_memory_mb ? std::max(kMinBudget, *config.max_memory_mb << 20)
                              : DefaultBudget(machine.memory_bytes);
}

Result<RunPlan> MakePlan(const Config& config, const Catalog& catalog, int64_t now_millis,
                         const Machine& machine) {
  std::vector<StreamId> ids;
  for (const CatalogStream& stream : catalog.streams) ids.push_back(stream.id);
  Result<std::vector<TableNames>> names = PossibleTableNames(config.table_prefix, ids);
  if (!names.ok()) return std::move(names).error();
  std::vector<TableName> tables = SettleTableNames(ids, *names, {}).tables;

  const Layout layout = RawLayout();
  RunPlan plan;
  plan.streams.reserve(ids.size());
  plan.tables.reserve(ids.size() + 1);
  plan.sync_time_millis = now_millis;
  for (size_t i = 0; i < catalog.streams.size(); ++i) {
    TableName& name = tables[i];
    if (name.name == config.dead_letter_table) return DeadLettersShareATable();
    StreamPlan stream = PlanStream(catalog.streams[i], layout, name.hashed, now_millis);
    const bool goes = stream.earlier_rows == EarlierRows::kGoFirst;
    TablePlan table = PlanTable(config, stream.items.layout, std::move(name.name),
                                goes ? TableMode::kRecreate : TableMode::kAppend);
    table.stream = stream.id;
    table.limit = LimitOf(config, stream.id);
    stream.changed_name = name.changed;
    if (table.mode == TableMode::kRecreate && !table.may_create) return OverwriteDrops(stream.id);
    plan.AddStream(std::move(stream), std::move(table));
  }
  if (!config.dead_letter_table.empty()) {
    TablePlan table = PlanTable(config, DeadLetterLayout(), config.dead_letter_table);
    table.limit = Limit(config.write_limit);
    plan.AddDeadLetters(std::move(table));
  }
  PlanResources(config, machine, plan);
  if (Status fits = PlanMemory(config, machine, plan); !fits.ok()) return std::move(fits).error();
  return plan;
}

}  // namespace ddb
