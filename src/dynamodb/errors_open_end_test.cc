// Replies without a length: what ends them, and what of them counts.
#include <gtest/gtest.h>

#include <string_view>
#include <tuple>

#include "aws/http_client.h"
#include "dynamodb/errors.h"

namespace ddb {
namespace {

using R = Reaction;

// A body that only the end of the connection ends counts when it shows itself that it is whole.
TEST(OpenEnds, WholeJsonShowsItsOwnEnd) {
  struct Case {
    int status;
    std::string_view body;
    bool cut_off;
    R reaction;
    ReplyFault fault;
  };
  const Case cases[] = {
      {200, "{}", false, R::kNone, ReplyFault::kNone},
      {200, R"( {"UnprocessedItems":{}} )", true, R::kNone, ReplyFault::kNone},
      {200, R"({"UnprocessedItems":{})", false, R::kRetry, ReplyFault::kNoLength},
      {200, R"({"UnprocessedItems":{})", true, R::kRetry, ReplyFault::kCutShort},
      {200, R"({"a":1} x)", false, R::kRetry, ReplyFault::kNoLength},
      {200, "", false, R::kRetry, ReplyFault::kNoLength},
      {200, "17", false, R::kRetry, ReplyFault::kNoLength},
      {200, "<html>log in", false, R::kRetry, ReplyFault::kHtml},
      {502, "<html>sor", false, R::kRetry, ReplyFault::kHtml},
      {404, "<html>no</ht", true, R::kRetry, ReplyFault::kCutShort},
      {404, "<html>no</html>", false, R::kFailSystem, ReplyFault::kHtml},
      {400, R"({"__type":"AccessDeniedException"})", true, R::kFailConfig, ReplyFault::kRefusedByName},
  };
  for (const Case& c : cases) {
    HttpReply reply;
    reply.status = c.status;
    reply.body = c.body;
    reply.open_ended = true;
    reply.cut_off = c.cut_off;
    const Verdict verdict = Classify(reply, true);
    EXPECT_EQ(verdict.reaction, c.reaction) << c.status << c.body;
    EXPECT_EQ(verdict.fault, c.fault) << c.status << c.body;
  }
}

TEST(OpenEnds, NorDoesTheConnectionEnd) {
  const std::tuple<int, std::string_view, R, ReplyFault> cases[] = {
      {200, R"({"UnprocessedItems":{}})", R::kNone, ReplyFault::kNone},
      {200, R"({"UnprocessedItems":{})", R::kRetry, ReplyFault::kNoLength},
      {200, "", R::kRetry, ReplyFault::kNoLength},
      {200, "<html>log in</html>", R::kRetry, ReplyFault::kHtml},
      {404, "<html>no</ht", R::kRetry, ReplyFault::kHtml},
      {400, R"({"__type":"AccessDenied)", R::kRetry, ReplyFault::kNoLength},
      {400, R"({"__type":"AccessDeniedException"})", R::kFailConfig, ReplyFault::kRefusedByName},
  };
  for (const auto& [status, body, reaction, fault] : cases) {
    HttpReply reply;
    reply.status = status;
    reply.body = body;
    reply.open_ended = reply.stalled = true;
    const Verdict verdict = Classify(reply, true);
    EXPECT_EQ(verdict.reaction, reaction) << status << body;
    EXPECT_EQ(verdict.fault, fault) << status << body;
  }
}

}  // namespace
}  // namespace ddb
