// The encoder on what is no JSON but understood (json::Grammar::kLenient), and on emitted_at in its other
// writings.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/items/encoder_testing.h"

namespace ddb {
namespace {

using testkit::DataOf;
using testkit::Encode;
using testkit::Encoded;
using testkit::MetaOf;
using testkit::SomeStream;

// What is noted, as `field change`, in order.
std::vector<std::string> Noted(const Encoded& encoded) {
  const std::string meta = MetaOf(encoded);
  std::vector<std::string> noted;
  const std::string kField = R"("field":{"S":")", kReason = R"("reason":{"S":"DESTINATION_)";
  for (size_t at = meta.find(kField); at != std::string::npos; at = meta.find(kField, at + 1)) {
    const size_t name = at + kField.size();
    const size_t reason = meta.find(kReason, at) + kReason.size();
    noted.push_back(meta.substr(name, meta.find('"', name) - name) + " " +
                    meta.substr(reason, meta.find('"', reason) - reason));
  }
  return noted;
}

TEST(ItemEncoder, WordsThatAreNoNumbersAreKeptAsText) {
  const Encoded words = Encode(
      R"({"id":1,"score":NaN,"lo": -Infinity ,"l":[Infinity,[NaN,1],{"x.y":-Infinity}],"text":"NaN","NaN":"Infinity","n":null})");
  EXPECT_EQ(
      DataOf(words),
      R"({"M":{"id":{"N":"1"},"score":{"S":"NaN"},"lo":{"S":"-Infinity"},"l":{"L":[{"S":"Infinity"},{"L":[{"S":"NaN"},)"
      R"({"N":"1"}]},{"M":{"x.y":{"S":"-Infinity"}}}]},"text":{"S":"NaN"},"NaN":{"S":"Infinity"},"n":{"NULL":true}}})");
  const std::string kText = " FIELD_SIZE_LIMITATION";
  EXPECT_EQ(Noted(words), (std::vector{"score" + kText, "lo" + kText, "l[0]" + kText, "l[1][0]" + kText,
                                       R"(l[2].x\\.y)" + kText}));
  EXPECT_EQ(words.facts.truncated, 5u);
  EXPECT_EQ(words.facts.size, ItemSize(words.item));
  // Of a name that occurs twice the last counts, and what was there before is not noted.
  const Encoded twice = Encode(R"({"a":NaN,"a":2})");
  EXPECT_EQ(DataOf(twice), R"({"M":{"a":{"N":"2"}}})");
  EXPECT_EQ(MetaOf(twice), "");
  // In a container that is kept as text it is a part of that.
  const std::string deep = std::string(31, '[') + "NaN" + std::string(31, ']');
  EXPECT_EQ(Noted(Encode(R"({"a":)" + deep + "}")).size(), 1u);
  EXPECT_NE(DataOf(Encode(R"({"a":)" + deep + "}")).find(R"({"S":"[NaN]"})"), std::string::npos);
}

TEST(ItemEncoder, WhatIsNotUtf8IsReplaced) {
  const std::string mark = "\xEF\xBF\xBD";
  const std::pair<std::string, std::string> kStrings[] = {
      {"caf\xE9", "caf" + mark},                                              // Latin-1
      {"\x80", mark},                                                         // a continuation alone
      {"\xC0\xAF/", mark + mark + "/"},                                       // overlong
      {"\xED\xA0\xBD\xED\xB8\x80", mark + mark + mark + mark + mark + mark},  // CESU-8
      {"\xF4\x90\x80\x80", mark + mark + mark + mark},
      {"x\xE2\x82", "x" + mark},  // cut at the end
      {"\xE2\x82\\n\xF0\x9F\x98", mark + "\\n" + mark},
      {"\xFF\\ud800\xC3\xA9\\u00e9\xFE", mark + "\\ufffd\xC3\xA9\\u00e9" + mark},
      {std::string(100, 'x') + "\xE9" + std::string(100, 'y'),
       std::string(100, 'x') + mark + std::string(100, 'y')},
  };
  for (const auto& [sent, stored] : kStrings) {
    const Encoded encoded = Encode("{\"a\":[1,\"" + sent + "\"],\"b\":\"\xC3\xA9\"}");
    ASSERT_TRUE(encoded.valid) << sent;
    EXPECT_EQ(DataOf(encoded),
              R"({"M":{"a":{"L":[{"N":"1"},{"S":")" + stored + "\"}]},\"b\":{\"S\":\"\xC3\xA9\"}}}");
    EXPECT_EQ(Noted(encoded), std::vector<std::string>{"a[1] SERIALIZATION_ERROR"}) << sent;
    EXPECT_EQ(encoded.facts.size, ItemSize(encoded.item));
  }
  const Encoded names =
      Encode("{\"caf\xE9\":1,\"caf\xE8\":2,\"caf" + mark + "\":3,\"\\u0061\xFF\":{\"\xE9\":NaN}}");
  EXPECT_EQ(DataOf(names), R"({"M":{"caf)" + mark + R"(_2":{"N":"1"},"caf)" + mark + R"(_3":{"N":"2"},"caf)" +
                               mark + R"(":{"N":"3"},"a)" + mark + R"(":{"M":{")" + mark +
                               R"(":{"S":"NaN"}}}}})");
  EXPECT_EQ(names.facts.truncated, 5u);
  // A name twice is one, however broken.
  EXPECT_EQ(DataOf(Encode("{\"\xE9\":1,\"\xE9\":2}")), R"({"M":{")" + mark + R"(":{"N":"2"}}})");
  const std::string deep = std::string(31, '[') + "\"\xE9\"" + std::string(31, ']');
  EXPECT_NE(DataOf(Encode(R"({"a":)" + deep + "}")).find(R"({"S":"[\")" + mark + R"(\"]"})"),
            std::string::npos);
}

TEST(ItemEncoder, WhatCameWithTheRecordIsMadeWholeToo) {
  const Encoded encoded = Encode("{}", "{\"changes\":[{\"field\":\"caf\xE9\",\"change\":NaN}]}");
  EXPECT_EQ(MetaOf(encoded).find("{\"M\":{\"changes\":{\"L\":[{\"M\":{\"field\":{\"S\":\"caf\xEF\xBF\xBD\"},"
                                 "\"change\":{\"S\":\"NaN\"}}},"),
            0u)
      << MetaOf(encoded);
  EXPECT_EQ(encoded.facts.truncated, 2u);
}

TEST(ItemEncoder, OfEmittedAtTheWholePartCounts) {
  ItemEncoder encoder;
  const auto emitted = [&](const std::string& number) {
    const Encoded encoded = Encode(encoder, "{}", "", SomeStream(), number);
    if (encoded.reject != RejectReason::kNone) return std::string("rejected");
    EXPECT_EQ(encoded.facts.size, ItemSize(encoded.item)) << number;
    const std::string kName = R"("_airbyte_emitted_at":{"N":")";
    const size_t at = encoded.item.find(kName) + kName.size();
    const std::vector<std::string> noted = Noted(encoded);
    return encoded.item.substr(at, encoded.item.find('"', at) - at) + (noted.empty() ? "" : " " + noted[0]);
  };
  EXPECT_EQ(emitted("1700000000000.0"), "1700000000000");
  EXPECT_EQ(emitted("1.7e12"), "1700000000000");
  EXPECT_EQ(emitted("17E+11"), "1700000000000");
  EXPECT_EQ(emitted("1700000000000000e-3"), "1700000000000");
  EXPECT_EQ(emitted("0.0"), "0");
  EXPECT_EQ(emitted("-5.00"), "-5");
  const std::string kCut = " _airbyte_emitted_at FIELD_SIZE_LIMITATION";
  EXPECT_EQ(emitted("1700000000000.5"), "1700000000000" + kCut);
  EXPECT_EQ(emitted("1700000000000.9999"), "1700000000000" + kCut);
  EXPECT_EQ(emitted("1700000000123.4567e-3"), "1700000000" + kCut);
  EXPECT_EQ(emitted("-1.5"), "-1" + kCut);
  EXPECT_EQ(emitted("-0.5"), "0" + kCut);
  EXPECT_EQ(emitted("1e-400"), "0" + kCut);
  EXPECT_EQ(emitted("1000.0000000000000000000000000000000000000000000000001"), "1000" + kCut);
  EXPECT_EQ(emitted("1e125"), "1E+125");
  EXPECT_EQ(emitted("1e126"), "rejected");
  EXPECT_EQ(emitted("1e99999999999999999999"), "rejected");
  EXPECT_EQ(emitted(std::string(39, '9') + ".5"), "rejected");
  EXPECT_EQ(emitted(std::string(200, '9') + ".0"), "rejected");
}

}  // namespace
}  // namespace ddb
