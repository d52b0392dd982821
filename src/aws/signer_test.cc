// The signatures here are botocore's; tests/acceptance/test_signer.py compares many more.
#include "aws/signer.h"

#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

constexpr int64_t kNoon = 1440938160000;  // 2015-08-30T12:36:00Z
constexpr char kSecret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

Endpoint Regional() {
  Endpoint endpoint;
  endpoint.host_header = "dynamodb.us-east-1.amazonaws.com";
  endpoint.region = "us-east-1";
  return endpoint;
}

TEST(SignerTest, WholeHead) {
  Signer signer(Regional(), std::make_shared<StaticCredentials>("AKIDEXAMPLE", kSecret));
  EXPECT_EQ(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon),
            "POST / HTTP/1.1\r\n"
            "Host: dynamodb.us-east-1.amazonaws.com\r\n"
            "User-Agent: destination-dynamodb\r\n"
            "Accept-Encoding: identity\r\n"
            "Content-Type: application/x-amz-json-1.0\r\n"
            "X-Amz-Target: DynamoDB_20120810.ListTables\r\n"
            "X-Amz-Date: 20150830T123600Z\r\n"
            "Authorization: AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            "Signature=75214f17608dbd636679e18f6f89744844ae96fcd228b8147167152488d817de\r\n"
            "Content-Length: 2\r\n\r\n");
}

class TemporaryCredentials final : public CredentialsSource {
 public:
  explicit TemporaryCredentials(std::string token) : token_(std::move(token)) {}
  std::shared_ptr<const Credentials> Current() const override {
    return std::make_shared<Credentials>(Credentials{"AKIDEXAMPLE", kSecret, token_});
  }

 private:
  const std::string token_;
};

TEST(SignerTest, SessionTokenPortAndPath) {
  Endpoint endpoint;
  endpoint.host_header = "localhost:8000";
  endpoint.path = "/a/./b%20c";
  endpoint.region = "local";
  Signer signer(endpoint, std::make_shared<TemporaryCredentials>("TOKEN"));
  const std::string head(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon));
  EXPECT_TRUE(head.starts_with("POST /a/./b%20c HTTP/1.1\r\nHost: localhost:8000\r\n")) << head;
  EXPECT_NE(head.find("\r\nX-Amz-Security-Token: TOKEN\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Credential=AKIDEXAMPLE/20150830/local/dynamodb/aws4_request, "
                      "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
                      "Signature=ba54b9b8b626b07c570cbaa47b33e9f51d999b6731d895df533445d76daee81f\r\n"),
            std::string::npos)
      << head;
}

TEST(SignerTest, TheDateIsOfTheSecond) {
  Signer signer(Regional(), std::make_shared<StaticCredentials>("AKIDEXAMPLE", kSecret));
  const auto date = [&](int64_t millis) {
    const std::string head(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", millis));
    return head.substr(head.find("X-Amz-Date: ") + 12, 16);
  };
  EXPECT_EQ(date(kNoon), "20150830T123600Z");
  EXPECT_EQ(date(kNoon + 999), "20150830T123600Z");
  EXPECT_EQ(date(kNoon + 1000), "20150830T123601Z");
  EXPECT_EQ(date(kNoon + 3'600'000), "20150830T133600Z");
  EXPECT_EQ(date(kNoon - 1), "20150830T123559Z");
}

// Keys that are renewed sign from the next request on, on the same day too.
class RenewedCredentials final : public CredentialsSource {
 public:
  std::shared_ptr<const Credentials> Current() const override { return current; }
  uint64_t version() const override { return current->version; }
  std::shared_ptr<const Credentials> current =
      std::make_shared<Credentials>(Credentials{"AKIDEXAMPLE", kSecret, {}});
};

TEST(SignerTest, RenewedCredentialsSignAtOnce) {
  const auto source = std::make_shared<RenewedCredentials>();
  Signer signer(Regional(), source);
  const std::string before(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon));
  source->current = std::make_shared<Credentials>(Credentials{"AKIDOTHER", "other", "TOKEN", 0, 2});
  const std::string after(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon));
  Signer fresh(Regional(), source);
  EXPECT_EQ(after, fresh.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon));
  EXPECT_EQ(signer.version(), 2u);
  source->current = std::make_shared<Credentials>(Credentials{"AKIDEXAMPLE", kSecret, {}, 0, 3});
  EXPECT_EQ(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon), before);
}

TEST(SignerTest, PathsAreSignedNormalizedAndSentAsTheyAre) {
  struct Case {
    std::string_view path;
    std::string_view signature;
  };
  for (const Case& c :
       {Case{"/a/../b", "8151b159efd52059bd8b0273cdb73448dc1e785d83fa7e1e6001e6a01f878ef2"},
        Case{"/../a", "4db5706fa38b63e3cf7b9af9d63d69e66930bd3f64951fb5136db4bf4d6b9f2f"},
        Case{"/a/b/../../c/", "a8145bfa68ba61db4d3dd7c0084696ace3c3a101b5a2a684503cc696341a5224"},
        Case{"/a//b/./", "5816b36dce4468308c478d91d996bcb927189b9c5d46e153516b6d178e632fc7"},
        Case{"/~x/%2F", "28f2d752be958eb5f754c9d766a250ee1eaecf11f7342abc22a20d9769ea4978"}}) {
    Endpoint endpoint = Regional();
    endpoint.path = c.path;
    Signer signer(endpoint, std::make_shared<StaticCredentials>("AKIDEXAMPLE", kSecret));
    const std::string head(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon));
    EXPECT_TRUE(head.starts_with("POST " + endpoint.path + " HTTP/1.1\r\n")) << head;
    EXPECT_NE(head.find("Signature=" + std::string(c.signature) + "\r\n"), std::string::npos) << head;
  }
}

TEST(SignerTest, LongSessionTokens) {
  struct Case {
    size_t size;
    std::string_view signature;
  };
  for (const Case& c : {Case{4'096, "0ab0f6070895a760e892542974cf7f7ff832421ccd2a0830a7bf04bac92cb9cb"},
                        Case{16'384, "5ccc8d830dc4d7094644dc179fbe6cbfee8f99676bedeed403a7b011ebb7c661"}}) {
    const std::string token(c.size, 't');
    Signer signer(Regional(), std::make_shared<TemporaryCredentials>(token));
    const std::string head(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon));
    EXPECT_NE(head.find("\r\nX-Amz-Security-Token: " + token + "\r\n"), std::string::npos) << c.size;
    EXPECT_NE(head.find("Signature=" + std::string(c.signature) + "\r\n"), std::string::npos)
        << head.substr(c.size);
  }
}

TEST(SignerTest, KnownHashOfTheBodyGivesTheSameHead) {
  Signer signer(Regional(), std::make_shared<StaticCredentials>("AKIDEXAMPLE", kSecret));
  const std::string body(1000, 'x');
  const std::string head(signer.SignedHead("DynamoDB_20120810.BatchWriteItem", body, kNoon));
  EXPECT_EQ(signer.SignedHead("DynamoDB_20120810.BatchWriteItem", body.size(), Sha256(body), kNoon), head);
}

TEST(SignerTest, ANewDayHasANewKeyAndGoingBackGivesTheOldOne) {
  Signer signer(Regional(), std::make_shared<StaticCredentials>("AKIDEXAMPLE", kSecret));
  const std::string head(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon));
  const std::string next_day(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon + 86'400'000));
  EXPECT_NE(next_day.find("\r\nX-Amz-Date: 20150831T123600Z\r\n"), std::string::npos) << next_day;
  EXPECT_NE(next_day.find("/20150831/us-east-1/"), std::string::npos) << next_day;
  EXPECT_EQ(signer.SignedHead("DynamoDB_20120810.ListTables", "{}", kNoon), head);
}

}  // namespace
}  // namespace ddb
