#include "json/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "json/padding.h"

namespace ddb::json {
namespace {

using testing::ElementsAre;

// Views point into it.
std::string WithPadding(std::string text) {
  text.append(kPadding, ' ');
  return text;
}

std::optional<View> ParseIn(const std::string& padded) {
  return View::Parse(std::string_view(padded).substr(0, padded.size() - kPadding));
}

TEST(View, WhatIsNoJson) {
  for (const char* text :
       {"", " ", "{", "{} x", "[1,]", "{\"a\":1,}", "nul", "{'a':1}", "{\"a\":\"\xFF\"}", "01"}) {
    EXPECT_FALSE(ParseIn(WithPadding(text))) << text;
  }
}

TEST(View, MembersAndElements) {
  const std::string text = WithPadding(
      R"( {"a" : [ 1 , "x\u00e4", {} ,[],null,true], "b\u0041":{"c":false},"a2":"\ud800","a2":"last"} )");
  const std::optional<View> view = ParseIn(text);
  ASSERT_TRUE(view && view->is_object());
  std::vector<std::string> names;
  view->ForEachMember([&](std::string_view name, View) { names.emplace_back(name); });
  EXPECT_THAT(names, ElementsAre("a", "bA", "a2", "a2"));
  std::vector<View> elements;
  view->Member("a").ForEachElement([&](View element) { elements.push_back(element); });
  ASSERT_EQ(elements.size(), 6u);
  EXPECT_EQ(elements[0].Whole(), 1);
  EXPECT_EQ(elements[1].Text(), "x\xC3\xA4");
  EXPECT_TRUE(elements[2].is_object() && elements[3].is_list() && elements[4].is_null() &&
              elements[5].is_true());
  EXPECT_TRUE(view->Member("bA").Member("c").is_false());
  EXPECT_EQ(view->Member("a2").Text(), "last");
  EXPECT_TRUE(view->Member("none").is_null());
  EXPECT_TRUE(view->Member("a").Member("none").is_null());
  elements[0].ForEachElement([](View) { FAIL(); });
  elements[2].ForEachMember([](std::string_view, View) { FAIL(); });
  elements[3].ForEachElement([](View) { FAIL(); });
  const std::string half = WithPadding(R"("\ud800")");
  EXPECT_EQ(ParseIn(half)->Text(), std::nullopt);
}

TEST(View, WholeNumbersInAnyWriting) {
  const std::pair<const char*, std::optional<int64_t>> kCases[] = {
      {"12", 12},
      {"-7", -7},
      {"12.0", 12},
      {"12.000", 12},
      {"1.2e1", 12},
      {"120E-1", 12},
      {"-0.0", 0},
      {"0e999999999999", 0},
      {"1e+3", 1000},
      {"9223372036854775807", INT64_MAX},
      {"9223372036854775807.0", INT64_MAX},
      {"-9223372036854775808.00", INT64_MIN},
      {"9007199254740993.0", 9007199254740993},
      {"9223372036854775808", std::nullopt},
      {"9223372036854775808.0", std::nullopt},
      {"1e19", std::nullopt},
      {"1e999999999999", std::nullopt},
      {"1e-999999999999", std::nullopt},
      {"12.5", std::nullopt},
      {"1.25e1", std::nullopt},
      {"\"12\"", std::nullopt},
      {"true", std::nullopt},
      {"null", std::nullopt},
  };
  for (const auto& [text, number] : kCases) {
    const std::string padded = WithPadding(text);
    EXPECT_EQ(ParseIn(padded)->Whole(), number) << text;
  }
}

TEST(View, DeepAndHugeValuesArePassedOver) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const std::string text = WithPadding(R"({"schema":{"x":)" + deep + R"(,"maximum":1e999,"min":)" +
                                       std::string(400, '9') + R"(},"name":"s"})");
  const std::optional<View> view = ParseIn(text);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->Member("name").Text(), "s");
}

}  // namespace
}  // namespace ddb::json
