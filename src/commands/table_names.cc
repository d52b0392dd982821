#include "commands/table_names.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "commands/plan.h"
#include "dynamodb/stand_in.h"
#include "items/table_name.h"

namespace ddb {
namespace {

constexpr size_t kMostNamed = 10;  // of streams, in one text

}  // namespace

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
  Result<TablesFound> found = find(looked_for);
  if (!found.ok()) return std::move(found).error();
  for (const auto& [stand_in, name] : by_stand_in) {
    if (found->there.erase(stand_in) > 0) found->there.insert(name);
  }
  SettledNames settled = SettleTableNames(ids, *names, found->there);
  for (const std::string& warning : settled.warnings) log.Warn(warning);
  for (const std::string& note : settled.notes) log.Info(note);
  for (const StreamNo no : plan.streams.numbers()) {
    StreamPlan& stream = plan.streams[no];
    TableName& name = settled.tables[no.value()];
    if (name.name == config.dead_letter_table) return DeadLettersShareATable();
    stream.hashed_name = name.hashed;
    stream.changed_name = name.changed;
    const std::string& hashed = (*names)[no.value()].hashed;
    if (!name.hashed && found->denied.contains(hashed)) stream.unseen_table = hashed;
    plan.tables[stream.table].table = std::move(name.name);
  }
  return Ok();
}

std::string ChangedNamesWarning(const RunPlan& plan, const std::function<bool(TableNo)>& was_there) {
  std::string named;
  size_t count = 0;
  for (const StreamPlan& stream : plan.streams) {
    if (!stream.changed_name || !was_there(stream.table) || ++count > kMostNamed) continue;
    named += (named.empty() ? "" : ", ") + stream.id.Display() + " (" + plan.tables[stream.table].table + ")";
  }
  if (count == 0) return {};
  if (count > kMostNamed) named += fmt::format(" and {} more", count - kMostNamed);
  return fmt::format(
      "DynamoDB takes the names of these streams for tables only with other characters, and the tables were "
      "there before this sync: {}. A stream of another connection whose name becomes the same one, as a b "
      "and "
      "a_b do, is written to the same table where the prefix is the same too, and rows of both are then in "
      "it. "
      "That cannot be seen from here. Where it may be so, give each connection a dynamodb_table_name_prefix "
      "of "
      "its own, or the streams namespaces.",
      named);
}

Status CheckUnseen(const RunPlan& plan, const std::function<bool(TableNo)>& was_there, Log& log) {
  std::string named;
  size_t count = 0;
  for (const StreamPlan& stream : plan.streams) {
    if (stream.unseen_table.empty() || !was_there(stream.table)) continue;
    const std::string& table = plan.tables[stream.table].table;
    if (stream.earlier_rows == EarlierRows::kGoFirst) {
      return ConfigError(
                 fmt::format(
                     "Table {} is not overwritten, as it may be another stream's: whether this stream "
                     "has a table of its own, {}, is not known, because dynamodb:DescribeTable of "
                     "that is denied. Nothing was dropped. Allow it on all tables of the prefix.",
                     table, stream.unseen_table),
                 "DescribeTable of the table with digits: AccessDeniedException")
          .For(stream.id);
    }
    if (++count > kMostNamed) continue;
    named += fmt::format("{}{} (to {}, not {})", named.empty() ? "" : ", ", stream.id.Display(), table,
                         stream.unseen_table);
  }
  if (count == 0) return Ok();
  if (count > kMostNamed) named += fmt::format(" and {} more", count - kMostNamed);
  log.Warn(fmt::format(
      "These streams are written to tables that may be other streams', as it is not known whether "
      "they have tables of their own: {}. dynamodb:DescribeTable of these is denied. Allow it on "
      "all tables of the prefix.",
      named));
  return Ok();
}

}  // namespace ddb
