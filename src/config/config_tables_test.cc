#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "config/config.h"
#include "support/config/config_texts.h"

namespace ddb {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(ConfigTest, CapacityOnDemand) {
  const Capacity capacity =
      Parse({{"capacity", R"({"mode":"on_demand","maximum_writes":5,"maximum_reads":6,"warm_writes":4000,)"
                          R"("warm_reads":12000})"}})
          ->capacity;
  EXPECT_TRUE(capacity.on_demand && !capacity.is_default);
  EXPECT_EQ(capacity.max_write_units, 5);
  EXPECT_EQ(capacity.max_read_units, 6);
  EXPECT_EQ(capacity.warm_write_units, 4000);
  EXPECT_EQ(capacity.warm_read_units, 12000);
}

TEST(ConfigTest, NewTables) {
  const NewTables none = Parse({})->new_tables;
  EXPECT_EQ(none.table_class + none.stream_view + none.kms_key + none.ttl_attribute, "");
  EXPECT_TRUE(none.tags.empty() && !none.deletion_protection && !none.point_in_time_recovery);
  // What a form sends that nobody has filled in.
  const NewTables plain =
      Parse({{"new_tables", R"({"table_class":"standard","stream":"none","kms_key":"","ttl_attribute":"",)"
                            R"("tags":" ","deletion_protection":"off","point_in_time_recovery":"off"})"}})
          ->new_tables;
  EXPECT_EQ(plain.table_class + plain.stream_view + plain.kms_key + plain.ttl_attribute, "");
  EXPECT_TRUE(plain.tags.empty() && !plain.deletion_protection && !plain.point_in_time_recovery);
  const NewTables all =
      Parse({{"new_tables", R"({"table_class":"standard_infrequent_access","stream":"new_and_old_images",)"
                            R"("kms_key":"arn:aws:kms:eu-west-1:1:key/a-b","ttl_attribute":"expires_at",)"
                            R"("tags":"team = data,cost=1=2, empty=","deletion_protection":"on",)"
                            R"("point_in_time_recovery":"on"})"}})
          ->new_tables;
  EXPECT_EQ(all.table_class, "STANDARD_INFREQUENT_ACCESS");
  EXPECT_EQ(all.stream_view, "NEW_AND_OLD_IMAGES");
  EXPECT_EQ(all.kms_key, "arn:aws:kms:eu-west-1:1:key/a-b");
  EXPECT_EQ(all.ttl_attribute, "expires_at");
  EXPECT_THAT(all.tags,
              ElementsAre(std::pair("team", "data"), std::pair("cost", "1=2"), std::pair("empty", "")));
  EXPECT_TRUE(all.deletion_protection && all.point_in_time_recovery);
}

TEST(ConfigTest, TagsThatAreNone) {
  const auto refused = [](const std::string& tags) {
    return MessageOf(Parse({{"new_tables", R"({"tags":")" + tags + "\"}"}}));
  };
  EXPECT_THAT(refused("topsecret"),
              AllOf(HasSubstr("not of the form key=value"), Not(HasSubstr("topsecret"))));
  EXPECT_THAT(refused("a=1,,b=2"), HasSubstr("not of the form key=value"));
  EXPECT_THAT(refused("=1"), HasSubstr("not of the form key=value"));
  EXPECT_THAT(refused("a=1,a=2"), HasSubstr("twice"));
  EXPECT_THAT(refused("AWS:a=1"), HasSubstr("begins with aws:"));
  EXPECT_THAT(refused(std::string(129, 'k') + "=1"), HasSubstr("longer than 128"));
  EXPECT_THAT(refused("k=" + std::string(257, 'v')), HasSubstr("longer than"));
  std::string many;
  for (int i = 0; i < 51; ++i) many += (i > 0 ? ",k" : "k") + std::to_string(i) + "=v";
  EXPECT_THAT(refused(many), HasSubstr("more than 50"));
}

TEST(ConfigTest, WriteLimits) {
  EXPECT_EQ(Parse({})->write_limit.units + Parse({})->write_limit.percent, 0);
  EXPECT_EQ(Parse({{"write_limit", R"("500")"}})->write_limit.units, 500);
  EXPECT_EQ(Parse({{"write_limit", R"("25%")"}})->write_limit.percent, 25);
  const auto limits =
      Parse({{"stream_write_limits", R"("users=100, a.b = 100% ,odd=name=7")"}})->write_limits;
  ASSERT_EQ(limits.size(), 3u);
  EXPECT_EQ(limits[0].first, "users");
  EXPECT_EQ(limits[0].second.units, 100);
  EXPECT_EQ(limits[1].first, "a.b");
  EXPECT_EQ(limits[1].second.percent, 100);
  EXPECT_EQ(limits[2].first, "odd=name");
  for (const char* wrong : {"0", "-1", "101%", "10000001", "1.5", "%", "5 %", "topsecret", "1e3"}) {
    const std::string text = std::string("\"") + wrong + "\"";
    const std::string said = MessageOf(Parse({{"write_limit", text}}));
    EXPECT_THAT(said, AllOf(HasSubstr("write_limit"), Not(HasSubstr("topsecret")))) << wrong;
    const std::string of = MessageOf(Parse({{"stream_write_limits", std::string("\"a=") + wrong + "\""}}));
    EXPECT_THAT(of, AllOf(HasSubstr("stream_write_limits"), Not(HasSubstr("topsecret")))) << wrong;
  }
  for (const char* wrong : {R"("a")", R"("=5")", R"("a=5,,b=5")", R"("a=5,a=6")"}) {
    EXPECT_THAT(MessageOf(Parse({{"stream_write_limits", wrong}})), HasSubstr("stream_write_limits"))
        << wrong;
  }
}

}  // namespace
}  // namespace ddb
