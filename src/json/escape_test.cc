#include "json/escape.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace ddb::json {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendString(text, out);
  return out;
}

TEST(Escape, Escapes) {
  EXPECT_EQ(Quoted(""), R"("")");
  EXPECT_EQ(Quoted("plain"), R"("plain")");
  EXPECT_EQ(Quoted("a\"b\\c\nd\re\tf/"), R"("a\"b\\c\nd\re\tf/")");
  EXPECT_EQ(Quoted(std::string_view("\0\b\f\x1F\x7F", 5)), "\"\\u0000\\b\\f\\u001f\x7F\"");
  EXPECT_EQ(Quoted("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

TEST(Escape, WhatIsNotUtf8IsReplaced) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(Quoted("a\xFFz"), "\"a" + mark + "z\"");
  EXPECT_EQ(Quoted("\xC3"), "\"" + mark + "\"");
  EXPECT_EQ(Quoted("\xC3\""), "\"" + mark + "\\\"\"");
  EXPECT_EQ(Quoted("\xE2\x82z"), "\"" + mark + mark + "z\"");
  EXPECT_EQ(Quoted("\xED\xA0\x80"), "\"" + mark + mark + mark + "\"");
}

TEST(Escape, EveryTwoBytesMakeAValidString) {
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
}  // namespace ddb::json
