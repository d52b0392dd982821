// Replies that come compressed, through the parser.
#include "aws/inflate.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support/aws/reply_parsing.h"

namespace ddb {
namespace {

using testkit::Done;
using testkit::kBrokenEncoding;
using testkit::kMaxBody;
using testkit::kTooLarge;
using testkit::kUnknownEncoding;
using testkit::Of;
using testkit::Outcome;
using testkit::Parse;

std::string Unhex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}
// Made by Python's zlib and gzip of "hello, hello, hello".
const std::string kGzip = Unhex("1f8b0800000000000203cb48cdc9c9d751c840a2009fa1ca0913000000");
const std::string kZlib = Unhex("789ccb48cdc9c9d751c840a200442806d5");
const std::string kBare = Unhex("cb48cdc9c9d751c840a200");

std::string Packed(std::string_view encoding, const std::string& body, int status = 200) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Encoding: " + std::string(encoding) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(PackedReply, WhatIsPackedIsUnpacked) {
  const Outcome hello = Done(200, "hello, hello, hello");
  EXPECT_EQ(Parse(Packed("gzip", kGzip)), hello);
  EXPECT_EQ(Parse(Packed("X-GZIP", kGzip)), hello);
  EXPECT_EQ(Parse(Packed("identity, gzip", kGzip)), hello);
  EXPECT_EQ(Parse(Packed("deflate", kZlib)), hello);
  EXPECT_EQ(Parse(Packed("deflate", kBare)), hello);
  EXPECT_EQ(Parse(Packed("gzip", kGzip + kGzip)), Done(200, "hello, hello, hellohello, hello, hello"));
  EXPECT_EQ(Parse(Packed("gzip", "")), Done(200, ""));
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\n" + kGzip.substr(0, 1) +
                  "\r\n1c\r\n" + kGzip.substr(1) + "\r\n0\r\n\r\n"),
            hello);
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + kGzip, true),
            Done(200, "hello, hello, hello", false));
  // The checksum is of what was sent.
  ReplyParser parser;
  const std::string bytes = Packed("gzip", kGzip);
  parser.Reset(kMaxBody);
  ASSERT_EQ(Of(parser, parser.Feed(bytes)), hello);
  EXPECT_EQ(parser.sent_body(), kGzip);
}

TEST(PackedReply, WhatCannotBeUnpacked) {
  std::string wrong = kGzip;
  wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] ^ 1);  // gzip's own checksum
  for (const std::string& body : {wrong, kGzip.substr(0, kGzip.size() - 1), kGzip + "x", kZlib, kBare,
                                  std::string("hello"), kGzip.substr(0, 3)}) {
    EXPECT_EQ(Parse(Packed("gzip", body)), kBrokenEncoding) << body.size();
  }
  EXPECT_EQ(Parse(Packed("deflate", kZlib.substr(0, 8))), kBrokenEncoding);
  EXPECT_EQ(Parse(Packed("deflate", kGzip)), kBrokenEncoding);
  for (const std::string encoding : {"br", "zstd", "gzip, gzip", "gzip, br", "aws-chunked"}) {
    EXPECT_EQ(Parse(Packed(encoding, kGzip)), kUnknownEncoding) << encoding;
  }
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: compress, chunked\r\n\r\n0\r\n\r\n"),
            kUnknownEncoding);
  // An error's status is known all the same, and its connection good.
  EXPECT_EQ(Parse(Packed("br", "packed", 502)), Done(502, ""));
  EXPECT_EQ(Parse(Packed("gzip", wrong, 404)), Done(404, ""));
}

// Something on the way unpacked it and left the header.
TEST(PackedReply, WhatIsSaidToBePackedAndIsNot) {
  EXPECT_EQ(Parse(Packed("gzip", R"({"UnprocessedItems":{}})")), Done(200, R"({"UnprocessedItems":{}})"));
  EXPECT_EQ(Parse(Packed("deflate", "\n<html></html>")), Done(200, "\n<html></html>"));
}

TEST(PackedReply, ABombGoesNoFurtherThanTheLimit) {
  // 1,001 bytes of 'x', and 100,000 of them.
  for (const std::string hex :
       {"1f8b0800000000000203aba81805a360140c7b000007108ec5e9030000",
        "1f8b0800000000000203edc13101000000c2a0da8b6f0d0fa000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000000000000000000000805703711107fea0860100"}) {
    EXPECT_EQ(Parse(Packed("gzip", Unhex(hex))), kTooLarge);
  }
  EXPECT_EQ(Parse(Packed("gzip", Unhex("1f8b0800000000000203aba81805a360140c770000e6c9413be8030000"))),
            Done(200, std::string(kMaxBody, 'x')));
}

}  // namespace
}  // namespace ddb
