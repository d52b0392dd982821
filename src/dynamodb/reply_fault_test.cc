#include "dynamodb/reply_fault.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "dynamodb/errors.h"

namespace ddb {
namespace {

ReplyFault FaultOfReply(int status, std::string_view body, bool crc_ok = true) {
  HttpReply reply;
  reply.status = status;
  reply.body = body;
  return Classify(reply, crc_ok).fault;
}

TEST(ReplyFaultTest, EachHasWordsOfItsOwn) {
  std::set<std::string> seen;
  for (int i = 1; i <= static_cast<int>(ReplyFault::kRefusedByName); ++i) {
    const auto fault = static_cast<ReplyFault>(i);
    const std::string text = DescribeFault(fault, 0);
    EXPECT_FALSE(text.empty()) << i;
    EXPECT_TRUE(seen.insert(text).second) << text;
    EXPECT_EQ(text.find('.'), std::string::npos) << "for the middle of a sentence: " << text;
    const bool advised = FaultAdvice(fault).view().ends_with('.');
    EXPECT_EQ(advised, fault != ReplyFault::kRefusedByName) << text;
  }
  EXPECT_EQ(DescribeFault(ReplyFault::kNone, 200), "");
}

TEST(ReplyFaultTest, AStatusIsSaidWhereItTells) {
  EXPECT_EQ(DescribeFault(ReplyFault::kHtml, 502),
            "the replies are web pages (HTML), not DynamoDB's (HTTP status 502)");
  EXPECT_EQ(DescribeFault(ReplyFault::kReset, 0), FaultText(ReplyFault::kReset).view());
  EXPECT_EQ(DescribeFault(ReplyFault::kThrottled, 400), FaultText(ReplyFault::kThrottled).view());
}

TEST(ReplyFaultTest, OfReplies) {
  const std::string throttle = R"({"__type":"x#ThrottlingException","message":"m"})";
  EXPECT_EQ(FaultOfReply(200, "{}"), ReplyFault::kNone);
  EXPECT_EQ(FaultOfReply(200, "{}", /*crc_ok=*/false), ReplyFault::kCrc32);
  EXPECT_EQ(FaultOfReply(400, throttle), ReplyFault::kThrottled);
  EXPECT_EQ(FaultOfReply(429, ""), ReplyFault::kThrottled);
  EXPECT_EQ(FaultOfReply(500, R"({"__type":"InternalServerError"})"), ReplyFault::kServiceFailed);
  EXPECT_EQ(FaultOfReply(500, R"({"__type":"Whatever"})"), ReplyFault::kServiceFailed);
  EXPECT_EQ(FaultOfReply(400, R"({"__type":"Whatever"})"), ReplyFault::kUnknownError);
  EXPECT_EQ(FaultOfReply(400, R"({"__type":"AccessDeniedException"})"), ReplyFault::kRefusedByName);
  EXPECT_EQ(FaultOfReply(502, "<html>sorry</html>"), ReplyFault::kHtml);
  EXPECT_EQ(FaultOfReply(502, "\xef\xbb\xbf\r\n <!doctype html>"), ReplyFault::kHtml);
  EXPECT_EQ(FaultOfReply(503, "no server"), ReplyFault::kStatus);
  EXPECT_EQ(FaultOfReply(403, "<?xml version=\"1.0\"?><Error/>"), ReplyFault::kStatus);
  EXPECT_EQ(FaultOfReply(404, ""), ReplyFault::kStatus);
  EXPECT_EQ(FaultOfReply(301, "<html>moved</html>"), ReplyFault::kRedirect);
  EXPECT_EQ(FaultOfReply(407, "<html>who?</html>"), ReplyFault::kProxyLogin);
}

TEST(ReplyFaultTest, OfTransport) {
  EXPECT_EQ(FaultOf(TransportError::kNone), ReplyFault::kNone);
  EXPECT_EQ(FaultOf(TransportError::kReset), ReplyFault::kReset);
  EXPECT_EQ(FaultOf(TransportError::kTlsExpired), ReplyFault::kCertificate);
  HttpReply reply;
  reply.transport = TransportError::kTwoLengths;
  EXPECT_EQ(Classify(reply, true).fault, ReplyFault::kTwoLengths);
}

}  // namespace
}  // namespace ddb
