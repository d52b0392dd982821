// /__control/: the tests' own view of what is stored, by whom and when, and switches for the rules.
#include <nlohmann/json.hpp>

#include "scripted_server/description.h"
#include "scripted_server/service.h"

namespace scripted {

using nlohmann::json;

namespace {

json ItemsOf(const Table& table) {
  json items = json::array();
  for (const auto& [key, item] : table.items) {
    items.push_back({{"item", json::parse(item.json)},
                     {"sequence", item.sequence},
                     {"stored_s", item.stored_s},
                     {"writes", item.writes}});
  }
  return items;
}

json TableJson(const Table& table, const Tables& tables) {
  return {{"description", Describe(table, tables)},
          {"generation", table.generation},
          {"count", table.items.size() + table.counted.size()},
          {"tags", table.tags},
          {"ttl", table.ttl_json},
          {"recovery_days", table.recovery_days}};
}

// All tables, or the items of one; of one that was deleted, too.
std::string TablesJson(const Tables& tables, const std::string& wanted) {
  json out = json::object();
  for (const auto& [name, table] : tables.all()) {
    if (wanted.empty()) out[name] = TableJson(table, tables);
  }
  for (const auto* those : {&tables.gone(), &tables.all()}) {
    auto found = those->find(wanted);
    if (found == those->end()) continue;
    out[wanted] = TableJson(found->second, tables);
    out[wanted]["items"] = ItemsOf(found->second);
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Reply Service::ServeControl(const HttpRequest& request) {
  Reply reply;
  reply.content_type = "application/json";
  std::string path = request.path.substr(std::string("/__control/").size());
  if (path == "log") {
    reply.body = log_.Lines();
  } else if (path == "rules") {
    reply.body = scenario_.RulesJson();
  } else if (path.starts_with("rules/")) {
    size_t slash = path.rfind('/');
    std::string name = path.substr(6, slash - 6);
    reply.body = std::to_string(scenario_.Enable(name, path.substr(slash + 1) == "on"));
  } else if (path == "tables" || path.starts_with("tables/")) {
    auto lock = tables_.Lock();
    reply.body = TablesJson(tables_, path == "tables" ? "" : path.substr(7));
  } else {
    reply.status = 404;
  }
  return reply;
}

}  // namespace scripted
