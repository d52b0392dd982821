#include "items/item_size.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace ddb {
namespace {

// What DynamoDB Local and the service count (found at the limit, byte by byte).
TEST(ItemSize, NumbersByBothRules) {
  struct Case {
    bool negative;
    int digits;
    int exponent;
    int local;
    int service;
  };
  const Case kCases[] = {
      {false, 1, 1, 2, 2},                            // 1
      {false, 2, 2, 2, 2},                            // 12
      {false, 2, 3, 3, 2},                            // 120
      {false, 3, 3, 3, 3},                            // 123
      {false, 4, 5, 4, 3},                            // 99990
      {false, 2, -1, 3, 2},                           // 0.012
      {false, 6, 1, 5, 5},                            // 3.14159
      {false, 4, 3, 4, 4},                            // 100.5
      {true, 1, 1, 3, 3},                             // -1
      {true, 38, 38, 21, 21},                         // thirty-eight digits
      {true, 38, 1, 21, 22},                          // one before the point
      {false, 38, 1, 21, 21}, {false, 1, 126, 2, 2},  // 1E+125
      {false, 1, -129, 2, 2},                         // 1E-130
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(LocalNumberSize(c.negative, c.digits, c.exponent), c.local) << c.digits << " " << c.exponent;
    EXPECT_EQ(ServiceNumberSize(c.negative, c.digits, c.exponent), c.service)
        << c.digits << " " << c.exponent;
    const SizeBounds both = NumberSize(c.negative, c.digits, c.exponent);
    EXPECT_EQ(both.lower, std::min(c.local, c.service));
    EXPECT_EQ(both.upper, std::max(c.local, c.service));
  }
}

TEST(ItemSize, WholeNumbers) {
  EXPECT_EQ(WholeNumberSize("0"), (SizeBounds{1, 1}));
  EXPECT_EQ(WholeNumberSize("-0"), (SizeBounds{1, 1}));
  EXPECT_EQ(WholeNumberSize("120"), (SizeBounds{2, 3}));
  EXPECT_EQ(WholeNumberSize("1700000000123"), (SizeBounds{8, 8}));
  EXPECT_EQ(WholeNumberSize("-17"), (SizeBounds{3, 3}));
}

TEST(ItemSize, Text) {
  const std::pair<std::string, int64_t> kCases[] = {
      {"", 0},
      {"abc", 3},
      {"é", 2},
      {"\\n", 1},
      {"\\\"\\\\\\/", 3},
      {"\\u0041", 1},
      {"\\u00e9", 2},
      {"\\u07ff", 2},
      {"\\u0800", 3},
      {"\\uffff", 3},
      {"\\ud83d\\ude00", 4},
      {"x\\u0000y", 3},
      {"\\ud800", 3},
      {"\\ud800\\u0041", 4},
  };
  for (const auto& [raw, size] : kCases) EXPECT_EQ(TextSize(raw), size) << raw;
}

TEST(ItemSize, Values) {
  const std::pair<std::string, int64_t> kCases[] = {
      {R"({"S":""})", 0},
      {R"({"S":"a\"}é"})", 5},
      {R"({"B":""})", 0},
      {R"({"B":"QQ=="})", 1},
      {R"({"B":"QUI="})", 2},
      {R"({"B":"QUJD"})", 3},
      {R"({"L":[{"B":"QUI="},{"BOOL":true}]})", 3 + 1 + 2 + 1 + 1},
      {R"({"BOOL":true})", 1},
      {R"({"BOOL":false})", 1},
      {R"({"NULL":true})", 1},
      {R"({"N":"12"})", 2},
      {R"({"M":{}})", 3},
      {R"({"L":[]})", 3},
      {R"({"L":[{"BOOL":true},{"L":[]}]})", 3 + 2 + 4},
      {R"({"M":{"ab":{"S":"x"},"\u00e9":{"M":{}}}})", 3 + (1 + 2 + 1) + (1 + 2 + 3)},
  };
  for (const auto& [json, expected] : kCases) {
    SizeBounds size;
    EXPECT_EQ(MeasureValue(json.data(), size), json.data() + json.size()) << json;
    EXPECT_EQ(size, (SizeBounds{expected, expected})) << json;
  }
  EXPECT_EQ(ItemSize(R"({"ab":{"S":"x"},"c":{"N":"120"}})"), (SizeBounds{3 + 1 + 2, 3 + 1 + 3}));
}

TEST(WriteUnitsTest, OneForEachKibibyteThatIsBegun) {
  const std::pair<uint32_t, uint32_t> cases[] = {{0, 1}, {1, 1}, {1024, 1}, {1025, 2}, {409'600, 400}};
  for (const auto& [bytes, units] : cases) EXPECT_EQ(WriteUnits(bytes), units) << bytes;
}

}  // namespace
}  // namespace ddb
