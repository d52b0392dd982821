#include "json/mistakes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ddb::json {
namespace {

using std::string_literals::operator""s;
using testing::HasSubstr;

TEST(WhyNotJson, SaysWhatTheFileIs) {
  const std::pair<std::string, const char*> kCases[] = {
      {"", "it is empty"},
      {" \r\n\t", "it is empty"},
      {"\xFF\xFE{\0}\0"s, "UTF-16"},
      {"\xFE\xFF\0{\0}"s, "UTF-16"},
      {"{\0\"\0a\0"s, "UTF-16"},
      {"\0{\0\""s, "UTF-16"},
      {"\x1F\x8B\x08\x00\x00\x00\x00"s, "compressed"},
      {"{\n\"a\": \0 1}"s, "a zero byte in line 2"},
      {"{\"a\": \"\xE4\"}", "not UTF-8"},
      {"{\n// the keys\n\"a\": 1}", "a comment in line 2"},
      {"{\"a\": 1 /* one */}", "a comment in line 1"},
      {"# config\n{\"a\": 1}", "a comment in line 1"},
      {"{\"a\": 1}\n// end", "a comment in line 2"},
      {"{\"a\": 1,\n}", "a comma before a closing bracket in line 2"},
      {"{\"a\": [1, 2, ]}", "a comma before a closing bracket in line 1"},
      {"{'a': 1}", "single quotes in line 1"},
      {"{\"a\": None}", "a word without quotes in line 1"},
      {"{\"a\":\n NaN}", "a word without quotes in line 2"},
      {"{a: 1}", "a word without quotes in line 1"},
      {"region: us-east-1\n", "a word without quotes in line 1"},
      {"{\"a\": 1}\n2", "goes on behind its end in line 1"},
      {"{\"a\": 1}\n{\"b\": 2}", "several objects, one behind the other"},
      {"\xFF\xFE\0\0{\0\0\0"s, "UTF-32"},
      {"\0\0\xFE\xFF\0\0\0{"s, "UTF-32"},
      {"\0\0\0{\0\0\0}"s, "UTF-32"},
      {"{\0\0\0}\0\0\0"s, "UTF-32"},
      {"{\"a\": {\"b\": 1}", "ends too early"},
      {"{\"a\": \"b", "in the middle of a text in quotes"},
      {"{\"a\": \"b\\", "in the middle of a text in quotes"},
  };
  for (const auto& [text, why] : kCases) EXPECT_THAT(WhyNotJson(text), HasSubstr(why)) << text;
}

TEST(WhyNotJson, WhatStandsInStringsIsNoMistake) {
  for (const char* text : {R"({"a": "// no, /* no, # no, ,} ' \" ' "})",
                           R"({"a": [true, false, null, 1e5, -1.5E+2] 1})", "1:1"}) {
    EXPECT_EQ(WhyNotJson(text), "") << text;
  }
}

}  // namespace
}  // namespace ddb::json
