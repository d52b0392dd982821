#include "pipeline/chunk_room.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "airbyte/message_parser.h"
#include "items/item_encoder.h"
#include "items/kept_fields.h"
#include "json/padding.h"

namespace ddb {
namespace {

std::string LineOf(const std::string& data) {
  return R"({"type":"RECORD","record":{"stream":"s","data":)" + data + R"(,"emitted_at":1}})";
}

std::string Repeated(const std::string& element, size_t bytes) {
  std::string list;
  while (list.size() < bytes) list += (list.empty() ? "" : ",") + element;
  return list;
}

// Of the data's item, before anything is nulled.
size_t Encoded(const std::string& data) {
  ItemEncoder encoder;
  Buffer out;
  const std::string padded = data + std::string(json::kPadding, ' ');
  EXPECT_NE(encoder.EncodeData(padded.data(), padded.data() + data.size(), nullptr, out).next, nullptr);
  return out.size();
}

constexpr size_t kMiB = 1 << 20;

class RoomForLineTest : public ::testing::TestWithParam<const char*> {};

TEST_P(RoomForLineTest, HasTheItemOfAListOf) {
  const std::string data = R"({"a":[)" + Repeated(GetParam(), 2 * kMiB) + "]}";
  const size_t item = Encoded(data);
  const size_t room = RoomForLine(LineOf(data));
  EXPECT_GE(room, item);
  // A number with an exponent may be written with 40 digits; how many it has is not looked at.
  if (std::string_view(GetParam()).find_first_of("eE", 1) != std::string_view::npos &&
      std::string_view(GetParam()).find('1') != std::string_view::npos) {
    return;
  }
  EXPECT_LE(room, item + item / 3 + 2 * kMiB) << "far more than it needs: such lines would be refused";
}

INSTANTIATE_TEST_SUITE_P(Elements, RoomForLineTest,
                         ::testing::Values("1e39", "-1E-130", "1", "-1.5", "true", "false", "null", R"("")",
                                           "{}", "[]", R"("some text, such as: there is")",
                                           R"({"a":1,"b":"x"})", R"([[1,"e5"],{"k":{"l":[]}}])",
                                           R"("\u0001\n\"")", " 1 ", "1e999",
                                           "123456789012345678901234567890123456789012345", "NaN",
                                           "-Infinity", "\"caf\xE9 caf\xE9 caf\xE9 caf\xE9\""));

TEST(RoomForChunkTest, HasTheItemsOfLinesThatGrowTheMost) {
  for (const char* element : {"1e39", "1", "true", "{}"}) {
    const std::string data = R"({"a":[)" + Repeated(element, 2000) + "]}";
    EXPECT_GE(RoomForChunk(LineOf(data).size()), Encoded(data)) << element;
  }
}

class RoomForOddLineTest : public ::testing::TestWithParam<const char*> {};

TEST_P(RoomForOddLineTest, IsTheWorst) {
  const std::string line = LineOf(R"({"a":[)" + Repeated(GetParam(), kMiB) + "]}");
  EXPECT_GE(RoomForLine(line), RoomForChunk(line.size()) + kMaxNotedByPath);
}

INSTANTIATE_TEST_SUITE_P(
    Elements, RoomForOddLineTest,
    ::testing::Values(R"({"":1})", R"({"\ud800":1})", R"({"" :1})",
                      "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"\"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"));

TEST(RoomForLineTest2, TextHardlyNeedsMoreThanItself) {
  const std::string line = LineOf(R"({"a":")" + Repeated("a word: 12e5, [\\\"x\\\"] {", 8 * kMiB) + R"("})");
  EXPECT_LT(RoomForLine(line), line.size() + 2 * kMiB + kMaxNotedByPath);
}

TEST(RoomForLineTest2, OfAVeryLongLineNoMoreIsHeldThanCanBeStored) {
  const std::string line = LineOf(R"({"a":[)" + Repeated("1e39", 8 * kMiB) + "]}");
  EXPECT_LT(RoomForLine(line), kMaxRecordText + kMaxNotedByPath + 16 * kMiB);
  EXPECT_GT(RoomForChunk(line.size()), 2 * kMaxRecordText);
}

TEST(RoomForLineTest2, CountsTheFieldsOfTheRecordAndTheNamesThatAreOpen) {
  std::string fields;
  std::string inner;
  for (int i = 0; i < 100'000; ++i) {
    const std::string field = (i > 0 ? ",\"f" : "\"f") + std::to_string(i) + "\":1";
    fields += field;
    inner += (i > 0 ? ",{" : "{") + field.substr(i > 0 ? 1 : 0) + "}";
  }
  const size_t flat = RoomForLine(LineOf("{" + fields + "}"));
  const size_t deeper = RoomForLine(LineOf(R"({"o":{)" + fields + "}}"));
  const size_t apart = RoomForLine(LineOf(R"({"o":[)" + inner + "]}"));
  // A part, a path and a place in the order for each; a name that is looked for among the others.
  EXPECT_GT(flat, deeper + 100'000 * 300);
  EXPECT_GT(deeper, apart + 100'000 * 30);
}

TEST(RoomForLineTest2, WhatIsNoJsonButUnderstoodIsNoted) {
  const size_t good = RoomForLine(LineOf(R"({"a":["NaN"]})"));
  for (const char* element : {"NaN", "Infinity", "-Infinity", "\"\xE9\""}) {
    EXPECT_GE(RoomForLine(LineOf(std::string(R"({"a":[)") + element + "]}")), good + kMaxNotedByPath / 2)
        << element;
  }
  const std::string name = LineOf("{\"" + std::string(2000, '\xE9') + "\":1}");
  EXPECT_GE(RoomForLine(name), RoomForChunk(name.size()) + kMaxNotedByPath);
}

TEST(RoomForLineTest2, TakesWhatIsNoJson) {
  for (const char* line : {"", "\"", "\"\\", "]]]}}}", "{\"a\":[1,2", "::::", "\\", "{\"\"", "\xff\xfe"}) {
    EXPECT_GE(RoomForLine(line) + 1, std::string(line).size()) << line;
  }
}

TEST(RoomForLongChunkTest, HasRoomForWhatFollowsTheLine) {
  const std::string line = LineOf(R"({"a":")" + std::string(kMiB, 'x') + R"("})");
  const std::string rest(100'000, 'y');
  EXPECT_GE(RoomForLongChunk(line + "\n" + rest), RoomForLine(line) + RoomForChunk(rest.size()));
  EXPECT_EQ(RoomForLongChunk(line), RoomForLine(line));
}

}  // namespace
}  // namespace ddb
