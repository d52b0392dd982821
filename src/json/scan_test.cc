#include "json/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace ddb::json {
namespace {

// A text in memory of its own, followed by the padding, so that a sanitizer sees reads past it. What follows
// would continue the text, so that a function that takes it into account is found out.
class Padded {
 public:
  explicit Padded(std::string_view text, char fill = '1')
      : size_(text.size()), bytes_(new char[size_ + kPadding]) {
    std::copy(text.begin(), text.end(), bytes_.get());
    std::fill_n(bytes_.get() + size_, kPadding, fill);
  }
  const char* begin() const { return bytes_.get(); }
  const char* end() const { return bytes_.get() + size_; }

 private:
  size_t size_;
  std::unique_ptr<char[]> bytes_;
};

// How many bytes are stepped over; -1: not valid.
long Skip(const char* (*skip)(const char*, const char*), std::string_view text, char fill = '1') {
  const Padded padded(text, fill);
  const char* next = skip(padded.begin(), padded.end());
  return next == nullptr ? -1 : next - padded.begin();
}

long StringLength(std::string_view text) {
  return Skip([](const char* p, const char* end) { return SkipString(p, end).next; }, text, '"');
}

bool IsValue(std::string_view text, Grammar grammar = Grammar::kJson) {
  const Padded padded(text);
  const char* next = SkipValue(padded.begin(), padded.end(), grammar);
  return next != nullptr && SkipWhitespace(next, padded.end()) == padded.end();
}

TEST(JsonScan, WhatIsNotJsonButUnderstood) {
  for (const char* text : {"NaN", "Infinity", "-Infinity", "[NaN]", "[ NaN , -Infinity ]",
                           "{\"a\":NaN,\"b\":[Infinity,{\"c\":-Infinity}]}", "\"caf\xE9\"", "{\"caf\xE9\":1}",
                           "[\"\xC0\xAF\",\"\x80\",\"\xED\xA0\x80\",\"\xE2\x82\",\"\xFF\\n\"]"}) {
    EXPECT_TRUE(IsValue(text, Grammar::kLenient)) << text;
    EXPECT_FALSE(IsValue(text)) << text;
  }
  for (const char* text :
       {"nan",       "-NaN",     "+NaN",        "inf",        "INF",        "-inf",       "Inf",
        "+Infinity", "NaNs",     "Infinit",     "-Infinit",   "- Infinity", "--Infinity", "NaN0",
        "-",         "{NaN:1}",  "{\"a\" NaN}", "[NaN NaN]",  "\xE9",       "[\xE9]",     "{\"a\":\xE9}",
        "\"\xE9",    "\"\x01\"", "[1,]",        "\"\\\xE9\"", "undefined",  "None"}) {
    EXPECT_FALSE(IsValue(text, Grammar::kLenient)) << text;
  }
}

TEST(JsonScan, Whitespace) {
  EXPECT_EQ(Skip(SkipWhitespace, " \t\r\n x", ' '), 5);
  EXPECT_EQ(Skip(SkipWhitespace, "  ", ' '), 2);
  EXPECT_EQ(Skip(SkipWhitespace, "\v", ' '), 0);
  EXPECT_EQ(Skip(SkipWhitespace, "\xC2\xA0", ' '), 0);
}

TEST(JsonScan, Numbers) {
  for (const char* good : {"0", "-0", "7", "-12", "1234567890123456789012345678901234567890", "0.0", "-0.10",
                           "1e5", "1E+05", "1.5e-300", "0e0", "-0.0E-0"}) {
    EXPECT_EQ(Skip(SkipNumber, good), static_cast<long>(std::string_view(good).size())) << good;
  }
  for (const char* bad :
       {"", "-", "+1", ".5", "1.", "-.5", "1.e5", "1e", "1e+", "1E-", "--1", "-a", "NaN", "a"}) {
    EXPECT_EQ(Skip(SkipNumber, bad), -1) << bad;
  }
  // A number ends where its grammar ends; what may follow is the caller's business.
  EXPECT_EQ(Skip(SkipNumber, "012"), 1);
  EXPECT_EQ(Skip(SkipNumber, "-01"), 2);
  EXPECT_EQ(Skip(SkipNumber, "1.5.2"), 3);
  EXPECT_EQ(Skip(SkipNumber, "1x"), 1);
}

TEST(JsonScan, Literals) {
  EXPECT_EQ(Skip(SkipLiteral, "true"), 4);
  EXPECT_EQ(Skip(SkipLiteral, "false"), 5);
  EXPECT_EQ(Skip(SkipLiteral, "null,"), 4);
  EXPECT_EQ(Skip(SkipLiteral, "nul", 'l'), -1);
  EXPECT_EQ(Skip(SkipLiteral, "fals", 'e'), -1);
  EXPECT_EQ(Skip(SkipLiteral, "True"), -1);
  EXPECT_EQ(Skip(SkipLiteral, "", 'n'), -1);
}

TEST(JsonScan, StringsEndAtTheirQuoteWhereverItIs) {
  for (size_t length = 0; length < 70; ++length) {
    for (const char* tail : {"\"", "\"tail that is no part of it\"", "\"\x01\\"}) {
      const std::string text = std::string(length, 'a') + tail;
      EXPECT_EQ(StringLength(text), static_cast<long>(length + 1)) << text;
    }
    EXPECT_EQ(StringLength(std::string(length, 'a')), -1) << length;  // the quote behind the end is not its
  }
}

TEST(JsonScan, NoControlCharacterInAString) {
  for (int c = 0; c < 256; ++c) {
    for (size_t before : {0U, 3U, 15U, 16U, 30U}) {
      const std::string text = std::string(before, 'x') + static_cast<char>(c) + "yy\"";
      const bool good = c >= 0x20 && c != '"' && c != '\\' && c < 0x80;
      if (c == '"') continue;
      EXPECT_EQ(StringLength(text) >= 0, good) << c << " after " << before;
    }
  }
}

TEST(JsonScan, Escapes) {
  for (const char* good :
       {R"(\"")", R"(\\")", R"(\/\b\f\n\r\t")", R"(\u0000")", R"(\uABCD\uabcd\u09fF")", R"(\ud800")"}) {
    EXPECT_EQ(StringLength(good), static_cast<long>(std::string_view(good).size())) << good;
  }
  for (const char* bad : {R"(\)", R"(\")", R"(\x41")", R"(\u12")", R"(\u12G4")", R"(\u")", R"(\U0041")",
                          R"(\u004)", R"(\ ")", "\\\n\"", R"(\')"}) {
    EXPECT_EQ(StringLength(bad), -1) << bad;
  }
  const Padded plain("abc\"");
  EXPECT_FALSE(SkipString(plain.begin(), plain.end()).escaped);
  const Padded escaped("abc\\n\"");
  EXPECT_TRUE(SkipString(escaped.begin(), escaped.end()).escaped);
}

TEST(JsonScan, StringsAreUtf8) {
  for (size_t before = 0; before < 40; ++before) {
    const std::string lead(before, 'x');
    EXPECT_GE(StringLength(lead + "\xC3\xA4\""), 0);
    EXPECT_GE(StringLength(lead + "\xF0\x9F\x98\x80 and more text behind it\""), 0);
    EXPECT_EQ(StringLength(lead + "\xC3\""), -1);
    EXPECT_EQ(StringLength(lead + "\xE2\x82\""), -1);
    EXPECT_EQ(StringLength(lead + "\xFF and more text behind it\""), -1);
    EXPECT_EQ(StringLength(lead + "\xED\xA0\x80\""), -1);
    EXPECT_EQ(StringLength(lead + "\xC3\\n\xA4\""), -1);
  }
  // Bytes behind the closing quote are not its own.
  EXPECT_EQ(StringLength("abc\"\xFF\xFF"), 4);
}

TEST(JsonScan, FindStringSpecialAgreesWithItsTwin) {
  std::mt19937 random(1);
  const std::string alphabet =
      std::string("abcdefghijklmnopqrstuvwxyz !\x1F\x20\x21\x22\x23\x5B\x5C\x5D\x7F") + "\x80\xA2\xDC\xFF";
  for (int round = 0; round < 50'000; ++round) {
    std::string text(random() % 80, 'x');
    for (int i = random() % 3; i >= 0 && !text.empty(); --i) {
      text[random() % text.size()] = alphabet[random() % alphabet.size()];
    }
    const Padded padded(text, 'x');
    bool high = false;
    bool twin_high = false;
    const char* found = FindStringSpecial(padded.begin(), padded.end(), high);
    ASSERT_EQ(found, portable::FindStringSpecial(padded.begin(), padded.end(), twin_high)) << text;
    ASSERT_EQ(high, twin_high) << text;
    ASSERT_EQ(twin_high, std::any_of(padded.begin(), found, [](char c) { return (c & 0x80) != 0; })) << text;
  }
}

TEST(JsonScan, Values) {
  for (const char* good :
       {"{}", "[]", " { } ", "[ ]", "0", "\"\"", "null", "[1,2 , 3]", R"({"a":{"b":[{}, [], "x"]},"a":null})",
        "\t[\r\n-1.5e3\t]", R"({"":""})", "[[[[]]],{}]"}) {
    EXPECT_TRUE(IsValue(good)) << good;
  }
  for (const char* bad :
       {"",         " ",           "{",           "[",          "}",        "]",
        "{]",       "[}",          "[1,]",        "[,1]",       "[1 2]",    "{,}",
        R"({"a"})", R"({"a":})",   R"({"a":1,})", R"({"a" 1})", R"({a:1})", R"({"a":1 "b":2})",
        R"({1:2})", "[1]]",        "[[1]",        "01",         "1.",       "nul",
        "[\"a]",    R"({"a":[1})", "'a'",         "[1,2",       "{\"a\":1", "\xEF\xBB\xBF{}",
        "[NaN]",    "//",          "[1]/**/"}) {
    EXPECT_FALSE(IsValue(bad)) << bad;
  }
}

TEST(JsonScan, DepthIsNoLimit) {
  for (const size_t depth : {1U, 63U, 64U, 65U, 127U, 128U, 129U, 193U, 1'000'000U}) {
    std::string text;
    std::string closing;
    for (size_t i = 0; i < depth; ++i) {
      const bool object = i * 7 % 3 == 0;
      text += object ? "{\"a\":" : "[";
      closing += object ? '}' : ']';
    }
    std::reverse(closing.begin(), closing.end());
    EXPECT_TRUE(IsValue(text + "1" + closing)) << depth;
    EXPECT_FALSE(IsValue(text + "1" + closing.substr(1))) << depth;
    closing[closing.size() / 2] ^= '}' ^ ']';  // one bracket of the other kind
    EXPECT_FALSE(IsValue(text + "1" + closing)) << depth;
  }
}

bool HasLargeExponent(std::string_view text) {
  for (size_t i = 1; i + 3 < text.size(); ++i) {
    if ((text[i] != 'e' && text[i] != 'E') || std::isdigit(text[i - 1]) == 0) continue;
    const size_t digits = i + (text[i + 1] == '+' || text[i + 1] == '-' ? 2 : 1);
    if (text.substr(digits).find_first_not_of("0123456789") >= 3) return true;
  }
  return false;
}

// Against another parser: valid documents with random bytes changed, inserted and removed.
TEST(JsonScan, AgreesWithAnotherParserOnDamagedDocuments) {
  const std::string seeds[] = {
      R"({"a":[1,-2.5e3,true,false,null,"x\n\u00e4\"y"],"b":{"c":{},"d":[]},"long name of a member":"a longer text, over 16 bytes"})",
      "[{\"k\": \"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80 and \xC3\x9F\"}, [[]], 0, 10, -0.5, "
      "\"\\uD83D\\uDE00\"]"};
  const std::string_view alphabet = "{}[]\",:\\ux0123456789eE+-.truefalsn \t\x01\x80\xC3\xFF/";
  std::mt19937 random(2);
  size_t valid = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text = seeds[random() % 2];
    for (int change = random() % 3; change >= 0; --change) {
      const size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1);
      }
    }
    const bool good = IsValue(text);
    valid += good;
    // The other parser takes no number past a double and no half of a surrogate pair.
    const bool special = text.find("\\u") != std::string::npos || HasLargeExponent(text);
    const bool other = nlohmann::json::accept(text);
    ASSERT_TRUE(good == other || (good && special)) << text;
  }
  EXPECT_GT(valid, 1'000U);
}

TEST(JsonScan, Shapes) {
  for (const char* shape : {"{}", "[]", "{a}", "{'}'}", R"({"}"})", R"({"\"}"})", "[{[{}]}]", "[1,,{]}x]"}) {
    const std::string_view text = shape;
    const bool matches = text.find("{]}") == std::string_view::npos;
    EXPECT_EQ(Skip(SkipShape, text), matches ? static_cast<long>(text.size()) : -1) << text;
    for (size_t cut = 0; cut < text.size(); ++cut)
      EXPECT_EQ(Skip(SkipShape, text.substr(0, cut), '}'), -1) << text;
  }
  EXPECT_EQ(Skip(SkipShape, "None,1"), 4);
  EXPECT_EQ(Skip(SkipShape, "0x1 }"), 4);
  EXPECT_EQ(Skip(SkipShape, "}"), 0);
  EXPECT_EQ(Skip(SkipShape, R"("\x" ,1)"), 5);
  EXPECT_EQ(Skip(SkipShape, "'a,b']"), 5);
  for (const char* open :
       {"1", "1 2", "'a' b,", "'a' 'b',", "a 'b',", "a {},", "'a,", R"("\")", "{]", "[}", "{[}]"}) {
    EXPECT_EQ(Skip(SkipShape, open, '}'), -1) << open;
  }
  const std::string deep(1000, '[');
  EXPECT_EQ(Skip(SkipShape, deep + std::string(1000, ']')), 2000);
  EXPECT_EQ(Skip(SkipShape, deep + std::string(999, ']'), ']'), -1);
}

}  // namespace
}  // namespace ddb::json
