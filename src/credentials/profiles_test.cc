#include "credentials/profiles.h"

#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

TEST(Profiles, FilesAsAwsWritesThem) {
  const Profiles profiles = Profiles::Parse(
      "# a comment\n[default]\nregion = x\naws_access_key_id = FROM_CONFIG\n\n[profile  with space "
      "]\nRole_Arn=arn # why\n"
      "s3 =\n  max = 1\n[profile \"quoted\"]\na=b=c\n[other]\na=no\n[sso-session corp]\nsso_region = r\n",
      "[default]\r\naws_access_key_id=FROM_CREDENTIALS\r\n[plain]\r\n aws_secret_access_key = indented\n");
  EXPECT_EQ(profiles.Get("default", "aws_access_key_id"), "FROM_CREDENTIALS");
  EXPECT_EQ(profiles.Config("default")->at("aws_access_key_id"), "FROM_CONFIG");
  EXPECT_EQ(profiles.Get("default", "region"), "x");
  EXPECT_EQ(profiles.Get("with space", "role_arn"), "arn");
  EXPECT_EQ(profiles.Get("with space", "max"), "");
  EXPECT_EQ(profiles.Get("quoted", "a"), "b=c");
  EXPECT_FALSE(profiles.Has("other"));  // a profile's section says so
  EXPECT_TRUE(profiles.Has("plain"));
  EXPECT_EQ(profiles.SsoSession("corp")->at("sso_region"), "r");
  EXPECT_EQ(profiles.SsoSession("none"), nullptr);
  EXPECT_FALSE(Profiles::Parse("", "").Has("default"));
  EXPECT_FALSE(Profiles::Parse("[", "[profile\nx=y\n=\n").Has("profile"));
}

TEST(Profiles, WhichOne) {
  std::string first, second;
  const Variables variable = [&](const char* name) {
    const std::string_view view = name;
    return view == "AWS_PROFILE" ? first : view == "AWS_DEFAULT_PROFILE" ? second : std::string();
  };
  bool named = false;
  EXPECT_EQ(Profiles::Chosen(variable, &named), "default");
  EXPECT_FALSE(named);
  first = "a";
  EXPECT_EQ(Profiles::Chosen(variable, &named), "a");
  EXPECT_TRUE(named);
}

}  // namespace
}  // namespace ddb
