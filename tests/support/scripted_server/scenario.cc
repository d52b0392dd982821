#include "scripted_server/scenario.h"

#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

namespace scripted {
namespace {

using nlohmann::json;

bool Glob(const std::string& pattern, const std::string& text) {
  return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

// Reads the members of one object; a member that nobody asked for is a mistake in the file.
class Reader {
 public:
  Reader(const json& object, const char* what) : object_(object), what_(what) {
    if (!object.is_object()) throw std::runtime_error(std::string(what) + " is not an object");
  }
  template <typename T>
  void operator()(const char* name, T& out) {
    if (const json* value = Find(name)) out = value->get<T>();
  }
  const json* Find(const char* name) {
    known_.insert(name);
    auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  void End() {
    for (const auto& [name, value] : object_.items()) {
      if (!known_.contains(name) && name != "about") {
        throw std::runtime_error(std::string("unknown member ") + name + " in " + what_);
      }
    }
  }

 private:
  const json& object_;
  const char* what_;
  std::set<std::string> known_;
};

std::vector<std::string> OneOrMany(const json& value) {
  if (value.is_string()) return {value.get<std::string>()};
  return value.get<std::vector<std::string>>();
}

Match ReadMatch(const json& object) {
  Match match;
  Reader read(object, "match");
  if (const json* operation = read.Find("operation")) match.operations = OneOrMany(*operation);
  if (const json* nth = read.Find("nth")) {
    match.nth = nth->is_number() ? std::vector<int>{nth->get<int>()} : nth->get<std::vector<int>>();
  }
  read("table", match.table);
  read("marker", match.marker);
  read("from", match.from);
  read("to", match.to);
  read("every", match.every);
  read("times", match.times);
  read("min_items", match.min_items);
  read("probability", match.probability);
  read("after_s", match.after_s);
  read("before_s", match.before_s);
  read.End();
  return match;
}

UnprocessedSpec ReadUnprocessed(const json& object) {
  UnprocessedSpec spec;
  Reader read(object, "unprocessed");
  spec.on = true;
  read("all", spec.all);
  read("count", spec.count);
  read("indexes", spec.indexes);
  read("marker", spec.marker);
  read("stored", spec.stored);
  read("hidden", spec.hidden);
  read("twice", spec.twice);
  read("changed", spec.changed);
  read("foreign", spec.foreign);
  read("foreign_table", spec.foreign_table);
  read.End();
  return spec;
}

ErrorSpec ReadError(const json& object) {
  ErrorSpec spec;
  if (object.is_string()) {
    spec.name = object.get<std::string>();
    return spec;
  }
  Reader read(object, "error");
  read("name", spec.name);
  read("status", spec.status);
  read("message", spec.message);
  read("message_field", spec.message_field);
  read("type_prefix", spec.type_prefix);
  read("type_suffix", spec.type_suffix);
  read("type_in", spec.type_in);
  read("reason", spec.reason);
  read("index", spec.index);
  read("reasons_field", spec.reasons_field);
  read.End();
  return spec;
}

ReplyFaults ReadReply(const json& object) {
  ReplyFaults faults;
  Reader read(object, "reply");
  std::string crc = "right";
  read("crc32", crc);
  faults.crc = crc == "wrong"     ? ReplyFaults::Crc::kWrong
               : crc == "missing" ? ReplyFaults::Crc::kMissing
                                  : ReplyFaults::Crc::kRight;
  read("chunked", faults.chunked);
  std::string length = "right";
  read("length", length);
  faults.length = length == "missing"         ? ReplyFaults::Length::kMissing
                  : length == "beside_chunks" ? ReplyFaults::Length::kBesideChunks
                                              : ReplyFaults::Length::kRight;
  read("packed", faults.packed);
  read("headers", faults.headers);
  read("stay_open", faults.stay_open);
  read("connection_close", faults.connection_close);
  read("close_after", faults.close_after);
  read("truncate_at", faults.truncate_at);
  read("dribble_bytes", faults.dribble_bytes);
  read("dribble_ms", faults.dribble_ms);
  read("raw", faults.raw);
  read.End();
  return faults;
}

ResetAt ReadReset(const std::string& name) {
  static const std::map<std::string, ResetAt> kNames = {
      {"before_body", ResetAt::kBeforeBody}, {"in_body", ResetAt::kInBody},
      {"after_body", ResetAt::kAfterBody},   {"after_write", ResetAt::kAfterWrite},
      {"in_reply", ResetAt::kInReply},
  };
  auto found = kNames.find(name);
  if (found == kNames.end()) throw std::runtime_error("unknown reset " + name);
  return found->second;
}

Action ReadAction(const json& object) {
  Action action;
  Reader read(object, "action");
  if (const json* value = read.Find("unprocessed")) action.unprocessed = ReadUnprocessed(*value);
  if (const json* value = read.Find("error")) {
    action.error = ReadError(*value);
    action.has_error = true;
  }
  if (const json* value = read.Find("reply")) action.reply = ReadReply(*value);
  if (const json* value = read.Find("reset")) action.reset = ReadReset(value->get<std::string>());
  if (const json* value = read.Find("body")) {
    action.body = value->is_string() ? value->get<std::string>() : value->dump();
    action.has_body = true;
  }
  read("write", action.write);
  read("status", action.status);
  read("body_bytes", action.body_bytes);
  read("content_type", action.content_type);
  read("delay_ms", action.delay_ms);
  read("hang", action.hang);
  read("table_becomes", action.table_becomes);
  read.End();
  return action;
}

Credential ReadCredential(const json& object) {
  Credential credential;
  Reader read(object, "credential");
  read("access_key", credential.access_key);
  read("secret", credential.secret);
  read("token", credential.token);
  read("expired", credential.expired);
  read("expires_after_s", credential.expires_after_s);
  read("denied", credential.denied);
  read.End();
  return credential;
}

IndexBehaviour ReadIndex(const json& object) {
  IndexBehaviour index;
  Reader read(object, "index");
  read("name", index.name);
  read("wcu", index.wcu);
  read("burst_wcu", index.burst_wcu);
  read("units_per_unit", index.units_per_unit);
  read.End();
  return index;
}

TableBehaviour ReadBehaviour(const json& object) {
  TableBehaviour table;
  Reader read(object, "table");
  read("table", table.table);
  read("creating_describes", table.creating_describes);
  read("deleting_describes", table.deleting_describes);
  read("creating_ms", table.creating_ms);
  read("wcu", table.wcu);
  read("burst_wcu", table.burst_wcu);
  read("enforce_capacity", table.enforce_capacity);
  read("partition_wcu", table.partition_wcu);
  read("partitions", table.partitions);
  read("hot_partition_wcu", table.hot_partition_wcu);
  read("account_wcu", table.account_wcu);
  if (const json* indexes = read.Find("indexes")) {
    for (const json& index : *indexes) table.indexes.push_back(ReadIndex(index));
  }
  read("count_only", table.count_only);
  read.End();
  return table;
}

Rule ReadRule(const json& object, size_t index) {
  Rule rule;
  Reader read(object, "rule");
  if (const json* match = read.Find("match")) rule.match = ReadMatch(*match);
  const json* action = read.Find("action");
  if (action == nullptr) throw std::runtime_error("rule without action");
  rule.action = ReadAction(*action);
  rule.action.rule = "rule " + std::to_string(index);
  read("name", rule.action.rule);
  read("enabled", rule.enabled);
  read.End();
  return rule;
}

LineRules ReadLine(const json& object) {
  LineRules rules;
  Reader read(object, "line");
  read("bytes_per_s", rules.bytes_per_s);
  read("latency_ms", rules.latency_ms);
  read("steps", rules.steps);
  read.End();
  return rules;
}

bool ActsBeforeBody(const Action& action) {
  return action.reset == ResetAt::kBeforeBody || action.reset == ResetAt::kInBody;
}

}  // namespace

bool Rule::IsAbout(const RequestFacts& facts) const {
  if (!match.operations.empty() && std::find(match.operations.begin(), match.operations.end(),
                                             facts.operation) == match.operations.end()) {
    return false;
  }
  if (match.table != "*" &&
      std::none_of(facts.tables.begin(), facts.tables.end(),
                   [&](const std::string& table) { return Glob(match.table, table); })) {
    return false;
  }
  if (facts.items < match.min_items) return false;
  return match.marker.empty() || facts.body.find(match.marker) != std::string_view::npos;
}

bool Rule::Wants(const RequestFacts& facts, double now_s, std::mt19937_64& random) {
  if (!enabled || !IsAbout(facts)) return false;
  if (first_s_ < 0) first_s_ = now_s;
  ++seen_;
  double age = now_s - first_s_;
  bool lucky =
      match.probability >= 1 || std::uniform_real_distribution<double>(0, 1)(random) < match.probability;
  if (!match.nth.empty() && std::find(match.nth.begin(), match.nth.end(), seen_) == match.nth.end())
    return false;
  if (seen_ < match.from || (match.to > 0 && seen_ > match.to)) return false;
  if ((seen_ - match.from) % match.every != 0) return false;
  if (match.times > 0 && fired >= match.times) return false;
  if (age < match.after_s || (match.before_s > 0 && age >= match.before_s)) return false;
  return lucky;
}

const Action* Scenario::Decide(const RequestFacts& facts, bool head_only, double now_s) {
  std::lock_guard lock(mutex_);
  Rule* winner = nullptr;
  for (Rule& rule : rules_) {
    if (ActsBeforeBody(rule.action) != head_only) continue;
    bool wants = rule.Wants(facts, now_s, random_);
    if (wants && winner == nullptr) winner = &rule;
  }
  if (winner == nullptr) return nullptr;
  ++winner->fired;
  return &winner->action;
}

const TableBehaviour& Scenario::Behaviour(const std::string& table) const {
  static const TableBehaviour kPlain;
  for (const TableBehaviour& behaviour : tables) {
    if (Glob(behaviour.table, table)) return behaviour;
  }
  return kPlain;
}

int Scenario::Enable(const std::string& name, bool enabled) {
  std::lock_guard lock(mutex_);
  int found = 0;
  for (Rule& rule : rules_) {
    if (!Glob(name, rule.action.rule)) continue;
    rule.enabled = enabled;
    ++found;
  }
  return found;
}

std::string Scenario::RulesJson() const {
  std::lock_guard lock(mutex_);
  json out = json::array();
  for (const Rule& rule : rules_) {
    out.push_back({{"name", rule.action.rule}, {"enabled", rule.enabled}, {"fired", rule.fired}});
  }
  return out.dump();
}

bool Scenario::Load(const std::string& text, std::string& error) {
  try {
    json file = json::parse(text);
    Reader read(file, "scenario");
    read("region", region);
    read("account", account);
    read("table_limit", table_limit);
    read("clock_offset_s", clock_offset_s);
    read("idle_close_ms", idle_close_ms);
    read("max_head_bytes", max_head_bytes);
    read("control_rate", control_rate);
    if (const json* object = read.Find("line")) line = ReadLine(*object);
    uint64_t seed = 1;
    read("seed", seed);
    random_.seed(seed);
    if (const json* list = read.Find("credentials")) {
      credentials.clear();
      for (const json& object : *list) credentials.push_back(ReadCredential(object));
    }
    if (const json* list = read.Find("tables")) {
      for (const json& object : *list) tables.push_back(ReadBehaviour(object));
    }
    if (const json* list = read.Find("existing")) {
      for (const json& object : *list) existing.push_back(object.dump());
    }
    if (const json* list = read.Find("rules")) {
      for (const json& object : *list) rules_.push_back(ReadRule(object, rules_.size() + 1));
    }
    read.End();
  } catch (const std::exception& problem) {
    error = problem.what();
    return false;
  }
  return true;
}

}  // namespace scripted
