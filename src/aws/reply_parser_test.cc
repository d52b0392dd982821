#include "aws/reply_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "support/aws/reply_parsing.h"

namespace ddb {
namespace {

using testkit::Done;
using testkit::Feed;
using testkit::kMalformed;
using testkit::kMaxBody;
using testkit::kMore;
using testkit::kTooLarge;
using testkit::kTwoLengths;
using testkit::Outcome;
using testkit::Parse;
using State = ReplyParser::State;

TEST(ReplyParserTest, LengthFramed) {
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), Done(200, "hello"));
  EXPECT_EQ(Parse("HTTP/1.1 400 Bad Request\r\ncontent-LENGTH:0\r\n\r\n"), Done(400, ""));
  EXPECT_EQ(Parse("HTTP/1.1 200 \r\nContent-Length: \t 5 \t\r\n\r\n\r\n\r\n\r"), Done(200, "\r\n\r\n\r"));
  EXPECT_EQ(Parse("HTTP/1.1 599\r\nContent-Length: 1\r\n\r\nx"), Done(599, "x"));
  EXPECT_EQ(Parse("HTTP/1.1 204 No Content\r\n\r\n"), Done(204, ""));
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", true), kMore);
}

TEST(ReplyParserTest, Chunked) {
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00A\r\n, the worl\r\n"
                  "1;name=\"a value\"\r\nd\r\n0\r\n\r\n"),
            Done(200, "hello, the world"));
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2 \r\n\r\n\r\n000\r\nTrailer: "
                  "x\r\nOther: y\r\n\r\n"),
            Done(200, "\r\n"));
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true), kMore);
}

TEST(ReplyParserTest, InformationalRepliesAreSkipped) {
  EXPECT_EQ(Parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            Done(200, "ok"));
  EXPECT_EQ(Parse("HTTP/1.1 100 Continue\r\nConnection: close\r\nContent-Length: 7\r\n\r\n"
                  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            Done(200, "ok"));
  EXPECT_EQ(Parse("HTTP/1.1 101 Switching Protocols\r\n\r\n"), kMalformed);
}

TEST(ReplyParserTest, KeepAlive) {
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), Done(200, "", false));
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nConnection: Keep-Alive, CLOSE\r\nContent-Length: 0\r\n\r\n"),
            Done(200, "", false));
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nConnection: closed\r\nContent-Length: 0\r\n\r\n"), Done(200, ""));
  EXPECT_EQ(Parse("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), Done(200, "ok", false));

  ReplyParser parser;
  Feed(parser, "HTTP/1.1 200 OK\r\nKeep-Alive: max=100, Timeout=5\r\nContent-Length: 0\r\n\r\n", {}, false);
  EXPECT_EQ(parser.head().idle_seconds, 5);
  Feed(parser, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=soon\r\nContent-Length: 0\r\n\r\n", {}, false);
  EXPECT_EQ(parser.head().idle_seconds, -1);
}

TEST(ReplyParserTest, WithoutALengthUntilTheEndOfTheConnection) {
  EXPECT_EQ(Parse("HTTP/1.1 502 Bad Gateway\r\n\r\nsorry", true), Done(502, "sorry", false));
  EXPECT_EQ(Parse("HTTP/1.0 400 Bad Request\r\n\r\n", true), Done(400, "", false));
  EXPECT_EQ(Parse("HTTP/1.1 502 Bad Gateway\r\n\r\nsorry"), kMore);
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\n\r\nhello", true), Done(200, "hello", false));
  EXPECT_EQ(Parse("HTTP/1.0 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello", true),
            Done(200, "hello", false));

  // Who reads it has to know that nothing but itself shows whether it is whole.
  ReplyParser parser;
  Feed(parser, "HTTP/1.1 200 OK\r\n\r\nhello", {}, true);
  EXPECT_TRUE(parser.open_ended());
  Feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", {}, true);
  EXPECT_FALSE(parser.open_ended());
}

// https://www.rfc-editor.org/rfc/rfc9112#section-6.3
TEST(ReplyParserTest, ChunksWinOverALength) {
  const std::string body = "5\r\nhello\r\n0\r\n\r\n";
  for (const std::string headers : {
           "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: none\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 99999999\r\n",
       }) {
    EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body), Done(200, "hello", false)) << headers;
  }
  EXPECT_EQ(Parse("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body), Done(200, "hello", false));
  for (const std::string headers : {
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked, chunked\r\n",
           "Transfer-Encoding: identity, chunked\r\n",
       }) {
    EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body), Done(200, "hello")) << headers;
  }
}

TEST(ReplyParserTest, ALengthThatIsSaidTwiceIsOne) {
  for (const std::string headers :
       {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2, 2\r\n", "Content-Length: 2 ,02\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 2\r\n",
        "Transfer-Encoding:\r\nContent-Length: 2\r\n"}) {
    EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\n" + headers + "\r\nok"), Done(200, "ok")) << headers;
  }
  for (const std::string headers :
       {"Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: 2, 3\r\n",
        "Content-Length: 3\r\nX: y\r\nContent-Length: 2\r\nContent-Length: 3\r\n"}) {
    EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\n" + headers + "\r\nok"), kTwoLengths) << headers;
  }
  for (const std::string headers :
       {"Content-Length: +2\r\n", "Content-Length: -2\r\n", "Content-Length: 0x2\r\n",
        "Content-Length: 2 2\r\n", "Content-Length:\r\n", "Content-Length: 2,\r\nContent-Length: x\r\n",
        "Content-Length: 99999999999999999999\r\n"}) {
    EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\n" + headers + "\r\nok"), kMalformed) << headers;
  }
}

// The connection is not used again; the reply counts.
TEST(ReplyParserTest, WhatFollowsAReplyIsThrownAway) {
  ReplyParser parser;
  EXPECT_EQ(Feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200", {}, false),
            Done(200, "ok", false));
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_EQ(Feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!", {39}, false),
            Done(200, "ok", false));
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_EQ(Feed(parser, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX", {}, false),
            Done(200, "", false));
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_EQ(Feed(parser, "HTTP/1.1 204 No Content\r\n\r\nX", {}, false), Done(204, "", false));
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_EQ(Parse("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"), Done(204, "", false));
  EXPECT_EQ(Parse("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"), Done(304, "", false));
}

TEST(ReplyParserTest, HeadsAsOldServersWriteThem) {
  using std::string_literals::operator""s;
  for (const std::string& bytes : {
           "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"s,
           "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok"s,
           "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"s,
           "HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok"s,
           "HTTP/1.1 200 OK\nContent-Length: 2\r\n\nok"s,
           "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok"s,
           "HTTP/1.1 200 OK\r\nContent-Length\t:\t2\r\n\r\nok"s,
           "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc: d\r\nContent-Length: 2\r\n\r\nok"s,
           "HTTP/1.1 200 OK\r\nContent-Length:\r\n  2\r\n\r\nok"s,
           "HTTP/1.1 200 OK\r\n Content-Length: 9\r\nContent-Length: 2\r\n\r\nok"s,
       }) {
    EXPECT_EQ(Parse(bytes), Done(200, "ok")) << bytes;
  }
  EXPECT_EQ(Parse("HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n"), Done(999, ""));
}

TEST(ReplyParserTest, NotHttp) {
  using std::string_literals::operator""s;
  for (const std::string& bytes : {
           "SSH-2.0-OpenSSH_9.2\r\n"s,
           "\x16\x03\x01\x00\x02\x02\x46"s,
           "\x15\x04"s,
           "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.x 200 OK\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nX: a\r\n\x01 b\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"s,
       }) {
    EXPECT_EQ(Parse(bytes), kMalformed) << bytes;
  }
}

TEST(ReplyParserTest, AnAlertIsTls) {
  const Outcome tls{State::kSpeaksTls, 0, {}, false};
  EXPECT_EQ(Parse("\x15\x03\x01\x01\x02\x02\x46"), tls);
  EXPECT_EQ(Parse("\x15\x03"), tls);
  EXPECT_EQ(Parse("\x15\x03\x01HTTP/1.1 204\r\n\r\nx"), tls);
  EXPECT_EQ(Parse("\x15", true), kMore);
}

TEST(ReplyParserTest, ChunksThatAreNone) {
  for (const std::string body :
       {"\r\n", "g\r\n", "-1\r\nx\r\n0\r\n\r\n", "1\nx\r\n0\r\n\r\n", "1\rx", "1\r\nxy\r\n0\r\n\r\n",
        "1\r\nx\n0\r\n\r\n", ";x\r\n", " 1\r\nx", "1;\x01\r\nx", "0000000000000001\r\n",
        "0\r\nTrailer\n\r\n\r\n", "0\r\n\rx"}) {
    EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body), kMalformed) << body;
  }
}

TEST(ReplyParserTest, BodyLimit) {
  const std::string at_most(kMaxBody, 'x');
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + at_most), Done(200, at_most));
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), kTooLarge);
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n"), kTooLarge);
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(Parse(chunked + "3E8\r\n" + at_most + "\r\n0\r\n\r\n"), Done(200, at_most));
  EXPECT_EQ(Parse(chunked + "3E9\r\n"), kTooLarge);
  EXPECT_EQ(Parse(chunked + "1f4\r\n" + at_most.substr(500) + "\r\n1f5\r\n"), kTooLarge);
  EXPECT_EQ(Parse(chunked + "fffffffffffffff\r\n"), kTooLarge);
  EXPECT_EQ(Parse("HTTP/1.1 500 No\r\n\r\n" + at_most, true), Done(500, at_most, false));
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\n\r\n" + at_most + "x", true), kTooLarge);
}

// Nobody reads on, but the status is known.
TEST(ReplyParserTest, OfAnErrorThatIsTooLongTheStatusIsTold) {
  const std::string at_most(kMaxBody, '<');
  EXPECT_EQ(Parse("HTTP/1.1 500 No\r\n\r\n" + at_most + "x"), Done(500, at_most, false));
  EXPECT_EQ(Parse("HTTP/1.1 404 No\r\nContent-Length: 100000000\r\n\r\n" + at_most + "x"),
            Done(404, at_most, false));
  EXPECT_EQ(Parse("HTTP/1.1 404 No\r\nContent-Length: 100000000\r\nContent-Encoding: gzip\r\n\r\n" +
                  std::string(kMaxBody, 'x')),
            Done(404, "", false));
  EXPECT_EQ(Parse("HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<htm\r\nffffff\r\n"),
            Done(407, "<htm", false));
  // DynamoDB's own errors are told apart by their bodies.
  EXPECT_EQ(Parse("HTTP/1.1 400 No\r\nContent-Length: 100000000\r\n\r\n"), kTooLarge);
}

TEST(ReplyParserTest, HeadLimit) {
  ReplyParser parser;
  const std::string begin = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
  const std::string fits = begin + std::string(ReplyParser::kMaxHead - begin.size() - 4, 'x') + "\r\n\r\n";
  EXPECT_EQ(Feed(parser, fits, {}, false), Done(200, ""));
  EXPECT_EQ(Feed(parser, fits, {1, 10000}, false), Done(200, ""));
  const std::string over = begin + std::string(ReplyParser::kMaxHead - begin.size() - 3, 'x') + "\r\n\r\n";
  EXPECT_EQ(Feed(parser, over, {}, false), kTooLarge);
  EXPECT_EQ(Feed(parser, over, {1, 10000}, false), kTooLarge);
  const std::string endless = begin + std::string(200000, 'x');
  EXPECT_EQ(Feed(parser, endless, {}, false), kTooLarge);
  EXPECT_EQ(Feed(parser, endless, {100, 70000}, false), kTooLarge);
  std::string informational;
  while (informational.size() < ReplyParser::kMaxHead + 100) informational += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(Feed(parser, informational, {1000, 30000}, false), kTooLarge);
  const std::string trailer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + std::string(70000, 'x');
  EXPECT_EQ(Feed(parser, trailer, {100, 30000}, false), kTooLarge);
  const std::string extension =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(70000, 'x');
  EXPECT_EQ(Feed(parser, extension, {100, 30000}, false), kMalformed);
}

TEST(ReplyParserTest, WhatDynamoDbSaysBesides) {
  ReplyParser parser;
  Feed(parser,
       "HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
       "Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n"
       "x-amzn-RequestId: 8VD1LJ7EKAMRU4PBGQ5R5J9D5VVV4KQNSO5AEMVJF66Q9ASUAAJG\r\nx-amz-crc32: "
       "2745614147\r\n\r\n{}",
       {}, false);
  EXPECT_EQ(parser.head().request_id, "8VD1LJ7EKAMRU4PBGQ5R5J9D5VVV4KQNSO5AEMVJF66Q9ASUAAJG");
  EXPECT_TRUE(parser.head().has_crc32);
  EXPECT_EQ(parser.head().crc32, 2745614147u);
  EXPECT_EQ(parser.head().date_seconds, 784111777);
  EXPECT_EQ(parser.head().idle_seconds, -1);

  // Nothing of it is left for the next reply.
  Feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", {}, false);
  EXPECT_EQ(parser.head().request_id, "");
  EXPECT_FALSE(parser.head().has_crc32);
  EXPECT_EQ(parser.head().date_seconds, 0);
}

TEST(ReplyParserTest, RequestIdsAndChecksumsOfOtherForms) {
  ReplyParser parser;
  const auto with = [](const std::string& header) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + header + "\r\n\r\n";
  };
  for (const std::string id : {"a b", "<script>", "\xff", "a_b"}) {
    EXPECT_EQ(Feed(parser, with("x-amzn-RequestId: " + id), {}, false), Done(200, ""));
    EXPECT_EQ(parser.head().request_id, "") << id;
  }
  EXPECT_EQ(Feed(parser, with("x-amzn-RequestId: " + std::string(129, 'a')), {}, false), Done(200, ""));
  EXPECT_EQ(parser.head().request_id, "");
  EXPECT_EQ(Parse(with("x-amz-crc32: 4294967296")), kMalformed);
  EXPECT_EQ(Parse(with("x-amz-crc32: abc")), kMalformed);
  EXPECT_EQ(Parse(with("x-amz-crc32: 1\r\nx-amz-crc32: 2")), kMalformed);
  EXPECT_EQ(Parse(with("x-amz-crc32: 1\r\nx-amz-crc32: 1")), Done(200, ""));
}

TEST(ReplyParserTest, DatesOfOtherFormsAreNone) {
  ReplyParser parser;
  const auto date = [&parser](const std::string& text) {
    Feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: " + text + "\r\n\r\n", {}, false);
    return parser.head().date_seconds;
  };
  EXPECT_EQ(date("Thu, 29 Feb 2024 23:59:59 GMT"), 1709251199);
  for (const std::string text :
       {"Wed, 29 Feb 2023 23:59:59 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, -6 Nov 1994 08:49:37 GMT", ""}) {
    EXPECT_EQ(date(text), 0) << text;
  }
}

TEST(ReplyParserTest, WhereItPointsAndWhatItIsCalled) {
  ReplyParser parser;
  Feed(parser,
       "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: https://other.example/\r\n"
       "X-Amzn-ErrorType: ThrottlingException:http://internal.amazon.com/coral/\r\n\r\n",
       {}, false);
  EXPECT_EQ(parser.head().location, "https://other.example/");
  EXPECT_EQ(parser.head().error_type, "ThrottlingException:http://internal.amazon.com/coral/");
  Feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLocation: " + std::string(5000, 'x') + "\r\n\r\n", {},
       false);
  EXPECT_EQ(parser.head().location, "");
  EXPECT_EQ(parser.head().error_type, "");
}

TEST(ReplyParserTest, WholeReplyIsNotCopied) {
  ReplyParser parser;
  parser.Reset(kMaxBody);
  const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  ASSERT_EQ(parser.Feed(reply), State::kDone);
  EXPECT_EQ(parser.body().data(), reply.data() + reply.size() - 5);
}

}  // namespace
}  // namespace ddb
