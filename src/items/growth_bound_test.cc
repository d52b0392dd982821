#include "items/growth_bound.h"

#include <gtest/gtest.h>

#include <string>

#include "support/items/encoder_testing.h"

namespace ddb {
namespace {

using testkit::Encode;
using testkit::Encoded;

std::string Repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// A whole line around the data, without the newline.
size_t LineBytes(std::string_view data) { return growth::kLine.size() + data.size(); }

struct Grown {
  size_t bound;
  size_t item;
  size_t noted;
};
Grown Grow(std::string_view data, std::string_view meta = "") {
  ItemEncoder encoder;
  ItemEncoder::Stream stream;
  stream.sync_time_millis = stream.generation_id.emplace() = stream.sync_id.emplace() = INT64_MIN;
  // One that is too large to be stored is rejected when it is encoded whole, which is what counts here.
  stream.protected_fields = {"a"};
  const StreamEncoding encoding(stream);
  std::string padded(data);
  padded.append(json::kPadding, ' ');
  std::string padded_meta(meta);
  padded_meta.append(json::kPadding, ' ');
  Buffer out;
  const EncodedData encoded = encoder.EncodeData(padded.data(), padded.data() + data.size(), &encoding, out);
  EXPECT_NE(encoded.next, nullptr) << data.substr(0, 80);
  encoder.Finish({"1"}, std::string_view(padded_meta).substr(0, meta.size()), encoding, out);
  return {GrownBytes(LineBytes(data) + meta.size()), out.size(), encoder.last_item().noted_bytes};
}

TEST(GrowthBound, TheWorstTokens) {
  const std::string kTokens[] = {"1e39",
                                 "-1e39",
                                 "1e-36",
                                 "1e-37",
                                 "123e36",
                                 "1",
                                 "0",
                                 "12e38",
                                 "1e126",
                                 R"("")",
                                 "true",
                                 "false",
                                 "null",
                                 "{}",
                                 "[]",
                                 "[1]",
                                 "[[]]",
                                 R"({"":1})",
                                 R"({"":1e39,"_airbyte_empty_name":1})",
                                 R"({"":{"":{"":{}}}})"};
  for (const std::string& token : kTokens) {
    const std::string data = R"({"a":[)" + Repeat(token + ",", 20'000) + token + "]}";
    const Grown grown = Grow(data);
    EXPECT_LE(grown.item, grown.bound + grown.noted) << token;
  }
}

// Not a byte is given away: the worst text comes to the bound but for what frames its record.
TEST(GrowthBound, IsReached) {
  const Grown grown = Grow(R"({"a":[)" + Repeat("1e39,", 100'000) + "1]}");
  EXPECT_LE(grown.item, grown.bound);
  EXPECT_GE(grown.item + 1000, grown.bound);
}

TEST(GrowthBound, DeepThings) {
  for (const std::string inside : {"", "1", "1e39", R"("")", "[\t\t\t\t]", R"([[""],{"":""}])"}) {
    const std::string deep = Repeat("[", 30) + inside + Repeat("]", 30);
    const Grown grown = Grow(R"({"a":[)" + Repeat(deep + ",", 1000) + deep + "]}");
    EXPECT_LE(grown.item, grown.bound + grown.noted) << inside;
  }
  const Grown tabs = Grow(R"({"a":)" + Repeat("[", 31) + Repeat("\t", 100'000) + Repeat("]", 31) + "}");
  EXPECT_LE(tabs.item, tabs.bound + tabs.noted);
}

TEST(GrowthBound, NamesThatAreSubstituted) {
  for (const std::string name : {R"(\ud800%\n\n\n\n\n\n\n\n)", R"(\udc00\u0001%)", R"(%.[\\.[\\\ud800)"}) {
    std::string data = "{\"a\":{";
    for (int i = 0; i < 2000; ++i) {
      std::string numbered = name;
      numbered.replace(numbered.find('%'), 1, std::to_string(i));
      data += (i == 0 ? "\"" : ",\"") + numbered + "\":1e39";
    }
    const Grown grown = Grow(data + "}}");
    EXPECT_LE(grown.item, grown.bound + grown.noted) << name;
  }
}

// Names that are made alike are told apart by numbers.
TEST(GrowthBound, NamesThatMeetInOneSubstitute) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string data = "{\"a\":{\"b\":1";
  for (int i = 0; i < 0x800; ++i) {
    data += std::string(",\"\\ud") + kHex[8 + i / 256] + kHex[i / 16 % 16] + kHex[i % 16] + "\":[]";
  }
  const Grown grown = Grow(data + "}}");
  EXPECT_LE(grown.item, grown.bound + grown.noted);
}

TEST(GrowthBound, RecordsOfNothing) {
  const Grown empty = Grow("{}");
  EXPECT_LE(empty.item + growth::kMaxEnvelope, empty.bound);
  const Grown meta = Grow("{}", R"({"changes":[1]})");
  EXPECT_LE(meta.item + growth::kMaxEnvelope, meta.bound);
}

// All that one record can note by path: a hundred of the longest that still are.
TEST(GrowthBound, WhatIsNoted) {
  const std::string name = Repeat(R"(\u0001)", static_cast<int>(ChangeLog::kMaxPathBytes) - 5);
  const Grown grown = Grow("{\"" + name + "\":[" + Repeat("1e126,", 200) + "1e126]}");
  EXPECT_LE(grown.item, grown.bound + grown.noted);
  EXPECT_LE(grown.noted, kMaxNotedByPath + growth::kChange + growth::kEscaped * name.size());
  EXPECT_GT(grown.noted, kMaxNotedByPath * 9 / 10);
  EXPECT_GT(grown.item, 5 * grown.bound) << "the bound without it is not one";
}

// What is nulled because the item is too large does not make it longer.
TEST(GrowthBound, FieldsThatAreNulled) {
  for (const int name_bytes : {1, 50, 200}) {
    std::string data = "{\"x\":1";
    for (int i = 0; i < 4000; ++i) {
      const std::string number = std::to_string(10'000 + i);
      data +=
          ",\"" + Repeat(R"(\n)", name_bytes) + number + "\":\"" + std::string(70 + name_bytes, 'v') + "\"";
    }
    const Grown grown = Grow(data + "}");
    EXPECT_LE(grown.item, grown.bound + grown.noted) << name_bytes;
  }
}

// The lengths that the bound is computed with are those that the writer writes.
TEST(GrowthBound, NumbersAreAsLongAsItSays) {
  for (int count = 1; count <= kMaxNumberDigits; ++count) {
    for (int exponent = kMinNumberExponent; exponent <= kMaxNumberExponent; ++exponent) {
      const int power = exponent - count;
      std::string text = std::string(static_cast<size_t>(count), '7');
      if (power != 0) text += "e" + std::to_string(power);
      char out[kMaxCanonicalNumber];
      const Number number = NormalizeNumber(text.data(), text.data() + text.size(), out);
      ASSERT_EQ(number.fit, NumberFit::kFits) << text;
      EXPECT_EQ(number.length, WrittenLength(count, exponent)) << text;
      EXPECT_EQ(std::min<size_t>(text.size(), number.length), ShortestLength(count, exponent)) << text;
    }
  }
}

}  // namespace
}  // namespace ddb
