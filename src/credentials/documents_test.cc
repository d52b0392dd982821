#include "credentials/documents.h"

#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

TEST(CredentialDocuments, OfServices) {
  const auto read = ReadServiceCredentials(
      R"({"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"t","Expiration":"2030-01-01T00:00:00Z"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->access_key_id, "ASIA1");
  EXPECT_EQ(read->secret_access_key, "s");
  EXPECT_EQ(read->session_token, "t");
  EXPECT_EQ(read->expires_ms, 1893456000000);
  EXPECT_EQ(ReadServiceCredentials(R"({"AccessKeyId":"A","SecretAccessKey":"s"})")->expires_ms, 0);
  for (const char* bad :
       {"", "[]", "null", "{}", "<html>", R"({"AccessKeyId":"A"})",
        R"({"AccessKeyId":1,"SecretAccessKey":"s"})", R"({"AccessKeyId":"A","SecretAccessKey":""})"}) {
    EXPECT_FALSE(ReadServiceCredentials(bad)) << bad;
  }
}

TEST(CredentialDocuments, OfIdentityCenter) {
  const auto read = ReadRoleCredentials(
      R"({"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":1893456000000}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->session_token, "t");
  EXPECT_EQ(read->expires_ms, 1893456000000);
  EXPECT_FALSE(ReadRoleCredentials(R"({"accessKeyId":"A","secretAccessKey":"s"})"));
  EXPECT_EQ(ReadSsoToken(R"({"accessToken":"x","expiresAt":"2030-01-01T00:00:00UTC"})")->expires_ms,
            1893456000000);
  EXPECT_FALSE(ReadSsoToken(R"({"expiresAt":"2030-01-01T00:00:00Z"})"));
}

TEST(CredentialDocuments, OfSts) {
  const auto read = ReadStsCredentials(
      "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>x</Arn></AssumedRoleUser><Credentials>\n"
      "<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s/&#43;&#61;</SecretAccessKey>"
      "<SessionToken> t&amp;lt; "
      "</SessionToken><Expiration>2030-01-01T01:00:00.123+01:00</Expiration></Credentials></x>");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->secret_access_key, "s/+=");
  EXPECT_EQ(read->session_token, "t&lt;");
  EXPECT_EQ(read->expires_ms, 1893456000000);
  for (const char* bad : {"", "<Credentials>", "<Credentials></Credentials>",
                          "<Credentials><AccessKeyId>A</AccessKeyId></Credentials>",
                          "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"}) {
    EXPECT_FALSE(ReadStsCredentials(bad)) << bad;
  }
}

TEST(CredentialDocuments, ALoginThatIsRenewed) {
  const auto old = ReadSsoToken(
      R"({"accessToken":"a","expiresAt":"2030-01-01T00:00:00Z","refreshToken":"r\"","clientId":"i",)"
      R"("clientSecret":"c","registrationExpiresAt":"2031-01-01T00:00:00Z","other":1})");
  ASSERT_TRUE(old);
  EXPECT_EQ(WriteTokenRequest(*old),
            R"({"clientId": "i", "clientSecret": "c", "grantType": "refresh_token", "refreshToken": "r\""})");
  const auto renewed =
      ReadNewToken(R"({"accessToken":"b","expiresIn":3600,"refreshToken":"q"})", *old, 1893456000000);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(
      WriteSsoToken(*renewed, "https://x/start", "eu-west-1"),
      R"({"startUrl": "https://x/start", "region": "eu-west-1", "accessToken": "b", "expiresAt": "2030-01-01T01:00:00Z", )"
      R"("clientId": "i", "clientSecret": "c", "registrationExpiresAt": "2031-01-01T00:00:00Z", "refreshToken": "q"})");
  // A service that gives no other one means that there is none.
  EXPECT_EQ(ReadNewToken(R"({"accessToken":"b","expiresIn":3600})", *old, 0)->refresh_token, "");
  for (const char* bad :
       {"", "{}", R"({"accessToken":"b"})", R"({"expiresIn":3600})", R"({"accessToken":"","expiresIn":1})"}) {
    EXPECT_FALSE(ReadNewToken(bad, *old, 0)) << bad;
  }
}

TEST(CredentialDocuments, Times) {
  for (const char* bad : {"", "x", "2030-01-01", "2030-13-01T00:00:00Z", "2030-02-30T00:00:00Z",
                          "2030-01-01T25:00:00Z", "2030-01-01T00:00:00?"}) {
    EXPECT_EQ(ReadTime(bad), 0) << bad;
  }
  EXPECT_EQ(ReadTime("1970-01-02T00:00:01Z"), 86401000);
}

TEST(CredentialDocuments, OnlyNamesThatAreKnown) {
  EXPECT_EQ(KnownErrorName("<Error><Code>AccessDenied</Code><Message>secret</Message></Error>"),
            Text("AccessDenied"));
  EXPECT_EQ(KnownErrorName(R"({"__type":"com.amazonaws#UnauthorizedException"})"),
            Text("UnauthorizedException"));
  EXPECT_EQ(KnownErrorName(R"({"code":"secret"})"), Text(""));
  EXPECT_EQ(KnownErrorName("<Code>secret</Code>"), Text(""));
  EXPECT_EQ(KnownErrorName("<html>"), Text(""));
}

}  // namespace
}  // namespace ddb
