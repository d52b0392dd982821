#include "airbyte/json_text.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace ddb {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

TEST(JsonText, Escapes) {
  EXPECT_EQ(Quoted(""), R"("")");
  EXPECT_EQ(Quoted("plain"), R"("plain")");
  EXPECT_EQ(Quoted("a\"b\\c\nd\re\tf/"), R"("a\"b\\c\nd\re\tf/")");
  EXPECT_EQ(Quoted(std::string_view("\0\x1F\x7F", 3)), "\"\\u0000\\u001f\x7F\"");
  EXPECT_EQ(Quoted("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

TEST(JsonText, WhatIsNotUtf8IsReplaced) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(Quoted("a\xFFz"), "\"a" + mark + "z\"");
  EXPECT_EQ(Quoted("\xC3"), "\"" + mark + "\"");
  EXPECT_EQ(Quoted("\xC3\""), "\"" + mark + "\\\"\"");
  EXPECT_EQ(Quoted("\xE2\x82z"), "\"" + mark + mark + "z\"");
  EXPECT_EQ(Quoted("\xED\xA0\x80"), "\"" + mark + mark + mark + "\"");
}

TEST(JsonText, EveryTwoBytesMakeAValidString) {
  simdjson::dom::parser parser;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string quoted = Quoted(std::string{static_cast<char>(first), static_cast<char>(second)});
      ASSERT_EQ(quoted.find('\n'), std::string::npos);
      ASSERT_EQ(parser.parse(quoted).error(), simdjson::SUCCESS) << first << " " << second;
    }
  }
}

}  // namespace
}  // namespace ddb
