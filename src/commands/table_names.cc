#include "commands/table_names.h"

#include <utility>

#include "commands/plan.h"
#include "items/table_name.h"

namespace ddb {

Status NameTables(const Config& config, const TableFinder& find, RunPlan& plan, Log& log) {
  std::vector<StreamId> ids;
  for (const StreamPlan& stream : plan.streams) ids.push_back(stream.id);
  Result<std::vector<TableNames>> names = PossibleTableNames(config.table_prefix, ids);
  if (!names.ok()) return std::move(names).error();
  Result<std::set<std::string>> found = find(NamesToLookFor(*names));
  if (!found.ok()) return std::move(found).error();
  SettledNames settled = SettleTableNames(ids, *names, *found);
  for (const std::string& warning : settled.warnings) log.Warn(warning);
  for (const StreamNo no : plan.streams.numbers()) {
    StreamPlan& stream = plan.streams[no];
    TableName& name = settled.tables[no.value()];
    if (name.name == config.dead_letter_table) return DeadLettersShareATable();
    stream.hashed_name = name.hashed;
    plan.tables[stream.table].table = std::move(name.name);
  }
  return Ok();
}

}  // namespace ddb
