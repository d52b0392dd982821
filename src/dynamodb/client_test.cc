#include "dynamodb/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <string>
#include <vector>

#include "support/aws/http_server.h"

namespace ddb {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kWallMillis = 1'700'000'000'000;

class FixedWall final : public Clock {
 public:
  Instant Now() const override { return std::chrono::steady_clock::now(); }
  int64_t WallMillis() const override { return kWallMillis; }
};

class TemporaryCredentials final : public CredentialsSource {
 public:
  explicit TemporaryCredentials(std::string token)
      : snapshot_(std::make_shared<Credentials>(Credentials{"AKID", "SECRET", std::move(token)})) {}
  std::shared_ptr<const Credentials> Current() const override { return snapshot_; }

 private:
  const std::shared_ptr<const Credentials> snapshot_;
};

// A reply with a body, its crc32 (plus `crc_off`), and more header lines.
std::string HttpText(int status, const std::string& body, uint32_t crc_off = 0,
                     const std::string& more = "") {
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size()) + crc_off;
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nx-amz-crc32: " + std::to_string(crc) + "\r\nx-amzn-RequestId: REQ1\r\n" + more + "\r\n" + body;
}

class DynamoDbClient : public ::testing::Test {
 protected:
  // The server's replies, in order; the requests are kept.
  void Serve(std::vector<std::string> replies,
             std::shared_ptr<CredentialsSource> credentials = std::make_shared<StaticCredentials>("AKID",
                                                                                                  "SECRET")) {
    client_.reset();
    server_.reset();
    served_ = 0;
    {
      const MutexLock lock(mutex_);
      requests_.clear();
    }
    server_ = std::make_unique<testkit::HttpServer>([this, replies](testkit::Peer& peer) {
      for (;;) {
        const std::string request = peer.ReadRequest();
        if (request.empty()) return;
        const size_t n = served_++;
        {
          const MutexLock lock(mutex_);
          requests_.push_back(request);
        }
        if (n >= replies.size()) return;
        peer.Write(replies[n]);
      }
    });
    Endpoint endpoint;
    endpoint.tls = false;
    endpoint.host = "127.0.0.1";
    endpoint.port = server_->port();
    endpoint.host_header = "127.0.0.1";
    endpoint.region = "eu-west-1";
    ClientOptions options;
    options.clock_skew = skew_;
    client_ = MakeHttpDynamoDbClient(loop_, clock_, endpoint, std::move(credentials), options);
  }
  struct Kept {
    Verdict verdict;
    std::string body;
    std::string request_id;
  };
  Kept Send(const Operation& operation, const std::string& json) {
    Buffer body;
    body.Append(json);
    Kept kept;
    client_->Send(operation, body, [&](const Reply& reply) {
      kept = {reply.verdict, std::string(reply.body), std::string(reply.request_id)};
      loop_.Stop();
    });
    loop_.Run();
    EXPECT_EQ(body.view(), json);
    return kept;
  }
  std::string Request(size_t n) {
    const MutexLock lock(mutex_);
    return n < requests_.size() ? requests_[n] : "";
  }

  EventLoop loop_;
  FixedWall clock_;
  std::shared_ptr<ClockSkew> skew_ = std::make_shared<ClockSkew>();
  Mutex mutex_;
  std::vector<std::string> requests_ GUARDED_BY(mutex_);
  std::atomic<size_t> served_{0};
  std::unique_ptr<testkit::HttpServer> server_;
  std::unique_ptr<Client> client_;  // closes its connections before the server goes
};

TEST_F(DynamoDbClient, SendsASignedRequestAndGivesTheBody) {
  Serve({HttpText(200, R"({"Table":{}})")});
  const Kept kept = Send("DescribeTable", R"({"TableName":"t"})");
  EXPECT_TRUE(kept.verdict.ok());
  EXPECT_EQ(kept.body, R"({"Table":{}})");
  EXPECT_EQ(kept.request_id, "REQ1");
  EXPECT_THAT(Request(0), HasSubstr("DynamoDB_20120810.DescribeTable"));
  EXPECT_THAT(Request(0), HasSubstr("Credential=AKID/20231114/eu-west-1/dynamodb/aws4_request"));
  EXPECT_THAT(Request(0), HasSubstr("\r\n\r\n{\"TableName\":\"t\"}"));
}

TEST_F(DynamoDbClient, ASessionTokenMayBeLong) {
  for (const size_t size : {4'096, 16'384}) {
    const std::string token(size, 't');
    Serve({HttpText(200, "{}")}, std::make_shared<TemporaryCredentials>(token));
    const Kept kept = Send("BatchWriteItem", R"({"RequestItems":{}})");
    EXPECT_TRUE(kept.verdict.ok()) << size;
    EXPECT_NE(Request(0).find("\r\nX-Amz-Security-Token: " + token + "\r\n"), std::string::npos) << size;
    EXPECT_TRUE(Request(0).ends_with("\r\n\r\n{\"RequestItems\":{}}")) << size;
  }
}

// Says what it is told to, and keeps what it was asked.
class RenewableCredentials final : public CredentialsSource {
 public:
  std::shared_ptr<const Credentials> Current() const override {
    return std::make_shared<Credentials>(Credentials{"AKID", "SECRET", "TOKEN", 0, 7});
  }
  uint64_t version() const override { return 7; }
  Renewal Refresh(uint64_t refused) override {
    asked.push_back(refused);
    return renewal;
  }

  Renewal renewal = Renewal::kComing;
  std::vector<uint64_t> asked;
};

TEST_F(DynamoDbClient, CredentialsThatHaveExpiredAreRenewed) {
  const auto source = std::make_shared<RenewableCredentials>();
  const std::string expired = HttpText(400, R"({"__type":"ExpiredTokenException"})");
  Serve({expired, expired, expired, HttpText(400, R"({"__type":"UnrecognizedClientException"})"),
         HttpText(400, R"({"__type":"AccessDeniedException"})"), HttpText(200, "{}")},
        source);
  // Nobody has others yet: it is waited for as for anything that passes.
  Verdict verdict = Send("BatchWriteItem", "{}").verdict;
  EXPECT_EQ(verdict.reaction, Reaction::kRetry);
  EXPECT_EQ(verdict.reason, kAwaitsCredentials);
  source->renewal = CredentialsSource::Renewal::kNewer;
  EXPECT_EQ(Send("BatchWriteItem", "{}").verdict.reaction, Reaction::kReauthenticate);
  source->renewal = CredentialsSource::Renewal::kNever;
  EXPECT_EQ(Send("BatchWriteItem", "{}").verdict.reaction, Reaction::kReauthenticate);
  EXPECT_EQ(source->asked, std::vector<uint64_t>({7, 7, 7}));
  // A session that was ended; whether others are better shows when they are there.
  EXPECT_EQ(Send("BatchWriteItem", "{}").verdict.reaction, Reaction::kFailConfig);
  EXPECT_EQ(source->asked.size(), 4u);
  (void)Send("BatchWriteItem", "{}");
  (void)Send("BatchWriteItem", "{}");
  EXPECT_EQ(source->asked.size(), 4u);
}

TEST_F(DynamoDbClient, ADamagedReplyIsNoSuccess) {
  Serve({HttpText(200, R"({"UnprocessedItems":{}})", 1), HttpText(200, R"({"UnprocessedItems":{}})")});
  const Kept damaged = Send("BatchWriteItem", "{}");
  EXPECT_EQ(damaged.verdict.reaction, Reaction::kRetry);
  EXPECT_EQ(damaged.verdict.code, ErrorCode::kBadReply);
  EXPECT_EQ(damaged.body, "");
  EXPECT_TRUE(Send("BatchWriteItem", "{}").verdict.ok());
}

TEST_F(DynamoDbClient, AByteOrderMarkIsNoPartOfTheReply) {
  Serve({HttpText(200, "\xef\xbb\xbf{}"), HttpText(200, "\xef\xbb\xbf")});
  EXPECT_EQ(Send("BatchWriteItem", "{}").body, "{}");
  EXPECT_EQ(Send("BatchWriteItem", "{}").body, "");
}

// "{}" by gzip. The checksum is of what the service sent: of this, or, where something on the way packed it,
// of what it was before.
TEST_F(DynamoDbClient, TheChecksumOfAPackedReply) {
  const std::string packed(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00", 22);
  const auto crc = [](const std::string& text) {
    return std::to_string(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
  };
  const auto reply = [&](const std::string& checksum) {
    return "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\nx-amz-crc32: " + checksum +
           "\r\n\r\n" + packed;
  };
  Serve({reply(crc(packed)), reply(crc("{}")), reply("1")});
  EXPECT_EQ(Send("BatchWriteItem", "{}").body, "{}");
  EXPECT_EQ(Send("BatchWriteItem", "{}").body, "{}");
  EXPECT_EQ(Send("BatchWriteItem", "{}").verdict.fault, ReplyFault::kCrc32);
}

TEST_F(DynamoDbClient, TheClockIsCorrectedForAllThatShareIt) {
  const std::string refusal =
      R"({"__type":"x#InvalidSignatureException","message":"Signature expired: 20231114T221320Z is now earlier"})";
  Serve({HttpText(400, refusal, 0, "Date: Wed, 15 Nov 2023 01:13:20 GMT\r\n"), HttpText(200, "{}")});
  EXPECT_EQ(Send("ListTables", "{}").verdict.code, ErrorCode::kClockSkew);
  EXPECT_EQ(skew_->OffsetMillis(), 3 * 3600 * 1000);
  EXPECT_TRUE(Send("ListTables", "{}").verdict.ok());
  EXPECT_THAT(Request(0), HasSubstr("20231114T221320Z"));
  EXPECT_THAT(Request(1), HasSubstr("20231115T011320Z"));
}

TEST_F(DynamoDbClient, ARefusalWithoutADateLeavesTheClockAlone) {
  const std::string refusal = R"({"__type":"RequestTimeTooSkewed"})";
  Serve({HttpText(403, refusal), HttpText(403, refusal, 0, "Date: yesterday\r\n"), HttpText(200, "{}")});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Send("DescribeTable", "{}").verdict.code, ErrorCode::kClockSkew);
    EXPECT_EQ(skew_->OffsetMillis(), 0);
  }
  EXPECT_TRUE(Send("DescribeTable", "{}").verdict.ok());
}

TEST_F(DynamoDbClient, ARefusalTellsNothingOfTheServersText) {
  Serve(
      {HttpText(400, R"({"__type":"x#ValidationException","message":"Item size has exceeded the secret"})")});
  const Kept kept = Send("BatchWriteItem", "{}");
  EXPECT_EQ(kept.verdict.reaction, Reaction::kRejectItem);
  EXPECT_EQ(kept.body, "");
  EXPECT_EQ(kept.verdict.Describe(kept.request_id),
            "ValidationException, HTTP 400, the item exceeds 400 KB, request REQ1");
}

TEST_F(DynamoDbClient, AReplyMayBeAsLargeAsItsRequestAndSome) {
  const std::string body = "{\"x\":\"" + std::string(100'000, 'y') + "\"}";
  Serve({HttpText(200, body), HttpText(200, body), HttpText(200, body)});
  EXPECT_TRUE(Send("DescribeTable", "{}").verdict.ok());
  const Operation write("BatchWriteItem", 0);
  EXPECT_TRUE(Send(write, std::string(50'000, ' ')).verdict.ok());
  EXPECT_EQ(Send(write, "{}").verdict.transport, TransportError::kReplyTooLarge);
}

}  // namespace
}  // namespace ddb
