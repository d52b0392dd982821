// Golden tests of MakePlan: each file of tests/data/plans is a config, a catalog and a machine, and the plan
// that they make, in words, or the refusal. A file's `config` is added to kBase.
//
//   {"about": "...", "config": {...}, "catalog": {...}, "now": 1700000000000, "cores": 4, "memory_mb": 4096,
//    "plan": ["...", ...]}                            or "refused": "the whole message" in place of "plan"
#include "commands/plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ddb {
namespace {

using simdjson::dom::element;
using testing::ElementsAreArray;
using testing::HasSubstr;

constexpr std::string_view kBase =
    R"("dynamodb_table_name_prefix":"p","dynamodb_region":"eu-west-1","access_key_id":"AKID","secret_access_key":"hush")";
constexpr int64_t kNow = 1700000000000;

std::string Quoted(const std::optional<std::string>& text) { return text ? '"' + *text + '"' : "null"; }

template <typename T>
std::string OrNone(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "none";
}

std::string TextOf(const TableCapacity& capacity) {
  if (capacity.on_demand && !capacity.read_units && !capacity.write_units) return "on demand";
  if (capacity.on_demand)
    return fmt::format("on demand, at the most {} and {}", OrNone(capacity.read_units),
                       OrNone(capacity.write_units));
  return fmt::format("{} read and {} write units", OrNone(capacity.read_units), OrNone(capacity.write_units));
}

// What only a configuration that names it gives a table.
std::string MoreOf(const TablePlan& table) {
  const TableSettings& settings = table.settings;
  const NewTableOptions& options = table.options;
  std::vector<std::string> parts;
  const auto add = [&parts](bool is, std::string text) {
    if (is) parts.push_back(std::move(text));
  };
  add(!settings.table_class.empty(), "class " + settings.table_class);
  add(settings.kms, "key " + (settings.kms_key_arn.empty() ? "of AWS" : settings.kms_key_arn));
  add(!settings.stream_view.empty(), "stream " + settings.stream_view);
  add(!settings.ttl_attribute.empty(), "expires by " + settings.ttl_attribute);
  add(settings.recovery_days > 0, fmt::format("recovery of {} days", settings.recovery_days));
  for (const auto& [key, value] : settings.tags) add(true, fmt::format("tag {}={}", key, value));
  add(options.deletion_protection, "protected");
  add(options.warm_read_units || options.warm_write_units,
      fmt::format("warm {} and {}", OrNone(options.warm_read_units), OrNone(options.warm_write_units)));
  add(table.limit.units > 0, fmt::format("at most {} units a second", table.limit.units));
  add(table.limit.percent > 0, fmt::format("at most {} % of its capacity", table.limit.percent));
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Every member of the plan is in it: what is not printed is not tested.
std::vector<std::string> TextOf(const RunPlan& plan) {
  std::vector<std::string> lines;
  for (const StreamNo no : plan.streams.numbers()) {
    const StreamPlan& stream = plan.streams[no];
    lines.push_back(fmt::format("stream {}: namespace {}, name {} -> table {}{}; earlier rows {}{}",
                                no.value(), Quoted(stream.id.ns), Quoted(stream.id.name),
                                stream.table.value(), stream.hashed_name ? " (hashed)" : "",
                                stream.earlier_rows == EarlierRows::kGoFirst ? "go first" : "stay",
                                stream.states_wait_for_finish ? "; STATEs wait for its end" : ""));
    EXPECT_EQ(plan.stream_of[stream.table], no);
    lines.push_back(fmt::format("  items: sync_time {}, generation {}, sync id {}; never nulled: [{}]",
                                stream.items.sync_time_millis, OrNone(stream.items.generation_id),
                                OrNone(stream.items.sync_id),
                                fmt::join(stream.items.protected_fields, ", ")));
  }
  for (const TableNo no : plan.tables.numbers()) {
    const TablePlan& table = plan.tables[no];
    lines.push_back(fmt::format("table {}: {} of {}, {}; {}; {}{}", no.value(), table.table,
                                table.stream.name.empty() ? "no stream" : table.stream.Display(),
                                table.mode == TableMode::kRecreate ? "made anew" : "used as it is",
                                table.keys.Text(), TextOf(table.settings.capacity),
                                table.default_capacity ? " (by default)" : ""));
    if (const std::string more = MoreOf(table); !more.empty()) lines.push_back("  " + more);
  }
  EXPECT_EQ(plan.stream_of.size(), plan.tables.size());
  if (plan.dead_letters) {
    EXPECT_EQ(plan.stream_of[*plan.dead_letters], std::nullopt);
  }
  lines.push_back(plan.dead_letters ? fmt::format("dead letters: table {}", plan.dead_letters->value())
                                    : "dead letters: none");
  lines.push_back(fmt::format("a refused record {}; gives up after {} s; sync time {}",
                              plan.skip_rejected ? "is skipped" : "ends the run",
                              std::chrono::duration_cast<std::chrono::seconds>(plan.give_up).count(),
                              plan.sync_time_millis));
  lines.push_back(fmt::format("{} workers, {} connections; bytes: memory {}, chunk {}, send window {}",
                              plan.workers, plan.connections, plan.memory_bytes, plan.chunk_bytes,
                              plan.send_window_bytes));
  return lines;
}

// From the texts of a config and a catalog, as write does it.
Result<RunPlan> PlanOf(const std::string& config_json, const std::string& catalog_json, int64_t now = kNow,
                       const Machine& machine = {4, size_t{4} << 30}) {
  Result<Config> config = ParseConfig(config_json, Deployment{"OSS", ""});
  if (!config.ok()) return std::move(config).error();
  Result<Catalog> catalog = ParseCatalog(catalog_json);
  if (!catalog.ok()) return std::move(catalog).error();
  return MakePlan(*config, *catalog, now, machine);
}

// kBase with the members of `more`, which win.
std::string ConfigWith(const simdjson::dom::object& more) {
  std::string json = "{";
  simdjson::dom::parser parser;
  const std::string base_json = "{" + std::string(kBase) + "}";
  const simdjson::dom::object base = parser.parse(base_json);
  for (const auto& [key, value] : base) {
    if (more.at_key(key).error() == simdjson::SUCCESS) continue;
    json += fmt::format("{}\"{}\":{}", json.size() > 1 ? "," : "", key, simdjson::minify(value));
  }
  for (const auto& [key, value] : more)
    json += fmt::format("{}\"{}\":{}", json.size() > 1 ? "," : "", key, simdjson::minify(value));
  return json + "}";
}

std::vector<std::filesystem::path> PlanFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(DDB_TEST_DATA "/plans")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

int64_t NumberOr(const element& file, std::string_view key, int64_t otherwise) {
  int64_t number = 0;
  return file[key].get(number) == simdjson::SUCCESS ? number : otherwise;
}

// What a file's plan is, one line a text; of a refusal its one message.
std::vector<std::string> ActualOf(const element& file) {
  const Machine machine{static_cast<int>(NumberOr(file, "cores", 4)),
                        static_cast<size_t>(NumberOr(file, "memory_mb", 4096)) << 20};
  const int64_t now = NumberOr(file, "now", kNow);
  const Result<RunPlan> plan =
      PlanOf(ConfigWith(file["config"]), simdjson::minify(file["catalog"].value()), now, machine);
  if (plan.ok()) return TextOf(*plan);
  EXPECT_EQ(plan.error().type, FailureType::kConfig);
  return {plan.error().message};
}

class GoldenPlan : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoldenPlan, IsWhatTheFileSays) {
  simdjson::dom::parser parser;
  const element file = parser.load(GetParam().string());
  std::vector<std::string> expected;
  element refused;
  if (file["refused"].get(refused) == simdjson::SUCCESS) {
    expected.emplace_back(std::string_view(refused));
  } else {
    for (const element line : file["plan"]) expected.emplace_back(std::string_view(line));
  }
  EXPECT_THAT(ActualOf(file), ElementsAreArray(expected)) << std::string_view(file["about"]);
}

std::string NameOf(const testing::TestParamInfo<std::filesystem::path>& info) {
  std::string name = info.param.stem();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Files, GoldenPlan, testing::ValuesIn(PlanFiles()), NameOf);

TEST(MakePlan, ThousandsOfStreams) {
  constexpr size_t kStreams = 3000;
  std::string streams;
  for (size_t i = 0; i < kStreams; ++i) {
    streams += fmt::format(
        R"({}{{"stream":{{"name":"s{}","namespace":"n{}"}},"destination_sync_mode":"{}","generation_id":{}}})",
        i > 0 ? "," : "", i / 2, i % 2, i % 3 == 0 ? "overwrite" : "append", i);
  }
  const Result<RunPlan> plan = PlanOf("{" + std::string(kBase) + R"(,"dead_letter_table":"letters"})",
                                      R"({"streams":[)" + streams + "]}");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  ASSERT_EQ(plan->streams.size(), kStreams);
  ASSERT_EQ(plan->tables.size(), kStreams + 1);
  std::set<std::string> names;
  std::set<TableNo> tables;
  for (const StreamNo no : plan->streams.numbers()) {
    const StreamPlan& stream = plan->streams[no];
    const TablePlan& table = plan->tables[stream.table];
    EXPECT_EQ(stream.id.name, fmt::format("s{}", no.value() / 2));
    EXPECT_EQ(stream.items.generation_id, no.value());
    EXPECT_EQ(table.stream, stream.id);
    EXPECT_EQ(table.table, fmt::format("p_n{}_{}", no.value() % 2, stream.id.name));
    EXPECT_EQ(table.mode == TableMode::kRecreate, no.value() % 3 == 0);
    EXPECT_EQ(stream.earlier_rows == EarlierRows::kGoFirst, no.value() % 3 == 0);
    names.insert(table.table);
    tables.insert(stream.table);
  }
  EXPECT_EQ(names.size(), kStreams);
  EXPECT_EQ(tables.size(), kStreams);
  ASSERT_TRUE(plan->dead_letters);
  EXPECT_EQ(tables.count(*plan->dead_letters), 0u);
  EXPECT_EQ(plan->tables[*plan->dead_letters].table, "letters");
}

// Nobody could tell which of two plans ran if the order of the catalog decided names.
TEST(MakePlan, NamesDoNotDependOnTheOrderOfTheCatalog) {
  const auto streams = [](std::vector<std::string> names) {
    std::string json;
    for (const std::string& name : names) {
      json += fmt::format(R"({}{{"stream":{{"name":"{}"}},"destination_sync_mode":"append"}})",
                          json.empty() ? "" : ",", name);
    }
    return R"({"streams":[)" + json + "]}";
  };
  const std::string config = "{" + std::string(kBase) + "}";
  const Result<RunPlan> one = PlanOf(config, streams({"a b", "a-b", "c"}));
  const Result<RunPlan> other = PlanOf(config, streams({"c", "a-b", "a b"}));
  const auto table_of = [](const RunPlan& plan, std::string_view name) {
    for (const StreamPlan& stream : plan.streams) {
      if (stream.id.name == name) return plan.tables[stream.table].table;
    }
    return std::string();
  };
  for (const char* name : {"a b", "a-b", "c"}) EXPECT_EQ(table_of(*one, name), table_of(*other, name));
  EXPECT_NE(table_of(*one, "a b"), table_of(*one, "a-b"));
}

// What is kept of each stream is memory too: few take none of the budget, very many more than there is.
TEST(MakePlan, StreamsTakeTheirPartOfTheBudget) {
  const auto with = [](size_t streams, size_t max_memory_mb) {
    std::string json;
    for (size_t i = 0; i < streams; ++i) {
      json += fmt::format(R"({}{{"stream":{{"name":"s{}"}},"destination_sync_mode":"append"}})",
                          json.empty() ? "" : ",", i);
    }
    return PlanOf(fmt::format(R"({{{},"max_memory_mb":{},"workers":2}})", kBase, max_memory_mb),
                  R"({"streams":[)" + json + "]}");
  };
  constexpr size_t kMiB = 1 << 20;
  EXPECT_EQ(with(1000, 16)->memory_bytes, 16 * kMiB);
  const size_t left = with(5000, 16)->memory_bytes;
  EXPECT_LT(left, 16 * kMiB);
  EXPECT_GE(left, 8 * kMiB);
  EXPECT_EQ(16 * kMiB - left, 1024 * kMiB - with(5000, 1024)->memory_bytes);
  EXPECT_LT(with(6000, 1024)->memory_bytes, with(5000, 1024)->memory_bytes - 4 * kMiB);

  const Result<RunPlan> refused = with(10'000, 16);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().type, FailureType::kConfig);
  constexpr std::string_view kRemedy = "(max_memory_mb). Set that to ";
  const std::string& message = refused.error().message;
  ASSERT_THAT(message, HasSubstr(kRemedy));
  const size_t enough = std::stoul(message.substr(message.find(kRemedy) + kRemedy.size()));
  EXPECT_TRUE(with(10'000, enough).ok());
  EXPECT_FALSE(with(10'000, enough - 1).ok());
}

TEST(MakePlan, TheFilesAreThere) { EXPECT_GE(PlanFiles().size(), 12u); }

}  // namespace
}  // namespace ddb
