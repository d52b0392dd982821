#include "scripted_server/attribute_value.h"

#include <gtest/gtest.h>

namespace scripted {
namespace {

std::string Canonical(std::string_view text) {
  Refusal refusal;
  std::string out = CanonicalNumber(text, refusal);
  return refusal.ok() ? out : "refused";
}

Refusal Check(const std::string& json, ItemFacts* facts_out = nullptr) {
  simdjson::dom::parser parser;
  ItemFacts facts;
  Refusal refusal = CheckItem(parser.parse(json).value(), facts);
  if (facts_out != nullptr) *facts_out = facts;
  return refusal;
}

size_t Size(const std::string& json) {
  ItemFacts facts;
  EXPECT_TRUE(Check(json, &facts).ok());
  return facts.bytes;
}

TEST(Number, EqualValuesHaveOneForm) {
  EXPECT_EQ(Canonical("1000"), Canonical("1e3"));
  EXPECT_EQ(Canonical("1.0"), Canonical("1"));
  EXPECT_EQ(Canonical("-0"), Canonical("0.00"));
  EXPECT_EQ(Canonical("-007.50"), Canonical("-7.5"));
  EXPECT_NE(Canonical("1"), Canonical("-1"));
}

TEST(Number, LimitsAreTheServices) {
  EXPECT_NE(Canonical(std::string(38, '9')), "refused");
  EXPECT_EQ(Canonical(std::string(39, '9')), "refused");
  EXPECT_NE(Canonical("1" + std::string(80, '0')), "refused");
  EXPECT_NE(Canonical("9.99e125"), "refused");
  EXPECT_EQ(Canonical("1e126"), "refused");
  EXPECT_NE(Canonical("1e-130"), "refused");
  EXPECT_EQ(Canonical("1e-131"), "refused");
  for (const char* text : {"", "+5", "NaN", "1e", "--1", "0x10", " 5", "5 ", ".", "1.2.3"}) {
    EXPECT_EQ(Canonical(text), "refused") << text;
  }
}

TEST(Item, SizesAreTheServices) {
  EXPECT_EQ(Size(R"({"a":{"S":"xyz"}})"), 4U);
  EXPECT_EQ(Size(R"({"a":{"S":"\u00e9"}})"), 3U);
  EXPECT_EQ(Size(R"({"a":{"N":"1"}})"), 1U + 2);
  EXPECT_EQ(Size(R"({"a":{"N":"0"}})"), 1U + 1);
  EXPECT_EQ(Size(R"({"a":{"N":"-12"}})"), 1U + 3);
  EXPECT_EQ(Size(R"({"a":{"NULL":true},"b":{"BOOL":false}})"), 4U);
  EXPECT_EQ(Size(R"({"a":{"L":[{"S":"x"}]}})"), 1U + 3 + 1 + 1);
  EXPECT_EQ(Size(R"({"a":{"M":{"k":{"S":"x"}}}})"), 1U + 3 + 1 + 1 + 1);
  EXPECT_EQ(Size(R"({"a":{"B":"AAAA"}})"), 1U + 3);
}

TEST(Item, SizeLimitIsExact) {
  EXPECT_TRUE(Check(R"({"a":{"S":")" + std::string(409'599, 'x') + R"("}})").ok());
  EXPECT_FALSE(Check(R"({"a":{"S":")" + std::string(409'600, 'x') + R"("}})").ok());
}

TEST(Item, DepthLimitIsExact) {
  auto nested = [](int containers) {
    std::string json = R"({"S":"x"})";
    for (int i = 0; i < containers; ++i) json = R"({"L":[)" + json + "]}";
    return "{\"a\":" + json + "}";
  };
  EXPECT_TRUE(Check(nested(31)).ok());
  EXPECT_FALSE(Check(nested(32)).ok());
}

TEST(Item, WhatTheServiceRefuses) {
  for (const char* json :
       {R"({"":{"S":"x"}})", R"({"a":{"M":{"":{"S":"x"}}}})", R"({"a":{}})", R"({"a":{"S":"x","N":"1"}})",
        R"({"a":{"X":"x"}})", R"({"a":{"SS":[]}})", R"({"a":{"NS":["1","1.0"]}})", R"({"a":{"NULL":false}})",
        R"({"a":{"N":5}})", R"({"a":{"B":"AAA"}})", R"({"a":"x"})"}) {
    EXPECT_FALSE(Check(json).ok()) << json;
  }
  EXPECT_TRUE(Check(R"({"a":{"S":""},"b":{"M":{}},"c":{"L":[]},"d":{"B":""}})").ok());
}

TEST(Item, ANameTwiceIsNoted) {
  ItemFacts facts;
  EXPECT_TRUE(Check(R"({"a":{"M":{"k":{"S":"x"},"k":{"S":"y"}}}})", &facts).ok());
  EXPECT_EQ(facts.notes.size(), 1U);
}

TEST(Key, NumbersMeetByValue) {
  KeySchema schema{{"h", "S"}, {"r", "N"}, {{"g", "S"}}};
  simdjson::dom::parser parser;
  auto key = [&](const std::string& json) {
    std::string identity, hash;
    return KeyOf(parser.parse(json).value(), schema, false, identity, hash).ok() ? identity : "refused";
  };
  EXPECT_EQ(key(R"({"h":{"S":"a"},"r":{"N":"1000"}})"), key(R"({"h":{"S":"a"},"r":{"N":"1e3"}})"));
  EXPECT_EQ(key(R"({"h":{"S":"a"}})"), "refused");
  EXPECT_EQ(key(R"({"h":{"S":""},"r":{"N":"1"}})"), "refused");
  EXPECT_EQ(key(R"({"h":{"N":"1"},"r":{"N":"1"}})"), "refused");
  EXPECT_EQ(key(R"({"h":{"S":"a"},"r":{"N":"1"},"g":{"S":""}})"), "refused");
  EXPECT_NE(key(R"({"h":{"S":")" + std::string(2048, 'x') + R"("},"r":{"N":"1"}})"), "refused");
  EXPECT_EQ(key(R"({"h":{"S":")" + std::string(2049, 'x') + R"("},"r":{"N":"1"}})"), "refused");
}

}  // namespace
}  // namespace scripted
