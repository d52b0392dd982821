// What people get wrong about a config: spaces, case, slips in keys, another file in its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "config/config.h"
#include "support/config/config_texts.h"

namespace ddb {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(ConfigTest, TextsAreTrimmedAndTheAddressIsInItsUsualCase) {
  const auto config = Parse({{"dynamodb_region", R"(" US-East-1\u00a0")"},
                             {"dynamodb_endpoint", R"("\tHttp://LocalHost:8000/Path \n")"},
                             {"dynamodb_table_name_prefix", R"(" P ")"},
                             {"dead_letter_table", R"("\ufeffLetters")"}});
  ASSERT_TRUE(config.ok()) << MessageOf(config);
  EXPECT_EQ(config->region, "us-east-1");
  EXPECT_EQ(config->endpoint, "http://LocalHost:8000/Path");
  EXPECT_EQ(config->table_prefix, "P");
  EXPECT_EQ(config->dead_letter_table, "Letters");
  EXPECT_EQ(Parse({{"dynamodb_region", R"("EU-WEST-1")"}})->region, "eu-west-1");
  for (const char* three : {"3.0", "0.3e1", R"("3")", R"(" 3.0 ")", R"("3.000")"}) {
    EXPECT_EQ(Parse({{"workers", three}})->workers, 3) << three;
  }
  for (const char* none : {"3.5", R"("3.5")", R"("3.0.0")", R"(".0")", R"("3,0")", R"("3e0")"}) {
    EXPECT_THAT(MessageOf(Parse({{"workers", none}})), HasSubstr("must be a whole number")) << none;
  }
}

TEST(ConfigTest, SlipsAreRefusedByName) {
  EXPECT_THAT(MessageOf(Parse({{"dynamodb_endpont", R"("http://topsecret")"}})),
              AllOf(HasSubstr("dynamodb_endpont: did you mean dynamodb_endpoint?"),
                    HasSubstr("Nothing was sent"), Not(HasSubstr("topsecret"))));
  // Also where the key that was meant is required, empty or null.
  EXPECT_THAT(MessageOf(Parse({{"dynamodb_region", ""}, {"dynamodb_regoin", R"("x")"}})),
              HasSubstr("dynamodb_regoin: did you mean dynamodb_region?"));
  EXPECT_THAT(MessageOf(Parse({{"dynamodb_endpoint", R"("")"}, {"endpoint", R"("x")"}})),
              HasSubstr("did you mean"));
  EXPECT_THAT(MessageOf(Parse({{"dynamodb_endpoint", "null"}, {"endpoint", R"("x")"}})),
              HasSubstr("did you mean"));
  EXPECT_THAT(MessageOf(Parse({{"capacity", R"({"mode":"provisioned","write_unit":5})"}})),
              HasSubstr("capacity.write_unit: did you mean capacity.write_units?"));
  // In the wrong place.
  EXPECT_THAT(MessageOf(Parse({{"capacity", R"({"mode":"on_demand","dynamodb_endpoint":"x"})"}})),
              HasSubstr("capacity.dynamodb_endpoint: did you mean dynamodb_endpoint?"));
  // What is given is not meant by another key.
  EXPECT_THAT(Parse({{"dynamodb_endpoint", R"("http://x")"}, {"endpoint", R"("x")"}})->unknown_keys,
              ElementsAre("endpoint"));
  // However many others come before it.
  std::map<std::string, std::string> many = {{"workerz", "1"}};
  for (int i = 0; i < 1000; ++i) many["k" + std::to_string(i)] = "1";
  EXPECT_THAT(MessageOf(Parse(many)), HasSubstr("workerz: did you mean workers?"));
}

// By the last one data could go to a host that was not meant.
TEST(ConfigTest, AKeyTwiceIsRefusedByName) {
  const std::string right = Json({});
  const auto with = [&](const std::string& more) {
    return right.substr(0, right.rfind('}')) + "," + more + "}";
  };
  for (const auto& [more, key] :
       {std::pair(R"("workers":1,"workers":1)", "the key workers twice"),
        {R"("dynamodb\u005fregion":"topsecret")", "the key dynamodb_region twice"},
        {R"("secret_access_key":null)", "the key secret_access_key twice"},
        {R"("capacity":{"mode":"on_demand","mode":"topsecret"})", "capacity.mode twice"},
        {R"("x":{"y":[{"z":1},{"z":1,"z":2}]})", "x.y.z twice"}}) {
    EXPECT_THAT(MessageOf(ParseConfig(with(more), kOss)), AllOf(HasSubstr(key), Not(HasSubstr("topsecret"))))
        << more;
  }
  // One name in two objects is not twice.
  EXPECT_TRUE(
      ParseConfig(with(R"("x":[{"mode":1},{"mode":{"mode":2}}],"capacity":{"mode":"on_demand"})"), kOss)
          .ok());
}

TEST(ConfigTest, AMissingKeyIsToldWithTheUnknownOnes) {
  EXPECT_THAT(MessageOf(Parse({{"secret_access_key", ""}, {"password", R"("topsecret")"}, {"user", "1"}})),
              AllOf(HasSubstr("secret_access_key (DynamoDB Access Key) is missing"),
                    HasSubstr("keys that are not known: password, user."), Not(HasSubstr("topsecret"))));
  EXPECT_THAT(MessageOf(Parse({{"workers", "0"}, {"password", "1"}})), Not(HasSubstr("not known")));
}

TEST(ConfigTest, WhatBelongsIntoAnObjectIsNotTakenBesideIt) {
  EXPECT_THAT(
      MessageOf(Parse({{"role_arn", R"("topsecret")"}})),
      AllOf(HasSubstr("role_arn: did you mean authentication.role_arn?"), Not(HasSubstr("topsecret"))));
  EXPECT_THAT(MessageOf(Parse({{"external_id", "1"}})),
              HasSubstr("did you mean authentication.external_id?"));
  EXPECT_TRUE(Parse({{"mode", "1"}}).ok());  // of any object
}

TEST(ConfigTest, WhatIsGivenInItsPlaceIsRecognised) {
  const std::string right = Json({});
  const std::pair<std::string, const char*> kCases[] = {
      {R"({"streams":[{"stream":{"name":"a"}}]})", "is a catalog. Are --config and --catalog exchanged?"},
      {R"({"type":"CATALOG","catalog":{}})", "is a catalog"},
      {"{\"connectionConfiguration\":" + right + "}", "is wrapped in \"connectionConfiguration\""},
      {"{\"name\":\"x\",\"configuration\":" + right + ",\"workspaceId\":1}",
       "is wrapped in \"configuration\""},
      {"{\"dynamodb\":{\"access_key_id\":\"topsecret\"}}", "is wrapped in \"dynamodb\""},
      {"{\"dynamodb_region\":\"x\",}",
       "not valid JSON (at byte 24): it has a comma before a closing bracket"},
      {"{ // mine\n\"dynamodb_region\":\"x\"}", "it has a comment in line 1"},
      {"{'dynamodb_region':'x'}", "it has single quotes"},
      {"", "it is empty"},
  };
  for (const auto& [text, what] : kCases) {
    EXPECT_THAT(MessageOf(ParseConfig(text, kOss)), AllOf(HasSubstr(what), Not(HasSubstr("topsecret"))))
        << text;
  }
  std::string utf16 = "\xFF\xFE";
  for (const char c : right) utf16 += {c, '\0'};
  EXPECT_THAT(MessageOf(ParseConfig(utf16, kOss)), HasSubstr("it is UTF-16"));
}

}  // namespace
}  // namespace ddb
