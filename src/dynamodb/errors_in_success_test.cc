#include <gtest/gtest.h>

#include <string>

#include "dynamodb/errors.h"

namespace ddb {
namespace {

Verdict Of(int status, std::string_view body, std::string_view error_type = {}) {
  HttpReply reply;
  reply.status = status;
  reply.body = body;
  reply.error_type = error_type;
  return Classify(reply, true);
}

bool IsDoubtful(const Verdict& verdict) {
  return verdict.reaction == Reaction::kRetry && verdict.code == ErrorCode::kBadReply && !verdict.answered();
}

TEST(ErrorInSuccess, IsKnownByItsMembers) {
  for (const char* member :
       {"__type", "code", "Code", "message", "Message", "errorMessage", "error", "errors"}) {
    for (const char* value : {R"("ThrottlingException")", R"("")", "7", "[]", "{}"}) {
      const std::string error = "\"" + std::string(member) + "\":" + value;
      for (const std::string& body : {"{" + error + "}", R"({"UnprocessedItems":{},)" + error + "}"}) {
        const std::optional<Verdict> verdict = ErrorInSuccess(body);
        ASSERT_TRUE(verdict) << body;
        EXPECT_TRUE(IsDoubtful(*verdict)) << body;
        EXPECT_EQ(verdict->fault, ReplyFault::kErrorAsSuccess) << body;
        EXPECT_EQ(verdict->status, 200) << body;
      }
    }
    EXPECT_FALSE(ErrorInSuccess("{\"" + std::string(member) + "\":null}")) << member;
  }
  for (const char* body :
       {"", "{}", "[]", R"({"UnprocessedItems":{"message":[]}})", R"({"Table":{"code":1}})"}) {
    EXPECT_FALSE(ErrorInSuccess(body)) << body;
  }
}

// It is told, and not heeded: no record is rejected, and no run ended, for what such a reply says.
TEST(ErrorInSuccess, IsToldAsWhatItIs) {
  const std::optional<Verdict> known = ErrorInSuccess(R"({"__type":"x#AccessDeniedException"})");
  ASSERT_TRUE(known);
  EXPECT_EQ(known->reason, Of(400, R"({"__type":"x#AccessDeniedException"})").reason);
  EXPECT_FALSE(known->RefusesWhoAsks());
  EXPECT_EQ(ErrorInSuccess(R"({"__type":"New"})")->reason, Text("an error unknown to this version"));
}

TEST(ErrorInSuccess, MayStandInAHeader) {
  const std::string all = R"({"UnprocessedItems":{}})";
  EXPECT_TRUE(Of(200, all).ok());
  for (const char* type : {"ThrottlingException", "x#ValidationException:http://internal/", "New"}) {
    const Verdict verdict = Of(200, all, type);
    EXPECT_TRUE(IsDoubtful(verdict)) << type;
    EXPECT_EQ(verdict.fault, ReplyFault::kErrorAsSuccess) << type;
  }
}

TEST(ErrorInSuccess, AnotherSuccessThanDynamoDbsIsNone) {
  const std::string all = R"({"UnprocessedItems":{}})";
  for (const int status : {201, 202, 203, 204, 206, 299}) {
    const Verdict verdict = Of(status, all);
    EXPECT_TRUE(IsDoubtful(verdict)) << status;
    EXPECT_EQ(verdict.fault, ReplyFault::kStatus) << status;
    EXPECT_EQ(verdict.status, status);
  }
  EXPECT_EQ(Of(202, "<html>queued</html>").fault, ReplyFault::kHtml);
  EXPECT_EQ(Of(202, R"({"__type":"x#ThrottlingException"})").fault, ReplyFault::kErrorAsSuccess);
}

}  // namespace
}  // namespace ddb
