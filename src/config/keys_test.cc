#include "config/keys.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "config/schema.h"

namespace ddb {
namespace {

std::vector<std::string_view> AllKeys() {
  std::vector<std::string_view> keys;
  for (const auto& [key, property] : Properties(ConfigSchema()).get_ref<const nlohmann::json::object_t&>()) {
    keys.push_back(key);
  }
  return keys;
}

TEST(MeantKey, ASlip) {
  const std::pair<const char*, const char*> kCases[] = {
      {"dynamodb_endpont", "dynamodb_endpoint"},
      {"dynamodb_enpdoint", "dynamodb_endpoint"},
      {"dynamodb_endpoints", "dynamodb_endpoint"},
      {"dynamo_db_endpoint", "dynamodb_endpoint"},
      {"dynamodb-endpoint", "dynamodb_endpoint"},
      {"dynamodbEndpoint", "dynamodb_endpoint"},
      {"DYNAMODB_ENDPOINT", "dynamodb_endpoint"},
      {" dynamodb_endpoint", "dynamodb_endpoint"},
      {"dynamodb_endpoint ", "dynamodb_endpoint"},
      {"dynamodb_endpoint_url", "dynamodb_endpoint"},
      {"endpoint", "dynamodb_endpoint"},
      {"endpoint_url", "dynamodb_endpoint"},
      {"ddb_endpoint", "dynamodb_endpoint"},
      {"dynamodb.endpoint", "dynamodb_endpoint"},
      {"dinamodb_endpiont", "dynamodb_endpoint"},
      {"url", "dynamodb_endpoint"},
      {"host", "dynamodb_endpoint"},
      {"dynamodb_server", "dynamodb_endpoint"},
      {"aws_region", "dynamodb_region"},
      {"region", "dynamodb_region"},
      {"dynamodb_regoin", "dynamodb_region"},
      {"table_prefix", "dynamodb_table_name_prefix"},
      {"dynamodb_table_name", "dynamodb_table_name_prefix"},
      {"aws_access_key_id", "access_key_id"},
      {"accessKeyId", "access_key_id"},
      {"aws_secret_access_key", "secret_access_key"},
      {"secret_acces_key", "secret_access_key"},
      {"aws_session_token", "session_token"},
      {"worker", "workers"},
      {"Workers", "workers"},
      {"capactiy", "capacity"},
      {"on_rejected_records", "on_rejected_record"},
      {"on_reject_record", "on_rejected_record"},
      {"dead_letter_tabel", "dead_letter_table"},
      {"dead_letter", "dead_letter_table"},
      {"max_memory", "max_memory_mb"},
      {"give_up_after", "give_up_after_s"},
  };
  for (const auto& [key, meant] : kCases) EXPECT_EQ(MeantKey(key, AllKeys()), meant) << key;
}

TEST(MeantKey, NoSlip) {
  for (const char* key : {"", "_", "a", "foo", "surprise", "comment", "tunnel_method", "role_arn", "orders",
                          "password", "s3_bucket", "flattening", "\xC3\xA9", "key", "id"}) {
    EXPECT_EQ(MeantKey(key, AllKeys()), "") << key;
  }
  EXPECT_EQ(MeantKey("dynamodb_endpoint" + std::string(100, 'x'), AllKeys()), "");
  EXPECT_EQ(MeantKey("dynamodb_endpont", {"workers"}), "");
}

TEST(FindUnknownKeys, InEveryObject) {
  const auto found = FindUnknownKeys(nlohmann::json::parse(
      R"({"dynamodb_endpont":"x","regionn":"","dynamodb_region":"r","capacity":{"mode":"provisioned","write_unit":5,
          "read_units":1,"read_unit":1,"more":{}},"a\nb":1})"));
  ASSERT_EQ(found.size(), 6u);
  EXPECT_EQ(found[0].path, "a?b");
  EXPECT_EQ(found[0].meant, "");
  EXPECT_EQ(found[1].path, "capacity.more");
  EXPECT_EQ(found[2].path, "capacity.read_unit");
  EXPECT_EQ(found[2].meant, "");  // it is given
  EXPECT_EQ(found[3].path, "capacity.write_unit");
  EXPECT_EQ(found[3].meant, "capacity.write_units");
  EXPECT_EQ(found[4].meant, "dynamodb_endpoint");
  EXPECT_EQ(found[5].meant, "");  // the region is given
}

}  // namespace
}  // namespace ddb
