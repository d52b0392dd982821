#include "config/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "support/config/random_configs.h"

namespace ddb {
namespace {

using nlohmann::json;

// JSON Schema, as a library knows it.
class OtherValidator {
 public:
  OtherValidator() {
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(ConfigSchema()), rules_);
  }
  bool Accepts(const json& config) {
    return valijson::Validator().validate(rules_, valijson::adapters::NlohmannJsonAdapter(config), nullptr);
  }

 private:
  valijson::Schema rules_;
};

bool HasLongText(const json& config) {
  for (const auto& [key, value] : config.items()) {
    if (value.is_object() && HasLongText(value)) return true;
    if (value.is_string() && value.get_ref<const std::string&>().size() > 2048) return true;
  }
  return false;
}

TEST(SchemaTest, AgreesWithAnotherValidator) {
  OtherValidator other;
  RandomConfigs configs;
  int accepted = 0;
  std::set<std::string> reasons;
  for (int i = 0; i < 5000; ++i) {
    json config = json::parse(configs.Next().dump());
    Regularize(config);
    if (HasLongText(config)) continue;  // a rule of ours
    const Status status = CheckAgainstSchema(config);
    ASSERT_EQ(status.ok(), other.Accepts(config))
        << config.dump(2) << (status.ok() ? "" : status.error().message);
    accepted += status.ok();
    if (!status.ok()) reasons.insert(status.error().message);
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(reasons.size(), 25u);
}

// One change at a time to a config that is right, so that nothing else that is wrong hides it.
TEST(SchemaTest, AgreesAboutEveryValueInEveryPlace) {
  OtherValidator other;
  const json right = {{"dynamodb_table_name_prefix", "p"},
                      {"dynamodb_region", "us-east-1"},
                      {"access_key_id", "AKID"},
                      {"secret_access_key", "hush"},
                      {"capacity", {{"mode", "provisioned"}}}};
  ASSERT_TRUE(CheckAgainstSchema(right).ok());
  const std::vector<json> values = {
      true,
      false,
      -1,
      0,
      1,
      9,
      10,
      15,
      16,
      64,
      65,
      600,
      86400,
      86401,
      1000000,
      1000001,
      1048576,
      1048577,
      9223372036854775807,
      18446744073709551615u,
      1.5,
      1e300,
      "",
      " ",
      "a",
      "ab",
      "abc",
      "a b",
      "fail",
      "skip",
      "Skip",
      "on_demand",
      "provisioned",
      "http://x",
      "https://x:1/y",
      "http://x?y",
      "us-east-1",
      "us_east_1",
      "\n",
      "a\n",
      "\u00e9",
      std::string(246, 'x'),
      std::string(247, 'x'),
      std::string(255, 'x'),
      std::string(256, 'x'),
      json::array(),
      json::array({1}),
      json::object(),
      json::object({{"mode", "on_demand"}}),
      json::object({{"mode", "on_demand"}, {"read_units", "x"}}),
      json::object({{"mode", "provisioned"}, {"read_units", 0}}),
      json::object({{"mode", "provisioned"}, {"write_units", 5}, {"other", json::array()}}),
      json::object({{"mode", 1}})};
  int refused = 0;
  const auto check = [&](const json& config) {
    const Status status = CheckAgainstSchema(config);
    ASSERT_EQ(status.ok(), other.Accepts(config)) << config.dump(2);
    refused += !status.ok();
  };
  for (const auto& [key, property] : ConfigSchema().at("properties").items()) {
    json config = right;
    config.erase(key);
    check(config);
    for (const json& value : values) {
      config[key] = value;
      check(config);
    }
  }
  for (const char* key : {"mode", "read_units", "write_units", "other"}) {
    for (const json& value : values) {
      json config = right;
      config["capacity"][key] = value;
      check(config);
    }
  }
  EXPECT_GT(refused, 200);
}

}  // namespace
}  // namespace ddb
