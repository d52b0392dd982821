// Which place is asked first, and what is said where none gives anything.
#include "credentials/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ddb {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kGiven = R"({"AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"t"})";

// Gives what is set for a host, else nothing.
class FakeWeb final : public Web {
 public:
  WebReply Send(const Endpoint& endpoint, const WebRequest& request) override {
    asked.push_back(std::string(request.method) + " " + endpoint.Url() + " " + request.path);
    bodies.push_back(request.body);
    const auto found = replies.find(endpoint.host);
    if (found != replies.end()) return found->second;
    return {TransportError::kConnectTimeout, 0, ""};
  }
  std::map<std::string, WebReply> replies;
  std::vector<std::string> asked;
  std::vector<std::string> bodies;
};

class FakeCommands final : public Commands {
 public:
  CommandEnd Run(const std::vector<std::string>& words) override {
    run.push_back(words);
    return end;
  }
  CommandEnd end;
  std::vector<std::vector<std::string>> run;
};

class Chain : public testing::Test {
 protected:
  Chain() { variables_["AWS_EC2_METADATA_DISABLED"] = "true"; }
  Result<Fetched> Fetch() { return FetchFromChain(around_); }
  std::string ErrorOf(const Result<Fetched>& fetched) {
    return fetched.ok() ? "(given)" : fetched.error().message;
  }

  std::map<std::string, std::string> variables_;
  FakeWeb web_;
  RealClock clock_;
  FakeCommands commands_;
  const Surroundings around_{[this](const char* name) { return variables_[name]; }, web_, commands_, clock_,
                             "eu-west-1"};
};

// With a config file.
class ProfileChain : public Chain {
 protected:
  ProfileChain() : file_(testing::TempDir() + "/profiles-" + std::to_string(getpid())) {
    variables_["AWS_CONFIG_FILE"] = file_;
  }
  ~ProfileChain() override { std::filesystem::remove(file_); }
  void Write(const std::string& text) { std::ofstream(file_) << text; }

 private:
  const std::string file_;
};

TEST_F(ProfileChain, AProcessThatGivesNothing) {
  Write("[default]\ncredential_process = /opt/get keys # 'all of them'\n");
  struct Case {
    CommandEnd end;
    const char* said;
    FailureType type;
  };
  using How = CommandEnd::How;
  for (const Case& c :
       {Case{{How::kNotStarted, 0, ""}, "cannot be run", FailureType::kConfig},
        Case{{How::kTooSlow, 137, "hidden"}, "still running after 20 s", FailureType::kTransient},
        Case{{How::kTooLong, 0, "hidden"}, "more than credentials can be", FailureType::kConfig},
        Case{{How::kCancelled, 0, ""}, "was stopped", FailureType::kTransient},
        Case{{How::kExited, 3, "hidden"}, "ends with exit code 3", FailureType::kTransient},
        Case{{How::kExited, 127, "hidden"}, "ends with exit code 127", FailureType::kConfig},
        Case{{How::kExited, 0, "hidden"}, "does not write credentials", FailureType::kConfig},
        Case{{How::kExited, 0,
              R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"hidden\n","SessionToken":"\n"})"},
             "a character that it cannot have",
             FailureType::kConfig}}) {
    commands_.end = c.end;
    const auto fetched = Fetch();
    ASSERT_FALSE(fetched.ok()) << c.said;
    EXPECT_EQ(fetched.error().type, c.type) << c.said;
    EXPECT_THAT(ErrorOf(fetched), AllOf(HasSubstr("credential_process of profile default"), HasSubstr(c.said),
                                        Not(HasSubstr("hidden")), Not(HasSubstr("/opt/get"))));
  }
  commands_.end = {How::kExited, 0, R"({"Version":1,"AccessKeyId":"ASIA9","SecretAccessKey":"s"})"};
  EXPECT_EQ(Fetch()->credentials.access_key_id, "ASIA9");
  EXPECT_THAT(commands_.run.back(), ElementsAre("/opt/get", "keys", "#", "all of them"));
}

TEST_F(Chain, NothingAnywhereNamesEveryPlace) {
  const auto fetched = Fetch();
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().type, FailureType::kConfig);
  EXPECT_THAT(ErrorOf(fetched),
              AllOf(HasSubstr("AWS_ACCESS_KEY_ID is not set"), HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE"),
                    HasSubstr("AWS_CONTAINER_CREDENTIALS_FULL_URI"), HasSubstr("AWS_EC2_METADATA_DISABLED")));
  EXPECT_TRUE(web_.asked.empty());
}

TEST_F(Chain, TheEnvironmentIsFirst) {
  variables_["AWS_ACCESS_KEY_ID"] = " AKIA1 ";
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1/creds";
  EXPECT_THAT(ErrorOf(Fetch()), HasSubstr("not AWS_SECRET_ACCESS_KEY"));
  variables_["AWS_SECRET_ACCESS_KEY"] = "s";
  variables_["AWS_SESSION_TOKEN"] = "t";
  const auto fetched = Fetch();
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched.value().credentials.access_key_id, "AKIA1");
  EXPECT_EQ(fetched.value().credentials.session_token, "t");
  EXPECT_TRUE(web_.asked.empty());
  variables_["AWS_ACCESS_KEY_ID"] = "AKIA\r\n1";
  EXPECT_THAT(ErrorOf(Fetch()),
              AllOf(HasSubstr("The environment gives no credentials"), Not(HasSubstr("AKIA"))));
}

TEST_F(Chain, TheContainerComesBeforeTheInstance) {
  variables_["AWS_EC2_METADATA_DISABLED"] = "";
  variables_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/1";
  web_.replies["169.254.170.2"] = {TransportError::kNone, 200, kGiven};
  EXPECT_EQ(Fetch().value().credentials.access_key_id, "ASIA1");
  EXPECT_THAT(web_.asked, ElementsAre("GET http://169.254.170.2/ /v2/credentials/1"));
  // It is set up, so that its refusal is not gone past.
  web_.replies["169.254.170.2"] = {TransportError::kNone, 404, "secret"};
  EXPECT_THAT(ErrorOf(Fetch()), AllOf(HasSubstr("HTTP 404"), Not(HasSubstr("secret"))));
}

TEST_F(Chain, WhatMayPassIsTransient) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "https://creds.example/x?y=z";
  for (const auto& [status, type] : {std::pair{500, FailureType::kTransient},
                                     {429, FailureType::kTransient},
                                     {403, FailureType::kConfig}}) {
    web_.replies["creds.example"] = {TransportError::kNone, status, ""};
    EXPECT_EQ(Fetch().error().type, type) << status;
  }
  EXPECT_EQ(web_.asked[0], "GET https://creds.example/ /x?y=z");
  web_.replies["creds.example"] = {TransportError::kNone, 200, "{}"};
  EXPECT_EQ(Fetch().error().type, FailureType::kTransient);
  for (const char* bad :
       {"creds", "ftp://x", "http://", "https://x/a b", "http://169.254.169.254.example/x"}) {
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = bad;
    EXPECT_EQ(Fetch().error().type, FailureType::kConfig) << bad;
  }
}

TEST_F(Chain, TheInstanceIsAskedForATokenFirst) {
  variables_["AWS_EC2_METADATA_DISABLED"] = "";
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "IPv6";
  EXPECT_THAT(ErrorOf(Fetch()), HasSubstr("hop limit"));
  EXPECT_THAT(web_.asked, ElementsAre("PUT http://[fd00:ec2::254]/ /latest/api/token",
                                      "PUT http://[fd00:ec2::254]/ /latest/api/token"));
}

TEST_F(Chain, RolesAreAssumedInTheRegionOfTheTables) {
  RolePlan plan;
  plan.role = {"arn:aws:iam::123456789012:role/x", "an id", "me", 900};
  plan.keys = Credentials{"AKIA1", "s", ""};
  web_.replies["sts.eu-west-1.amazonaws.com"] = {
      TransportError::kNone, 200,
      "<Credentials><AccessKeyId>ASIA2</AccessKeyId><SecretAccessKey>s</SecretAccessKey></Credentials>"};
  const auto fetched = FetchRole(around_, plan);
  ASSERT_TRUE(fetched.ok()) << ErrorOf(fetched);
  EXPECT_EQ(fetched.value().credentials.access_key_id, "ASIA2");
  EXPECT_EQ(web_.bodies[0],
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx&"
            "RoleSessionName=me"
            "&DurationSeconds=900&ExternalId=an%20id");
  // What the platform hands in, and on the cloud nothing else.
  plan.keys.reset();
  plan.only_environment = true;
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1/creds";
  EXPECT_THAT(ErrorOf(FetchRole(around_, plan)), HasSubstr("AWS_ACCESS_KEY_ID is not set"));
  EXPECT_EQ(web_.asked.size(), 1u);
}

constexpr const char* kRole = "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\n";

TEST_F(ProfileChain, ARolesSettingsAreSent) {
  web_.replies["sts.eu-west-1.amazonaws.com"] = {
      TransportError::kNone, 200,
      "<Credentials><AccessKeyId>ASIA2</AccessKeyId><SecretAccessKey>s</SecretAccessKey></Credentials>"};
  Write(std::string(kRole) +
        "source_profile = keys\nexternal_id = an id\nrole_session_name = me\nduration_seconds = 900\n"
        "[profile keys]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n");
  const auto fetched = Fetch();
  ASSERT_TRUE(fetched.ok()) << ErrorOf(fetched);
  EXPECT_EQ(fetched->credentials.access_key_id, "ASIA2");
  ASSERT_EQ(web_.bodies.size(), 1u);
  for (const char* part : {"RoleSessionName=me", "DurationSeconds=900", "ExternalId=an%20id"})
    EXPECT_THAT(web_.bodies[0], HasSubstr(part));
}

TEST_F(ProfileChain, ARoleThatNobodyCanAssume) {
  for (const auto& [rest, said] : std::vector<std::pair<std::string, const char*>>{
           {"", "source_profile and credential_source"},
           {"source_profile = keys\ncredential_source = Environment\n",
            "source_profile and credential_source"},
           {"source_profile = nobody\n", "no profile of that name"},
           {"source_profile = default\n", "without an end"},
           {"source_profile = b\n[profile b]\nrole_arn = b\nsource_profile = default\n", "without an end"},
           {"credential_source = Everywhere\n", "none of Environment, EcsContainer and Ec2InstanceMetadata"},
           {"credential_source = Environment\n", "AWS_ACCESS_KEY_ID is not set"},
           {"credential_source = Environment\nmfa_serial = arn:aws:iam::1:mfa/me\n", "one-time password"}}) {
    Write(kRole + rest);
    const auto fetched = Fetch();
    ASSERT_FALSE(fetched.ok()) << rest;
    EXPECT_THAT(ErrorOf(fetched), HasSubstr(said)) << rest;
    EXPECT_EQ(fetched.error().type, FailureType::kConfig) << rest;
  }
  EXPECT_TRUE(web_.asked.empty());
}

// It goes into a header.
TEST_F(Chain, AContainersTokenIsOneLine) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1/creds";
  web_.replies["127.0.0.1"] = {TransportError::kNone, 200, kGiven};
  for (const char* token : {"hidden\r\nX-More: 1", "hidden\n",
                            "hid\x7F"
                            "den",
                            "\thidden"}) {
    variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token;
    EXPECT_THAT(ErrorOf(Fetch()), AllOf(HasSubstr("line break"), Not(HasSubstr("hidden"))));
  }
  EXPECT_TRUE(web_.asked.empty());
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic x/+=";
  EXPECT_TRUE(Fetch().ok());
}

}  // namespace
}  // namespace ddb
