// Plans for the pipeline's tests: streams without namespaces, each with a table of its own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "delivery/run_plan.h"
#include "pipeline/run.h"

namespace ddb {

// The first two streams of a plan.
inline constexpr StreamNo kUsers{0};
inline constexpr StreamNo kOrders{1};

inline StreamNo AddStream(RunPlan& plan, const std::string& name) {
  TablePlan table;
  table.table = "t_" + name;
  table.stream.name = name;
  table.keys = {{"_airbyte_ab_id", 'S'}, KeyAttribute{"sync_time", 'N'}};
  StreamPlan stream;
  stream.id = table.stream;
  stream.items.sync_time_millis = 1000;
  return plan.AddStream(std::move(stream), std::move(table));
}

inline RunPlan PlanOf(const std::vector<std::string>& streams) {
  RunPlan plan;
  plan.sync_time_millis = 1000;
  plan.chunk_bytes = ChunkReader::kChunkBytes;
  for (const std::string& name : streams) AddStream(plan, name);
  return plan;
}

// A Prepare that finds every table there.
inline PrepareStep TablesAreThere(const RunPlan& plan) {
  return [&plan](const StopRequested&) -> Result<TableDescriptions> {
    TableDescriptions tables;
    for (const TablePlan& table : plan.tables) {
      TableDescription description;
      description.name = table.table;
      tables.push_back(std::move(description));
    }
    return tables;
  };
}

}  // namespace ddb
