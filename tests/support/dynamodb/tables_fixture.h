// What the tests of LookAtTables and ReplaceTables share: plans, existing tables, and a run on the fake
// DynamoDB. Only tests include this. One thread.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/requests.h"
#include "dynamodb/tables.h"
#include "support/dynamodb/fake_dynamodb.h"

namespace ddb::testkit {

inline const TableKeys kKeys{{"_airbyte_ab_id", 'S'}, KeyAttribute{"sync_time", 'N'}};

class Tables : public ::testing::Test {
 protected:
  Tables() {
    options_.endpoint = {"https://dynamodb.eu-west-1.amazonaws.com", "eu-west-1", false};
    options_.control.random = [] { return 0.5; };
  }

  void Plan(const std::string& table, TableMode mode) {
    TablePlan plan;
    plan.table = table;
    plan.stream = {std::nullopt, "stream_" + table};
    plan.mode = mode;
    plan.keys = kKeys;
    plan.settings.capacity = {false, 10, 10};
    plan.default_capacity = true;
    plans_.push_back(plan);
  }
  FakeDynamoDb::Table& Existing(const std::string& table, TableSettings settings = {},
                                const TableKeys& keys = kKeys) {
    if (!settings.capacity.on_demand && !settings.capacity.write_units) settings.capacity = {false, 10, 10};
    FakeDynamoDb::Table& existing = db_.tables[table];
    existing.create = CreateTableBody(table, keys, settings);
    return existing;
  }
  Result<std::vector<TableDescription>> Prepare() {
    start_ = loop_.Now();
    Result<TableSurvey> survey = LookAtTables(loop_, db_, log_, plans_, options_);
    if (!survey.ok()) return std::move(survey).error();
    if (between_) between_();
    Status replaced = ReplaceTables(loop_, db_, log_, plans_, options_, *survey);
    if (!replaced.ok()) return std::move(replaced).error();
    return survey->Descriptions();
  }
  Error Fails() {
    auto result = Prepare();
    EXPECT_FALSE(result.ok());
    return result.ok() ? Error{} : result.error();
  }
  // Every `call` of `operation` fails with `verdict`, the first `times` times.
  void Refuse(std::string_view operation, Verdict verdict, int times = 1 << 30) {
    db_.intercept = [operation, verdict, times](std::string_view seen,
                                                std::string_view) mutable -> std::optional<Verdict> {
      if (seen != operation || times-- <= 0) return std::nullopt;
      return verdict;
    };
  }
  double Seconds() const { return std::chrono::duration<double>(loop_.Now() - start_).count(); }
  bool Dropped() const {
    for (const std::string& call : db_.calls) {
      if (call.starts_with("DeleteTable")) return true;
    }
    return false;
  }

  FakeLoop loop_;
  FakeDynamoDb db_{loop_};
  CollectingLog log_;
  std::vector<TablePlan> plans_;
  PrepareOptions options_;
  std::function<void()> between_;  // the look and the replacement
  Instant start_{};
};

class Replacing : public Tables {
 protected:
  void PlanMany(int count) {
    for (int i = 0; i < count; ++i) {
      Plan("t" + std::to_string(i), TableMode::kRecreate);
      Existing("t" + std::to_string(i));
    }
  }
  int Drops() const {
    int drops = 0;
    for (const std::string& call : db_.calls) {
      const bool stand_in = call.find("_airbyte_stand_in_") != std::string::npos;
      drops += call.starts_with("DeleteTable") && !stand_in ? 1 : 0;
    }
    return drops;
  }
  // Seconds() count from there.
  void StopAt(std::string call) {
    options_.stop_requested = [this, call] {
      const bool stop = db_.Count(call) > 0;
      if (stop && !stopped_) start_ = loop_.Now();
      stopped_ = stop;
      return stop;
    };
  }
  bool stopped_ = false;
  // CreateTable is refused while its body holds `text`.
  void RefuseWith(std::string text, Verdict verdict) {
    db_.intercept = [this, text, verdict](std::string_view operation,
                                          std::string_view) -> std::optional<Verdict> {
      if (operation != "CreateTable" || db_.request.find(text) == std::string::npos) return std::nullopt;
      return verdict;
    };
  }
};

inline TableSettings EverySetting() {
  TableSettings settings;
  settings.capacity = {false, 5, 6};
  settings.attributes = {kKeys.hash, *kKeys.range, {"g", 'S'}};
  settings.indexes = {{"local", false, {{"_airbyte_ab_id", true}, {"g", false}}, "KEYS_ONLY", {}, {}},
                      {"global", true, {{"g", true}}, "INCLUDE", {"x"}, {false, 1, 2}}};
  settings.stream_view = "NEW_IMAGE";
  settings.table_class = "STANDARD_INFREQUENT_ACCESS";
  return settings;
}

}  // namespace ddb::testkit
