#include "items/dead_letter.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <simdjson.h>
#include <zlib.h>

#include <random>
#include <string>

namespace ddb {
namespace {

using simdjson::dom::element;

DeadLetter LetterOf(std::string_view record) {
  DeadLetter letter;
  letter.stream = {"public", "us\"ers"};
  letter.reason = "the item is too large";
  letter.sync_time_millis = 1000;
  letter.rejected_at_millis = 2000;
  letter.format = kDeadLetterAirbyte;
  letter.record = record;
  return letter;
}

std::string TextIn(element item, const std::string& name, const char* type) {
  return std::string(std::string_view(item[name][type]));
}

std::string Decode(const std::string& base64) {
  std::string out(base64.size(), '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(base64.data()), static_cast<int>(base64.size()));
  size_t padding = 0;
  while (padding < 2 && padding < base64.size() && base64[base64.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<size_t>(length) - padding);
  return out;
}

std::string Gunzip(std::string gzip, size_t size) {
  std::string out(size, '\0');
  z_stream stream = {};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(gzip.data());
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  inflateEnd(&stream);
  return out;
}

TEST(DeadLetterTest, AShortRecordIsKeptAsText) {
  UuidSource uuids;
  const std::string record = "{\"a\":\"x\\u0000\xC3\xA9\"}";
  const std::vector<std::string> items = DeadLetterItems(LetterOf(record), uuids);
  ASSERT_EQ(items.size(), 1u);
  simdjson::dom::parser parser;
  const element item = parser.parse(items[0]);
  EXPECT_EQ(TextIn(item, "record", "S"), record);
  EXPECT_EQ(TextIn(item, "stream", "S"), "us\"ers");
  EXPECT_EQ(TextIn(item, "namespace", "S"), "public");
  EXPECT_EQ(TextIn(item, "reason", "S"), "the item is too large");
  EXPECT_EQ(TextIn(item, "sync_time", "N"), "1000");
  EXPECT_EQ(TextIn(item, "rejected_at", "N"), "2000");
  EXPECT_EQ(TextIn(item, "parts", "N"), "1");
}

TEST(DeadLetterTest, ARecordThatIsNotUtf8IsKeptByteForByte) {
  UuidSource uuids;
  const std::string record = "{\"a\":\"caf\xE9\",\"b\":NaN}";
  const std::vector<std::string> items = DeadLetterItems(LetterOf(record), uuids);
  ASSERT_EQ(items.size(), 1u);
  simdjson::dom::parser parser;
  const element item = parser.parse(items[0]);
  EXPECT_NE(item["record"].error(), simdjson::SUCCESS);
  EXPECT_EQ(Gunzip(Decode(TextIn(item, "record_gzip", "B")), record.size()), record);
}

TEST(DeadLetterTest, ALongRecordIsKeptAsGzipInParts) {
  UuidSource uuids;
  std::mt19937 random(7);
  std::string record;
  while (record.size() < 1'500'000) record.push_back(static_cast<char>('!' + random() % 90));
  const std::vector<std::string> items = DeadLetterItems(LetterOf(record), uuids);
  ASSERT_GE(items.size(), 3u);
  simdjson::dom::parser parser;
  std::string gzip;
  std::string letter;
  for (size_t i = 0; i < items.size(); ++i) {
    const element item = parser.parse(items[i]);
    EXPECT_EQ(TextIn(item, "part", "N"), std::to_string(i + 1));
    EXPECT_EQ(TextIn(item, "parts", "N"), std::to_string(items.size()));
    EXPECT_TRUE(i == 0 || TextIn(item, "letter_id", "S") == letter);
    letter = TextIn(item, "letter_id", "S");
    const std::string part = Decode(TextIn(item, "record_gzip", "B"));
    EXPECT_LE(part.size(), kDeadLetterPartBytes);
    gzip += part;
  }
  EXPECT_EQ(Gunzip(gzip, record.size()), record);
}

}  // namespace
}  // namespace ddb
