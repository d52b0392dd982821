#include "commands/table_names.h"

#include <map>
#include <utility>

#include "commands/plan.h"
#include "dynamodb/stand_in.h"
#include "items/table_name.h"

namespace ddb {

Status NameTables(const Config& config, const TableFinder& find, RunPlan& plan, Log& log) {
  std::vector<StreamId> ids;
  for (const StreamPlan& stream : plan.streams) ids.push_back(stream.id);
  Result<std::vector<TableNames>> names = PossibleTableNames(config.table_prefix, ids);
  if (!names.ok()) return std::move(names).error();
  std::vector<std::string> looked_for = NamesToLookFor(*names);
  // One that an overwrite was killed in the middle of replacing is there as its stand-in, whatever the sync
  // mode is now.
  std::map<std::string, std::string> by_stand_in;
  for (const std::string& name : looked_for) by_stand_in[StandInName(name)] = name;
  for (const auto& [stand_in, _] : by_stand_in) looked_for.push_back(stand_in);
  Result<std::set<std::string>> found = find(looked_for);
  if (!found.ok()) return std::move(found).error();
  for (const auto& [stand_in, name] : by_stand_in) {
    if (found->erase(stand_in) > 0) found->insert(name);
  }
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
