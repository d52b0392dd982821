#include "json/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ddb::json {
namespace {

// Every sequence of up to four bytes around the borders of table 3-7, at every offset in a vector.
TEST(Utf8, ValidAgreesWithItsTwin) {
  const std::vector<unsigned char> bytes = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                            0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                                            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF};
  size_t valid = 0;
  for (size_t index = 0; index < bytes.size() * bytes.size() * bytes.size() * bytes.size(); ++index) {
    std::string text(32, 'x');
    size_t rest = index;
    const size_t offset = index % 29;
    for (size_t i = 0; i < 4; ++i, rest /= bytes.size())
      text[offset + i] = static_cast<char>(bytes[rest % bytes.size()]);
    const char* const begin = text.data();
    const bool good = portable::ValidUtf8(begin, begin + 32);
    valid += good;
    ASSERT_EQ(ValidUtf8(begin, begin + 32), good) << index;
    const size_t cut = offset + 4 < 16 ? 16 : offset + 4;  // ends with the sequence where that is long enough
    ASSERT_EQ(ValidUtf8(begin, begin + cut), portable::ValidUtf8(begin, begin + cut)) << index;
  }
  EXPECT_GT(valid, 100U);
}

TEST(Utf8, ValidKnowsEveryCodePoint) {
  for (unsigned code = 0x80; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string text;
    if (code < 0x800) {
      text = {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
    } else if (code < 0x10000) {
      text = {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
              static_cast<char>(0x80 | (code & 0x3F))};
    } else {
      text = {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3F)),
              static_cast<char>(0x80 | (code >> 6 & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
    }
    std::string appended;
    AppendUtf8(code, appended);
    ASSERT_EQ(appended, text) << code;
    ASSERT_EQ(Utf8Length(code), text.size()) << code;
    text.insert(0, code % 17, 'x').append(16, 'y');
    ASSERT_TRUE(ValidUtf8(text.data(), text.data() + text.size())) << code;
    ASSERT_TRUE(portable::ValidUtf8(text.data(), text.data() + text.size())) << code;
  }
}

TEST(Utf8, HalvesOfSurrogatePairsAreWrittenAndNotValid) {
  for (const uint32_t half : {0xD800U, 0xDBFFU, 0xDC00U, 0xDFFFU}) {
    std::string text;
    AppendUtf8(half, text);
    EXPECT_EQ(text.size(), 3U);
    EXPECT_FALSE(ValidUtf8(text.data(), text.data() + text.size()));
  }
}

TEST(Utf8, WhatIsNoCharacterIsReplacedAsBrowsersDo) {
  const std::string mark(kReplacement);
  EXPECT_EQ(ReplaceInvalidUtf8(""), "");
  EXPECT_EQ(ReplaceInvalidUtf8("a\xC3\xA4\xF0\x9F\x98\x80"), "a\xC3\xA4\xF0\x9F\x98\x80");
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFFz"), "a" + mark + "z");
  EXPECT_EQ(ReplaceInvalidUtf8("\xC3"), mark);
  EXPECT_EQ(ReplaceInvalidUtf8("\xE2\x82z"), mark + "z");  // a character that breaks off
  EXPECT_EQ(ReplaceInvalidUtf8("\x80\xBF"), mark + mark);
  EXPECT_EQ(ReplaceInvalidUtf8("\xC0\xAF"), mark + mark);  // too long for what it says
  EXPECT_EQ(ReplaceInvalidUtf8("\xE0\x80\xAF"), mark + mark + mark);
  EXPECT_EQ(ReplaceInvalidUtf8("\xF4\x90\x80\x80"), mark + mark + mark + mark);  // past U+10FFFF
  EXPECT_EQ(ReplaceInvalidUtf8("\xF5\xE9"), mark + mark);
  EXPECT_EQ(ReplaceInvalidUtf8("\xF1\x80\x80\xE1\x80\xC2z"), mark + mark + mark + "z");  // the standard's own
  EXPECT_EQ(ReplaceInvalidUtf8("\xED\xA0\x80"), mark + mark + mark);
  EXPECT_EQ(ReplaceInvalidUtf8("\xF0\x9F\x98"), mark);
  EXPECT_EQ(ReplaceInvalidUtf8("caf\xE9 \xE9t\xE9"), "caf" + mark + " " + mark + "t" + mark);  // Latin-1
  EXPECT_EQ(ReplaceInvalidUtf8(std::string(40, 'x') + "\x80\xC3\xA4"),
            std::string(40, 'x') + mark + "\xC3\xA4");
}

}  // namespace
}  // namespace ddb::json
