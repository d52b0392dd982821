// The spec against the platform's rules, and configs made at random.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "support/config/random_configs.h"

namespace ddb {
namespace {

using Json = nlohmann::ordered_json;

Json Spec() { return Json::parse(SpecJson()); }

// Words that the platform's form knows. Notably not: anyOf, allOf, not, if, then, else, patternProperties.
// https://docs.airbyte.com/connector-development/connector-specification-reference
const std::set<std::string> kWords = {
    "$schema",    "title",   "description", "type",    "required",       "additionalProperties",
    "properties", "order",   "oneOf",       "const",   "pattern",        "pattern_descriptor",
    "examples",   "default", "minimum",     "maximum", "airbyte_secret", "enum",
    "multiline"};

void CheckSchema(const Json& schema, const std::string& path) {
  for (const auto& [word, value] : schema.items()) EXPECT_TRUE(kWords.contains(word)) << path << ": " << word;
  EXPECT_FALSE(schema.value("title", "").empty()) << path;
  EXPECT_EQ(schema.contains("pattern"), schema.contains("pattern_descriptor")) << path;
  EXPECT_EQ(schema.contains("minimum"), schema.contains("maximum")) << path;
  const std::string type = schema.at("type");
  EXPECT_TRUE(type == "object" || type == "string" || type == "integer" || type == "boolean")
      << path;  // what ParseConfig explains
  std::set<int> orders;
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [key, property] : properties.items()) {
    EXPECT_FALSE(property.value("description", "").empty()) << path << "." << key;
    EXPECT_TRUE(orders.insert(property.at("order").get<int>()).second) << path << "." << key;
    CheckSchema(property, path + "." + key);
  }
  if (type == "object" && !schema.contains("oneOf")) {
    EXPECT_EQ(schema.at("additionalProperties"), true) << path;
    for (const auto& key : schema.at("required"))
      EXPECT_TRUE(schema["properties"].contains(key.get<std::string>()));
  }
  std::set<std::string> discriminators;
  for (const Json& option : schema.value("oneOf", Json::array())) {
    EXPECT_EQ(option.at("type"), "object");
    int constants = 0;
    for (const auto& [key, property] : option["properties"].items()) {
      if (!property.contains("const")) continue;
      ++constants;
      EXPECT_EQ(key, "mode");
      EXPECT_TRUE(discriminators.insert(property["const"]).second);
      EXPECT_EQ(option["required"], Json::array({key}));
    }
    EXPECT_EQ(constants, 1);
    CheckSchema(option, path + " oneOf");
  }
}

TEST(SpecTest, Envelope) {
  const Json spec = Spec();
  EXPECT_EQ(spec["documentationUrl"], "https://docs.airbyte.com/integrations/destinations/dynamodb");
  EXPECT_EQ(spec["supportsIncremental"], true);
  EXPECT_EQ(spec["supported_destination_sync_modes"], Json::array({"overwrite", "append"}));
  EXPECT_EQ(spec["protocol_version"], "0.2.0");
  EXPECT_EQ(spec["connectionSpecification"]["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(spec.size(), 5u);
}

TEST(SpecTest, OnlyWordsOfThePlatform) { CheckSchema(Spec()["connectionSpecification"], "config"); }

TEST(SpecTest, KeysOfTheJavaConnector) {
  const Json schema = Spec()["connectionSpecification"];
  std::set<std::string> keys;
  for (const auto& [key, property] : schema["properties"].items()) keys.insert(key);
  EXPECT_EQ(keys, (std::set<std::string>{"access_key_id",
                                         "account_id",
                                         "authentication",
                                         "ca_certificate",
                                         "capacity",
                                         "client_certificate",
                                         "create_tables",
                                         "dead_letter_table",
                                         "dynamodb_endpoint",
                                         "dynamodb_region",
                                         "dynamodb_table_name_prefix",
                                         "give_up_after_s",
                                         "max_memory_mb",
                                         "new_tables",
                                         "on_rejected_record",
                                         "proxy_url",
                                         "secret_access_key",
                                         "session_token",
                                         "stream_write_limits",
                                         "use_dualstack",
                                         "use_fips",
                                         "workers",
                                         "write_limit"}));
  // What was required before may be left out now; what was left out stays so.
  EXPECT_EQ(schema["required"], Json::array({"dynamodb_table_name_prefix"}));
  const std::set<std::string> secrets = {"access_key_id", "secret_access_key", "session_token", "proxy_url",
                                         "client_certificate"};
  for (const auto& [key, property] : schema["properties"].items()) {
    EXPECT_EQ(property.value("airbyte_secret", false), secrets.contains(key)) << key;
  }
}

TEST(SpecTest, ExamplesAndDefaultsAreAccepted) {
  const Json properties = Spec()["connectionSpecification"]["properties"];
  const Json valid = {{"dynamodb_table_name_prefix", "p"},
                      {"dynamodb_region", "us-east-1"},
                      {"access_key_id", "AKID"},
                      {"secret_access_key", "hush"}};
  for (const auto& [key, property] : properties.items()) {
    Json values = property.value("examples", Json::array());
    if (property.contains("default")) values.push_back(property["default"]);
    for (const Json& value : values) {
      Json config = valid;
      config[key] = value;
      EXPECT_TRUE(ParseConfig(config.dump(), {}).ok()) << key << " " << value;
    }
  }
}

// No message has any of the values, and what is accepted is within bounds.
TEST(SpecTest, RandomConfigsAreAnsweredWithoutTheirValues) {
  RandomConfigs configs;
  int accepted = 0;
  std::set<std::string> messages;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = configs.Next().dump();
    const Deployment deployment{configs.Pick(8) == 0 ? "CLOUD" : "", ""};
    const auto config = ParseConfig(text, deployment);
    if (config.ok()) {
      ++accepted;
      EXPECT_GE(config->capacity.read_units, 1);
      EXPECT_LE(config->capacity.write_units, 1000000);
      EXPECT_TRUE(!config->workers || (*config->workers >= 1 && *config->workers <= 64));
      EXPECT_FALSE(config->region.empty() && config->endpoint.empty());
    } else {
      const std::string said = config.error().message + config.error().internal + config.error().trail;
      EXPECT_EQ(said.find(RandomConfigs::kMarker), std::string::npos) << said;
      EXPECT_EQ(said.find("77177"), std::string::npos) << said;
      EXPECT_EQ(said.find("QQ"), std::string::npos) << said;
      messages.insert(config.error().message);
    }
  }
  EXPECT_GT(accepted, 30);
  EXPECT_GT(messages.size(), 25u);
}

TEST(SpecTest, CutAndChangedTextNeverCrashes) {
  RandomConfigs configs;
  for (int i = 0; i < 2000; ++i) {
    std::string text = configs.Next().dump();
    text.resize(configs.Pick(static_cast<unsigned>(text.size()) + 1));
    for (unsigned changes = configs.Pick(3); changes > 0 && !text.empty(); --changes) {
      text[configs.Pick(static_cast<unsigned>(text.size()))] = static_cast<char>(configs.Pick(64));
    }
    const auto config = ParseConfig(text, {});
    if (!config.ok()) {
      EXPECT_EQ(config.error().message.find(RandomConfigs::kMarker), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace ddb
