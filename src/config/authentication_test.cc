// Who a config says that the destination is: which of the ways, and what is said before any of them is tried.
#include "config/authentication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/config.h"
#include "support/config/config_texts.h"

namespace ddb {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Mode = Authentication::Mode;

const std::string kArn = R"("role_arn":"arn:aws:iam::123456789012:role/loader")";

Result<Config> WithRole(const std::string& more = "", const Deployment& deployment = kOss,
                        bool flat_keys = false) {
  const std::string keys = flat_keys ? R"("AKID")" : "";
  const std::string secret = flat_keys ? R"("hush")" : "";
  return Parse({{"authentication", R"({"mode":"assume_role",)" + kArn + more + "}"},
                {"access_key_id", keys},
                {"secret_access_key", secret}},
               deployment);
}

TEST(Authentication, ConfigsOfBeforeGiveTheirKeys) {
  const auto config = Parse({});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->authentication.mode, Mode::kAccessKey);
  EXPECT_EQ(config->authentication.key.id, "AKID");
}

TEST(Authentication, WithoutKeysTheMachinesAreUsed) {
  for (const char* none : {"", "null", R"("")", R"(" ")"}) {
    const auto config = Parse({{"access_key_id", none}, {"secret_access_key", none}});
    ASSERT_TRUE(config.ok()) << none << MessageOf(config);
    EXPECT_EQ(config->authentication.mode, Mode::kDefaultChain);
  }
  EXPECT_THAT(MessageOf(Parse({{"access_key_id", ""}})),
              HasSubstr("access_key_id (DynamoDB Key Id) is missing"));
  EXPECT_THAT(MessageOf(Parse({{"secret_access_key", ""}})), HasSubstr("secret_access_key"));
}

TEST(Authentication, NotOnCloud) {
  for (const Deployment& cloud : {Deployment{"CLOUD", ""}, Deployment{"", "Cloud"}}) {
    for (const char* authentication : {"", R"({"mode":"default_chain"})"}) {
      EXPECT_THAT(
          MessageOf(Parse(
              {{"access_key_id", ""}, {"secret_access_key", ""}, {"authentication", authentication}}, cloud)),
          AllOf(HasSubstr("on Airbyte Cloud the default chain of credentials"), HasSubstr("IMDS")));
    }
    // Not with keys beside it, either: it would not be they that are used.
    EXPECT_THAT(MessageOf(Parse({{"authentication", R"({"mode":"default_chain"})"}}, cloud)),
                HasSubstr("default chain"));
    EXPECT_TRUE(Parse({}, cloud).ok());
  }
}

TEST(Authentication, KeysInTheObjectComeBeforeThoseBesideIt) {
  const auto config = Parse(
      {{"authentication",
        R"({"mode":"access_key","access_key_id":"ASIA2","secret_access_key":" s ","session_token":"t"})"}});
  ASSERT_TRUE(config.ok()) << MessageOf(config);
  EXPECT_EQ(config->authentication.key.id, "ASIA2");
  EXPECT_EQ(config->authentication.key.secret, "s");
  EXPECT_EQ(config->authentication.key.session_token, "t");
  EXPECT_EQ(Parse({{"authentication", R"({"mode":"access_key"})"}})->authentication.key.id, "AKID");
  EXPECT_THAT(MessageOf(Parse({{"authentication", R"({"mode":"access_key","access_key_id":"ASIA2"})"}})),
              HasSubstr("authentication.secret_access_key is missing"));
  EXPECT_THAT(MessageOf(Parse({{"authentication", R"({"mode":"access_key"})"},
                               {"access_key_id", ""},
                               {"secret_access_key", ""}})),
              HasSubstr("access_key_id (DynamoDB Key Id) is missing"));
  EXPECT_THAT(MessageOf(Parse(
                  {{"authentication",
                    R"({"mode":"access_key","access_key_id":"ASIA2","secret_access_key":"topsecret"})"}})),
              AllOf(HasSubstr("authentication.access_key_id begins with ASIA"), Not(HasSubstr("topsecret"))));
}

TEST(Authentication, KeysOfAnotherWayMayBeAnything) {
  const auto config =
      Parse({{"authentication", R"({"mode":"default_chain","access_key_id":7,"role_arn":[]})"}});
  ASSERT_TRUE(config.ok()) << MessageOf(config);
  EXPECT_EQ(config->unknown_keys.size(), 2u);
  EXPECT_TRUE(Parse({{"authentication", R"({"mode":"access_key","role_arn":{}})"}}).ok());
}

TEST(Authentication, Roles) {
  const auto config = WithRole(R"(,"external_id":"ex","session_name":"me","duration_s":"900")");
  ASSERT_TRUE(config.ok()) << MessageOf(config);
  const Authentication& role = config->authentication;
  EXPECT_EQ(role.mode, Mode::kAssumeRole);
  EXPECT_EQ(role.role_arn, "arn:aws:iam::123456789012:role/loader");
  EXPECT_EQ(role.external_id, "ex");
  EXPECT_EQ(role.session_name, "me");
  EXPECT_EQ(role.duration_s, 900);
  EXPECT_EQ(role.key.id, "");
  EXPECT_EQ(WithRole("", kOss, true)->authentication.key.id, "AKID");
  EXPECT_EQ(
      WithRole(R"(,"access_key_id":"AKIA9","secret_access_key":"x")", kOss, true)->authentication.key.id,
      "AKIA9");
  EXPECT_THAT(MessageOf(Parse({{"authentication", R"({"mode":"assume_role"})"}})),
              HasSubstr("authentication.role_arn is missing"));
  for (const char* bad : {R"("role_arn":"loader")", R"("role_arn":"arn:aws:iam::1:role/x")",
                          R"("role_arn":"arn:aws:iam::123456789012:user/x")"}) {
    EXPECT_THAT(MessageOf(Parse({{"authentication", std::string(R"({"mode":"assume_role",)") + bad + "}"}})),
                HasSubstr("authentication.role_arn (ARN of the role) must be arn:aws:iam::"))
        << bad;
  }
  EXPECT_THAT(MessageOf(WithRole(R"(,"duration_s":899)")), HasSubstr("must be from 900 to 43200"));
  EXPECT_THAT(MessageOf(WithRole(R"(,"external_id":"a b")")), HasSubstr("authentication.external_id"));
}

TEST(Authentication, TheExternalIdThatThePlatformHandsIn) {
  Deployment injected = kOss;
  injected.external_id = "workspace";
  EXPECT_EQ(WithRole("", injected)->authentication.external_id, "workspace");
  EXPECT_EQ(WithRole(R"(,"external_id":"own")", injected)->authentication.external_id, "own");
  EXPECT_EQ(WithRole("", injected, true)->authentication.external_id,
            "");  // it goes with the platform's keys

  Deployment cloud{"CLOUD", ""};
  EXPECT_THAT(MessageOf(WithRole("", cloud)), HasSubstr("AWS_ASSUME_ROLE_EXTERNAL_ID"));
  EXPECT_TRUE(WithRole("", cloud, true).ok());
  cloud.external_id = "workspace";
  ASSERT_TRUE(WithRole("", cloud).ok());
  EXPECT_EQ(WithRole("", cloud)->authentication.external_id, "workspace");
  EXPECT_TRUE(WithRole("", cloud)->authentication.on_cloud);
  EXPECT_TRUE(WithRole(R"(,"external_id":"workspace")", cloud).ok());
  EXPECT_THAT(MessageOf(WithRole(R"(,"external_id":"anothers")", cloud)),
              AllOf(HasSubstr("is not the one of this workspace"), Not(HasSubstr("anothers"))));
}

TEST(Authentication, TheEnvironmentStandsInForAnEmptyAddress) {
  Deployment around = kOss;
  around.endpoint = "http://127.0.0.1:8000";
  around.endpoint_from = "AWS_ENDPOINT_URL";
  around.region = "EU-WEST-1";
  auto config = Parse({{"dynamodb_region", ""}}, around);
  ASSERT_TRUE(config.ok()) << MessageOf(config);
  EXPECT_EQ(config->region, "eu-west-1");
  EXPECT_EQ(config->endpoint, "http://127.0.0.1:8000");
  EXPECT_EQ(config->endpoint_from, "AWS_ENDPOINT_URL");
  config = Parse({{"dynamodb_endpoint", R"("http://x")"}}, around);
  EXPECT_EQ(config->endpoint, "http://x");
  EXPECT_EQ(config->endpoint_from, "dynamodb_endpoint");
  EXPECT_EQ(config->region, "us-east-1");
  around.deployment_mode = "CLOUD";
  EXPECT_EQ(MessageOf(Parse({}, around)), "Server Endpoint requires HTTPS");
}

TEST(Authentication, TruthValues) {
  EXPECT_FALSE(Parse({})->aws.use_fips);
  EXPECT_TRUE(Parse({})->create_tables);
  EXPECT_FALSE(Parse({{"create_tables", "false"}})->create_tables);
  for (const char* yes : {"true", R"("true")", R"(" true ")"})
    EXPECT_TRUE(Parse({{"use_fips", yes}})->aws.use_fips) << yes;
  for (const char* no : {"false", R"("false")", R"("")", "null"})
    EXPECT_FALSE(Parse({{"use_fips", no}})->aws.use_fips) << no;
  EXPECT_THAT(MessageOf(Parse({{"use_fips", "1"}})), HasSubstr("must be true or false, but is a number"));
  EXPECT_THAT(MessageOf(Parse({{"use_fips", R"("yes")"}})), HasSubstr("must be true or false, but is text"));
}

TEST(Authentication, SwitchesOfTheEnvironmentStandBehindTheConfigs) {
  Deployment outside = kOss;
  outside.use_fips = true;
  outside.use_dualstack = false;
  const auto aws = Parse({}, outside);
  EXPECT_TRUE(aws->aws.use_fips && aws->sts.use_fips && !aws->aws.use_dualstack && !aws->sts.use_dualstack);
  const auto own = Parse({{"use_fips", "false"}, {"use_dualstack", "true"}}, outside);
  EXPECT_TRUE(!own->aws.use_fips && !own->sts.use_fips && own->aws.use_dualstack && own->sts.use_dualstack);
  // Of an endpoint that is named the environment says nothing, of STS's it does.
  for (const auto& named : {Parse({{"dynamodb_endpoint", R"("https://x")"}}, outside),
                            Parse({{"dynamodb_region", R"("local")"}}, outside)}) {
    EXPECT_TRUE(!named->aws.use_fips && named->sts.use_fips);
  }
  EXPECT_EQ(ReadSwitch(" TRUE "), true);
  EXPECT_EQ(ReadSwitch("yes"), false);
  EXPECT_EQ(ReadSwitch(" "), std::nullopt);
}

}  // namespace
}  // namespace ddb
