#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "support/config/config_texts.h"

namespace ddb {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The schema and the code that sizes a run without `workers` are two places.
TEST(ConfigTest, TheMostWorkersAreTheSchemas) {
  EXPECT_EQ(Parse({{"workers", std::to_string(kMostWorkers)}})->workers, kMostWorkers);
  EXPECT_THAT(MessageOf(Parse({{"workers", std::to_string(kMostWorkers + 1)}})), HasSubstr("workers"));
}

TEST(ConfigTest, Defaults) {
  const auto config = Parse({});
  ASSERT_TRUE(config.ok()) << MessageOf(config);
  EXPECT_EQ(config->endpoint, "");
  EXPECT_EQ(config->region, "us-east-1");
  EXPECT_EQ(config->table_prefix, "p");
  EXPECT_EQ(config->authentication.key.id, "AKID");
  EXPECT_EQ(config->authentication.key.secret, "hush");
  EXPECT_FALSE(config->capacity.on_demand);
  EXPECT_TRUE(config->capacity.is_default);
  EXPECT_EQ(config->capacity.read_units, 10);
  EXPECT_EQ(config->capacity.write_units, 10);
  EXPECT_FALSE(config->workers);
  EXPECT_THAT(config->unknown_keys, IsEmpty());
}

TEST(ConfigTest, StoredConfigsStayValid) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(DDB_TEST_DATA "/configs")) {
    const auto config = LoadConfig(file.path(), kOss);
    EXPECT_TRUE(config.ok()) << file.path() << ": " << MessageOf(config);
    if (config.ok()) {
      EXPECT_THAT(config->unknown_keys, IsEmpty()) << file.path();
    }
    ++files;
  }
  EXPECT_GE(files, 6);
}

TEST(ConfigTest, EveryRegionOfTheJavaConnector) {
  for (const char* region :
       {"af-south-1",     "ap-east-1",    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
        "ap-south-1",     "ap-south-2",   "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
        "ap-southeast-4", "ca-central-1", "ca-west-1",      "cn-north-1",     "cn-northwest-1",
        "eu-central-1",   "eu-central-2", "eu-north-1",     "eu-south-1",     "eu-south-2",
        "eu-west-1",      "eu-west-2",    "eu-west-3",      "il-central-1",   "me-central-1",
        "me-south-1",     "sa-east-1",    "us-east-1",      "us-east-2",      "us-gov-east-1",
        "us-gov-west-1",  "us-west-1",    "us-west-2"}) {
    const auto config = Parse({{"dynamodb_region", "\"" + std::string(region) + "\""}});
    ASSERT_TRUE(config.ok()) << region;
    EXPECT_EQ(config->region, region);
  }
}

struct Accepted {
  const char* key;
  const char* value;
};

TEST(ConfigTest, AcceptedValues) {
  const std::string longest = "\"" + std::string(246, 'x') + "\"";
  const std::string long_url = "\"http://x/" + std::string(2000, 'x') + "\"";
  const Accepted cases[] = {
      {"dynamodb_endpoint", "null"},
      {"dynamodb_endpoint", long_url.c_str()},
      {"dynamodb_endpoint", R"("")"},
      {"dynamodb_endpoint", R"("http://localhost:8000")"},
      {"dynamodb_endpoint", R"("https://x.example/a/b")"},
      {"dynamodb_endpoint", R"("http://[::1]:8000/")"},
      {"dynamodb_table_name_prefix", R"("")"},
      {"dynamodb_table_name_prefix", R"("a.b-c_D9")"},
      {"dynamodb_table_name_prefix", longest.c_str()},
      {"capacity", "null"},
      {"capacity", R"({"mode":"on_demand"})"},
      {"capacity", R"({"mode":"provisioned","read_units":1,"write_units":1000000})"},
      {"capacity", R"({"mode":"provisioned","read_units":null})"},
      {"workers", "null"},
      {"workers", "1"},
      {"workers", "64"},
      {"workers", "2.0"},
      {"workers", R"("2")"},
      {"workers", R"(" 2 ")"},
      {"workers", R"("")"},
      {"on_rejected_record", R"("")"},
      {"on_rejected_record", R"(" skip ")"},
      {"max_memory_mb", "64.0"},
      {"give_up_after_s", "1.2e1"},
      {"capacity", R"({"mode":" on_demand "})"},
      {"capacity", R"({"mode":"provisioned","write_units":"10"})"},
      {"dynamodb_endpoint", R"("HTTPS://x")"},
      {"dynamodb_endpoint", R"(" http://x \n")"},
      {"dead_letter_table", R"("")"},
  };
  for (const Accepted& c : cases) {
    const auto config = Parse({{c.key, c.value}});
    EXPECT_TRUE(config.ok()) << c.key << " " << c.value << ": " << MessageOf(config);
  }
}

struct Refused {
  const char* key;
  const char* value;  // "" takes the key out
  const char* field;
  const char* reason;
};

TEST(ConfigTest, RefusedValues) {
  const std::string too_long = "\"" + std::string(247, 'x') + "\"";
  const std::string huge = "\"" + std::string(300000, 'x') + "\"";
  const Refused cases[] = {
      {"access_key_id", "", "access_key_id (DynamoDB Key Id)", "is missing"},
      {"access_key_id", "null", "access_key_id", "is missing"},
      {"access_key_id", "17", "access_key_id", "must be text, but is a number"},
      {"access_key_id", "[]", "access_key_id", "must be text, but is a list"},
      {"access_key_id", "{}", "access_key_id", "must be text, but is an object"},
      {"access_key_id", "true", "access_key_id", "must be text, but is true or false"},
      {"access_key_id", R"("")", "access_key_id", "is empty"},
      {"access_key_id", R"(" \t\r\n")", "access_key_id", "is empty"},
      {"access_key_id", R"("a b")", "access_key_id", "a character that no access key id has"},
      {"access_key_id", R"("a\r\nX-Evil: b")", "access_key_id", "a character that no access key id has"},
      {"access_key_id", R"("ab/cd")", "access_key_id", "is the secret in its place"},
      {"access_key_id", R"("a\u00e9")", "access_key_id", "a character that no access key id has"},
      {"access_key_id", huge.c_str(), "access_key_id", "is longer than 2048 bytes"},
      {"secret_access_key", "", "secret_access_key (DynamoDB Access Key)", "is missing"},
      {"secret_access_key", R"("  ")", "secret_access_key", "is empty"},
      {"dynamodb_table_name_prefix", "", "dynamodb_table_name_prefix (Table name prefix)", "is missing"},
      {"dynamodb_table_name_prefix", R"("a b")", "dynamodb_table_name_prefix", "at most 246 characters"},
      {"dynamodb_table_name_prefix", R"("a/b")", "dynamodb_table_name_prefix", "'_', '.' or '-'"},
      {"dynamodb_table_name_prefix", R"("a\nb")", "dynamodb_table_name_prefix", "'_', '.' or '-'"},
      {"dynamodb_table_name_prefix", R"("arn:aws:dynamodb:us-east-1:111122223333:table/p")",
       "dynamodb_table_name_prefix (Table name prefix)", "ARNs are not supported"},
      {"dynamodb_table_name_prefix", R"(" ARN:aws-cn:dynamodb:x")", "dynamodb_table_name_prefix",
       "ARNs are not supported"},
      {"dead_letter_table", R"("arn:aws:dynamodb:us-east-1:111122223333:table/p")", "dead_letter_table",
       "ARNs are not supported"},
      {"access_key_id", R"("ASIAIOSFODNN7EXAMPLE")", "access_key_id",
       "only together with their session token"},
      {"access_key_id", R"(" ASIA1\n")", "access_key_id", "Give the token as session_token"},
      {"session_token", R"("a b")", "session_token (Session token)", "a character that no session token has"},
      {"session_token", R"("a\r\nX-Evil: b")", "session_token", "such as a line break"},
      {"session_token", huge.c_str(), "session_token", "is longer than 262144 bytes"},
      {"session_token", "7", "session_token", "must be text"},
      {"dynamodb_table_name_prefix", R"("\u00e9")", "dynamodb_table_name_prefix", "'_', '.' or '-'"},
      {"dynamodb_table_name_prefix", too_long.c_str(), "dynamodb_table_name_prefix",
       "at most 246 characters"},
      {"dynamodb_region", "", "dynamodb_region (DynamoDB Region)", "is empty, which only works"},
      {"dynamodb_region", R"("")", "dynamodb_region",
       "is empty, which only works with a dynamodb_endpoint or where the environment has AWS_REGION"},
      {"dynamodb_region", R"("us_east_1")", "dynamodb_region", "the code of a region, such as us-east-1"},
      {"dynamodb_region", R"("us-east-1.evil.com")", "dynamodb_region", "the code of a region"},
      {"dynamodb_region", huge.c_str(), "dynamodb_region", "is longer than 2048 bytes"},
      {"dynamodb_endpoint", "5", "dynamodb_endpoint (Endpoint)", "must be text"},
      {"dynamodb_endpoint", R"(" ")", "dynamodb_endpoint", "must be http:// or https://"},
      {"dynamodb_endpoint", R"("localhost:8000")", "dynamodb_endpoint", "must be http:// or https://"},
      {"dynamodb_endpoint", R"("\u00a0")", "dynamodb_endpoint", "must be http:// or https://"},
      {"dynamodb_endpoint", R"("ftp://x")", "dynamodb_endpoint", "must be http:// or https://"},
      {"dynamodb_endpoint", R"("http://u:p@x")", "dynamodb_endpoint", "must be http:// or https://"},
      {"dynamodb_endpoint", R"("http://x?y")", "dynamodb_endpoint", "must be http:// or https://"},
      {"dynamodb_endpoint", R"("http://x\ny")", "dynamodb_endpoint", "must be http:// or https://"},
      {"dynamodb_endpoint", huge.c_str(), "dynamodb_endpoint", "is longer than 2048 bytes"},
      {"capacity", "[]", "capacity (Capacity of new tables)", "must be an object, but is a list"},
      {"capacity", R"("on_demand")", "capacity", "must be an object, but is text"},
      {"capacity", "{}", "capacity.mode (Mode)", R"(is missing; it must be "provisioned" or "on_demand")"},
      {"capacity", R"({"mode":null})", "capacity.mode", "is missing"},
      {"capacity", R"({"mode":"On demand"})", "capacity.mode", R"(must be "provisioned" or "on_demand")"},
      {"capacity", R"({"mode":1})", "capacity.mode", R"(must be "provisioned" or "on_demand")"},
      {"capacity", R"({"mode":"provisioned","read_units":0})", "capacity.read_units (Read units)",
       "must be from 1 to 1000000"},
      {"capacity", R"({"mode":"provisioned","write_units":1000001})", "capacity.write_units",
       "must be from 1 to 1000000"},
      {"capacity", R"({"mode":"provisioned","write_units":"ten"})", "capacity.write_units",
       "must be a whole number, but is text"},
      {"workers", "0", "workers (Workers)", "must be from 1 to 64"},
      {"on_rejected_record", R"("drop")", "on_rejected_record", "must be \"fail\" or \"skip\""},
      {"on_rejected_record", "1", "on_rejected_record", "must be text"},
      {"dead_letter_table", R"("ab")", "dead_letter_table", "must be empty, or a table name"},
      {"dead_letter_table", R"("a b c")", "dead_letter_table", "must be empty, or a table name"},
      {"max_memory_mb", "15", "max_memory_mb", "must be from 16 to 1048576"},
      {"give_up_after_s", "9", "give_up_after_s", "must be from 10 to 86400"},
      {"workers", "-1", "workers", "must be from 1 to 64"},
      {"workers", "65", "workers", "must be from 1 to 64"},
      {"workers", "18446744073709551615", "workers", "must be from 1 to 64"},
      {"workers", "1.5", "workers", "must be a whole number, but is a number with a fraction"},
      {"workers", "1e300", "workers", "must be a whole number"},
      {"workers", R"("two")", "workers", "must be a whole number, but is text"},
      {"workers", R"("2.5")", "workers", "must be a whole number, but is text"},
      {"workers", R"("65")", "workers", "must be from 1 to 64"},
      {"workers", R"("99999999999999999999")", "workers", "must be a whole number, but is text"},
      {"workers", "true", "workers", "must be a whole number, but is true or false"},
  };
  for (const Refused& c : cases) {
    const std::string message = MessageOf(Parse({{c.key, c.value}}));
    EXPECT_THAT(message, AllOf(testing::StartsWith(c.field), HasSubstr(c.reason),
                               HasSubstr("Set it in the destination's settings.")))
        << c.key << " " << std::string_view(c.value).substr(0, 80);
    EXPECT_THAT(message, AllOf(Not(HasSubstr("xxxx")), Not(HasSubstr("Evil")), Not(HasSubstr("evil"))));
  }
}

TEST(ConfigTest, WithAnEndpointAnyPlainRegion) {
  for (const char* region : {R"("")", R"("local")", R"("Moon-7")", R"("us-east-1")"}) {
    EXPECT_TRUE(
        Parse({{"dynamodb_endpoint", R"("http://localhost:8000")"}, {"dynamodb_region", region}}).ok());
  }
}

TEST(ConfigTest, OldKeyIsAnsweredWithItsNewName) {
  const auto config = Parse({{"dynamodb_table_name_prefix", ""}, {"dynamodb_table_name", R"("topsecret")"}});
  EXPECT_THAT(MessageOf(config),
              AllOf(HasSubstr("Rename the key to dynamodb_table_name_prefix"), Not(HasSubstr("topsecret"))));
  EXPECT_THAT(Parse({{"dynamodb_table_name", R"("x")"}})->unknown_keys, ElementsAre("dynamodb_table_name"));
}

TEST(ConfigTest, CredentialsAreTrimmedAsTheJavaClientDid) {
  const auto config = Parse({{"access_key_id", R"(" AKID\n")"}, {"secret_access_key", R"("\t hu sh/+= ")"}});
  ASSERT_TRUE(config.ok()) << MessageOf(config);
  EXPECT_EQ(config->authentication.key.id, "AKID");
  EXPECT_EQ(config->authentication.key.secret, "hu sh/+=");
}

TEST(ConfigTest, TemporaryKeysAndTheirToken) {
  const std::string long_token(16384, 't');
  const auto config =
      Parse({{"access_key_id", R"("ASIA1")"}, {"session_token", "\" " + long_token + "\\n\""}});
  ASSERT_TRUE(config.ok()) << MessageOf(config);
  EXPECT_EQ(config->authentication.key.session_token, long_token);
  EXPECT_EQ(Parse({{"session_token", R"(" ")"}})->authentication.key.session_token, "");
  // Another engine's keys are called as it likes.
  EXPECT_EQ(Parse({{"session_token", R"("t")"}})->authentication.key.session_token, "t");
  EXPECT_THAT(MessageOf(Parse({{"access_key_id", R"("AKIA1")"}, {"session_token", R"("topsecret")"}})),
              AllOf(HasSubstr("does not belong to access_key_id"), Not(HasSubstr("topsecret"))));
  EXPECT_THAT(MessageOf(Parse({{"access_key_id", R"("ASIA1")"}, {"session_token", R"(" ")"}})),
              HasSubstr("begins with ASIA"));
}

TEST(ConfigTest, Capacity) {
  auto capacity = Parse({{"capacity", R"({"mode":"on_demand"})"}})->capacity;
  EXPECT_TRUE(capacity.on_demand);
  EXPECT_FALSE(capacity.is_default);
  capacity = Parse({{"capacity", R"({"mode":"provisioned","write_units":500})"}})->capacity;
  EXPECT_FALSE(capacity.on_demand);
  EXPECT_FALSE(capacity.is_default);
  EXPECT_EQ(capacity.read_units, 10);
  EXPECT_EQ(capacity.write_units, 500);
  capacity = Parse({{"capacity", R"({"mode":"provisioned","read_units":7.0})"}})->capacity;
  EXPECT_EQ(capacity.read_units, 7);
  EXPECT_EQ(capacity.write_units, 10);
  EXPECT_FALSE(capacity.is_default);
  EXPECT_TRUE(Parse({{"capacity", R"({"mode":"provisioned"})"}})->capacity.is_default);
  EXPECT_EQ(Parse({{"workers", "3"}})->workers, 3);
  EXPECT_FALSE(Parse({})->skip_rejected);
  EXPECT_TRUE(Parse({{"on_rejected_record", R"("skip")"}})->skip_rejected);
  EXPECT_EQ(Parse({{"dead_letter_table", R"("letters")"}})->dead_letter_table, "letters");
  EXPECT_FALSE(Parse({})->max_memory_mb);
  EXPECT_EQ(Parse({{"max_memory_mb", "64"}})->max_memory_mb, 64u);
  EXPECT_EQ(Parse({})->give_up_after_s, 600);
  EXPECT_EQ(Parse({{"give_up_after_s", "30"}})->give_up_after_s, 30);
}

TEST(ConfigTest, UnknownKeys) {
  EXPECT_THAT(Parse({{"foo", "1"}, {"bar", "null"}})->unknown_keys, ElementsAre("bar", "foo"));
  EXPECT_THAT(Parse({{"capacity", R"({"mode":"on_demand","foo":{"x":1},"read_units":1})"}})->unknown_keys,
              ElementsAre("capacity.foo", "capacity.read_units"));
  EXPECT_THAT(Parse({{"capacity", R"({"mode":"provisioned","read_units":1})"}})->unknown_keys, IsEmpty());
  std::map<std::string, std::string> many;
  for (int i = 0; i < 1000; ++i) many["k" + std::to_string(i)] = "1";
  EXPECT_EQ(Parse(many)->unknown_keys.size(), 20u);
  // Cut between characters: 'a' and 49 times two bytes are 99.
  std::string key = "a";
  for (int i = 0; i < 200; ++i) key += "\xc3\xa9";
  EXPECT_EQ(Parse({{key, "1"}})->unknown_keys.front(), key.substr(0, 99) + "...");
}

struct StrictCase {
  const char* mode;
  const char* edition;
  const char* endpoint;
  bool refused;
};

TEST(ConfigTest, CloudRequiresHttps) {
  const StrictCase cases[] = {
      {"CLOUD", "", R"("http://testurl.com:9000")", true},
      {"CLOUD", "", R"("HTTPS://x")", false},
      {"CLOUD", "", R"(" HTTP://x")", true},
      {"CLOUD", "", R"("localhost:8000")", true},
      {"CLOUD", "", R"(" ")", true},
      {"CLOUD", "", R"("")", false},
      {"CLOUD", "", "null", false},
      {"CLOUD", "", "", false},
      {"CLOUD", "", R"("https://x")", false},
      {"", "cloud", R"("http://x")", true},
      {"", "CLOUD", R"("http://x")", true},
      {"OSS", "Cloud", R"("http://x")", true},
      {"", "cloud", R"("https://x")", false},
      {"cloud", "", R"("http://x")", false},
      {"Cloud", "", R"("http://x")", false},
      {"OSS", "", R"("http://x")", false},
      {"", "", R"("http://x")", false},
      {"", "clouds", R"("http://x")", false},
      {"CLOUD ", "", R"("http://x")", false},
  };
  for (const StrictCase& c : cases) {
    const auto config = Parse({{"dynamodb_endpoint", c.endpoint}}, {c.mode, c.edition});
    EXPECT_EQ(MessageOf(config), c.refused ? "Server Endpoint requires HTTPS" : "(accepted)")
        << c.mode << "|" << c.edition << "|" << c.endpoint;
  }
  // The region whose own endpoint is plain HTTP.
  EXPECT_EQ(MessageOf(Parse({{"dynamodb_region", R"("local")"}}, {"CLOUD", ""})),
            "Server Endpoint requires HTTPS");
  // Nothing else that is wrong comes first.
  EXPECT_EQ(MessageOf(ParseConfig(R"({"dynamodb_endpoint":"http://x"})", {"CLOUD", ""})),
            "Server Endpoint requires HTTPS");
}

TEST(ConfigTest, DeploymentComesFromTheEnvironment) {
  unsetenv("DEPLOYMENT_MODE");
  setenv("AIRBYTE_EDITION", "Cloud", 1);
  const Deployment deployment = DeploymentFromEnvironment();
  unsetenv("AIRBYTE_EDITION");
  EXPECT_EQ(deployment.deployment_mode, "");
  EXPECT_EQ(deployment.airbyte_edition, "Cloud");
}

TEST(ConfigTest, NotAnObject) {
  EXPECT_THAT(MessageOf(ParseConfig("", kOss)), HasSubstr("not valid JSON"));
  EXPECT_THAT(MessageOf(ParseConfig(R"({"access_key_id":"topsecret)", kOss)),
              AllOf(HasSubstr("not valid JSON (at byte 28)"), Not(HasSubstr("topsecret"))));
  EXPECT_THAT(MessageOf(ParseConfig(Json({}) + "x", kOss)), HasSubstr("not valid JSON"));
  EXPECT_THAT(MessageOf(ParseConfig("{\"a\":\"\xff\"}", kOss)), HasSubstr("not valid JSON"));
  EXPECT_THAT(MessageOf(ParseConfig("{\"a\":1e999}", kOss)), HasSubstr("out of range"));
  EXPECT_THAT(MessageOf(ParseConfig(std::string_view("{\0}", 3), kOss)), HasSubstr("not valid JSON"));
  EXPECT_THAT(MessageOf(ParseConfig("[]", kOss)), HasSubstr("must be a JSON object, but is a list"));
  EXPECT_THAT(MessageOf(ParseConfig("null", kOss)), HasSubstr("must be a JSON object, but is null"));
  EXPECT_THAT(MessageOf(ParseConfig(R"("topsecret")", kOss)),
              AllOf(HasSubstr("must be a JSON object, but is text"), Not(HasSubstr("topsecret"))));
  EXPECT_TRUE(ParseConfig("\xEF\xBB\xBF" + Json({}), kOss).ok());  // a byte order mark
}

TEST(ConfigTest, DeepNestingIsHarmless) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  EXPECT_TRUE(Parse({{"foo", deep}}).ok());
  EXPECT_FALSE(Parse({{"capacity", deep}}).ok());
  EXPECT_FALSE(ParseConfig(std::string(1 << 19, '['), kOss).ok());
}

class ConfigFileTest : public testing::Test {
 protected:
  ConfigFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ddb_config_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ConfigFileTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(ConfigFileTest, Unreadable) {
  const std::string missing = folder_ + "/none.json";
  EXPECT_THAT(MessageOf(LoadConfig(missing, kOss)),
              AllOf(HasSubstr(missing), HasSubstr("No such file"), HasSubstr("--config")));
  EXPECT_THAT(MessageOf(LoadConfig(folder_, kOss)), HasSubstr("Is a directory"));
  EXPECT_THAT(MessageOf(LoadConfig("", kOss)), HasSubstr("cannot be read"));
  std::ofstream(folder_ + "/big.json") << "{}" << std::string(1 << 20, ' ');
  EXPECT_THAT(MessageOf(LoadConfig(folder_ + "/big.json", kOss)), HasSubstr("larger than 1 MiB"));
  std::ofstream(folder_ + "/empty.json");
  EXPECT_THAT(MessageOf(LoadConfig(folder_ + "/empty.json", kOss)), HasSubstr("not valid JSON"));
}

TEST_F(ConfigFileTest, APipeWillDo) {
  const std::string pipe = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << Json({}); });
  EXPECT_TRUE(LoadConfig(pipe, kOss).ok());
  writer.join();
}

}  // namespace
}  // namespace ddb
