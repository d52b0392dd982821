#include "json/escape.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <string>

#include "json/utf8.h"

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
  EXPECT_EQ(Quoted("\xE2\x82z"), "\"" + mark + "z\"");
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

TEST(Escape, UnescapeGivesTheText) {
  const auto decode = [](std::string_view raw) {
    std::string out = "old";
    return Unescape(raw, out) ? out : "invalid";
  };
  EXPECT_EQ(decode(""), "");
  EXPECT_EQ(decode("plain \xC3\xA4"), "plain \xC3\xA4");
  EXPECT_EQ(decode(R"(a\"b\\c\/d\be\ff\ng\rh\ti)"), "a\"b\\c/d\be\ff\ng\rh\ti");
  EXPECT_EQ(decode(R"(\u0041\u00e4\u20AC\uD83D\uDE00!)"), "A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80!");
  EXPECT_EQ(decode(R"(\u0000)"), std::string(1, '\0'));
  EXPECT_EQ(decode(R"(\uD800\uDC00\uDBFF\uDFFF)"), "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  for (const char* lone :
       {R"(\uD83D)", R"(\uD83Dx)", R"(\uDE00)", R"(\uD83D\n)", R"(\uD83D\uD83D)", R"(\uD83D\u0041)"}) {
    EXPECT_EQ(decode(lone), "invalid") << lone;
  }
}

// Different raw texts stay different, and each half is where it was.
TEST(Escape, UnescapeKeepsHalvesOfPairs) {
  const auto unescape = [](std::string_view raw) {
    std::string out;
    EXPECT_FALSE(Unescape(raw, out)) << raw;
    return out;
  };
  EXPECT_EQ(unescape(R"(\ud83d)"), "\xED\xA0\xBD");
  EXPECT_EQ(unescape(R"(a\ude00b)"),
            "a\xED\xB8\x80"
            "b");
  EXPECT_EQ(unescape(R"(\ude00\ud83d)"), "\xED\xB8\x80\xED\xA0\xBD");
  EXPECT_EQ(unescape(R"(\ud83d\ud83d\ude00)"), "\xED\xA0\xBD\xF0\x9F\x98\x80");
}

TEST(Escape, ReadsWhatOneEscapeStandsFor) {
  const auto read = [](std::string_view raw) { return ReadEscape(raw.data(), raw.data() + raw.size()); };
  EXPECT_EQ(read(R"(\n)").code, 0x0AU);
  EXPECT_EQ(read(R"(\/x)").length, 2U);
  EXPECT_EQ(read(R"(\u20aC1)").code, 0x20ACU);
  EXPECT_EQ(read(R"(\u20aC1)").utf8_length, 3U);
  EXPECT_EQ(read(R"(\ud83d\ude00)").code, 0x1F600U);
  EXPECT_EQ(read(R"(\ud83d\ude00)").length, 12U);
  EXPECT_TRUE(read(R"(\ud83d\ude0)").lone_surrogate);
  EXPECT_EQ(read(R"(\ud83d\ude0)").length, 6U);
  for (const char* bad : {"\\", R"(\x)", R"(\u12)", R"(\u12g4)", R"(\U0041)", "\\\n"})
    EXPECT_EQ(read(bad).length, 0U) << bad;
}

// Every character and every byte, as another writer has them.
TEST(Escape, WritesAsAnotherWriterDoes) {
  for (unsigned code = 0; code < 0x3000; ++code) {
    std::string text = "a";
    AppendUtf8(code, text);
    ASSERT_EQ(Quoted(text), nlohmann::json(text).dump()) << code;
    std::string inside;
    AppendEscaped(text, inside);
    ASSERT_EQ('"' + inside + '"', Quoted(text)) << code;
    std::string back;
    ASSERT_TRUE(Unescape(inside, back));
    ASSERT_EQ(back, text) << code;
  }
}

}  // namespace
}  // namespace ddb::json
