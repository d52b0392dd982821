#include "items/shrink_item.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/items/encoder_testing.h"

namespace ddb {
namespace {

using testing::DataOf;
using testing::Encode;
using testing::Encoded;
using ::testing::HasSubstr;
using testing::MetaOf;
using ::testing::Not;
using testing::SomeStream;

Encoded EncodeProtected(const std::string& data, std::vector<std::string> fields,
                        const std::string& meta = "") {
  ItemEncoder encoder;
  ItemEncoder::Stream stream = SomeStream();
  stream.protected_fields = std::move(fields);
  return Encode(encoder, data, meta, stream);
}

std::string X(size_t n) { return std::string(n, 'x'); }
std::string Nulled(const std::string& field) {
  return R"({"M":{"field":{"S":")" + field +
         R"("},"change":{"S":"NULLED"},"reason":{"S":"DESTINATION_RECORD_SIZE_LIMITATION"}}})";
}

// For every type, a value that fills the item to the limit exactly, and one that is a byte over.
TEST(ShrinkItem, TheLimitIsExact) {
  const std::string kValues[] = {"\"text\"", "\"\\u00e9\"", "12", "0",       "-3.25",       "true",
                                 "null",     "{}",          "[]", "[1,[2]]", R"({"k":"v"})"};
  for (const std::string& value : kValues) {
    const auto data = [&value](size_t pad) { return R"({"a":)" + value + R"(,"p":")" + X(pad) + "\"}"; };
    const SizeBounds empty = Encode(data(0)).facts.size;
    ASSERT_EQ(empty.lower, empty.upper) << value;
    const auto room = static_cast<size_t>(kMaxItemBytes - empty.lower);
    const Encoded full = Encode(data(room));
    EXPECT_EQ(full.facts.size, (SizeBounds{kMaxItemBytes, kMaxItemBytes})) << value;
    EXPECT_EQ(full.facts.nulled, 0u) << value;
    EXPECT_EQ(MetaOf(full), "") << value;
    const Encoded over = Encode(data(room + 1));
    EXPECT_EQ(over.reject, RejectReason::kNone) << value;
    EXPECT_EQ(over.facts.nulled, 1u) << value;
    EXPECT_EQ(MetaOf(over), R"({"M":{"changes":{"L":[)" + Nulled("p") + "]}}}") << value;
    EXPECT_EQ(over.facts.size, ItemSize(over.item)) << value;
  }
}

TEST(ShrinkItem, BetweenTheBoundsItIsSentAndOnRefusalShrunk) {
  const auto data = [](size_t pad) { return R"({"a":120,"p":")" + X(pad) + "\"}"; };
  const SizeBounds empty = Encode(data(0)).facts.size;
  ASSERT_EQ(empty.lower + 1, empty.upper);
  const Encoded between = Encode(data(static_cast<size_t>(kMaxItemBytes - empty.lower)));
  EXPECT_EQ(between.facts.size, (SizeBounds{kMaxItemBytes, kMaxItemBytes + 1}));
  EXPECT_EQ(between.facts.nulled, 0u);
  Buffer out;
  EXPECT_EQ(ShrinkItem(between.item, {}, out), 1u);
  EXPECT_THAT(std::string(out.view()),
              HasSubstr(R"("_airbyte_data":{"M":{"a":{"N":"120"},"p":{"NULL":true}}})"));
  EXPECT_THAT(std::string(out.view()),
              HasSubstr(R"("_airbyte_meta":{"M":{"changes":{"L":[)" + Nulled("p") + "]}}}"));
}

TEST(ShrinkItem, TheLargestGoFirstAndOnlyAsManyAsNeeded) {
  const Encoded encoded = Encode(R"({"a":")" + X(100'000) + R"(","b":[")" + X(200'000) + R"("],"c":")" +
                                 X(150'000) + R"(","d":{"e":")" + X(160'000) + R"("}})");
  EXPECT_EQ(DataOf(encoded), R"({"M":{"a":{"S":")" + X(100'000) + R"("},"b":{"NULL":true},"c":{"S":")" +
                                 X(150'000) + R"("},"d":{"NULL":true}}})");
  EXPECT_EQ(MetaOf(encoded), R"({"M":{"changes":{"L":[)" + Nulled("b") + "," + Nulled("d") + "]}}}");
  EXPECT_EQ(encoded.facts.nulled, 2u);
}

TEST(ShrinkItem, TheKeyAndTheCursorStay) {
  const Encoded encoded = EncodeProtected(
      R"({"i\u0064":")" + X(300'000) + R"(","updated.at":")" + X(50'000) + R"(","b":")" + X(100'000) + "\"}",
      {"id", "updated.at"});
  EXPECT_EQ(DataOf(encoded), R"({"M":{"i\u0064":{"S":")" + X(300'000) + R"("},"updated.at":{"S":")" +
                                 X(50'000) + R"("},"b":{"NULL":true}}})");
  EXPECT_EQ(EncodeProtected(R"({"id":")" + X(409'600) + R"(","b":")" + X(100) + "\"}", {"id"}).reject,
            RejectReason::kItemTooLarge);
}

TEST(ShrinkItem, WhatCannotFitIsRejected) {
  EXPECT_EQ(EncodeProtected("{}", {}, R"({"changes":[{"field":")" + X(409'600) + "\"}]}").reject,
            RejectReason::kItemTooLarge);
  std::string many = "{";
  for (int i = 0; i < 50'000; ++i) many += "\"field" + std::to_string(i) + "\":\"" + X(60) + "\",";
  // Nulling a field of 60 bytes costs more than it gives.
  EXPECT_EQ(Encode(many + "\"last\":1}").reject, RejectReason::kItemTooLarge);
}

TEST(ShrinkItem, ItsChangesComeLast) {
  ItemEncoder encoder;
  ItemEncoder::Stream stream = SomeStream();
  stream.sync_id = 9;
  const std::string theirs =
      R"({"M":{"field":{"S":"b"},"change":{"S":"NULLED"},"reason":{"S":"SOURCE_FIELD_SIZE_LIMITATION"}}})";
  const std::string mine =
      R"({"M":{"field":{"S":"n"},"change":{"S":"TRUNCATED"},"reason":{"S":"DESTINATION_FIELD_SIZE_LIMITATION"}}})";
  const std::string data = R"({"big.\"one":")" + X(409'600) + R"(","n":1e999})";
  const Encoded both = Encode(
      encoder, data,
      R"({"changes":[{"field":"b","change":"NULLED","reason":"SOURCE_FIELD_SIZE_LIMITATION"}]})", stream);
  EXPECT_EQ(MetaOf(both), R"({"M":{"changes":{"L":[)" + theirs + "," + mine + "," + Nulled(R"(big\\.\"one)") +
                              R"(]},"sync_id":{"N":"9"}}})");
  EXPECT_EQ(both.facts.truncated, 1u);
  EXPECT_EQ(both.facts.nulled, 1u);
  const Encoded alone = Encode(encoder, R"({"a":")" + X(409'600) + "\"}", "", stream);
  EXPECT_EQ(MetaOf(alone), R"({"M":{"changes":{"L":[)" + Nulled("a") + R"(]},"sync_id":{"N":"9"}}})");
}

TEST(ShrinkItem, TheFittedItemIsWithinTheUpperBound) {
  // Fields of every size around the limit, with numbers whose size the rules see differently.
  for (size_t pad = 409'000; pad < 409'700; pad += 7) {
    const Encoded encoded = Encode(R"({"a":[120,120,120,120],"p":")" + X(pad) + R"(","q":"small"})");
    ASSERT_EQ(encoded.reject, RejectReason::kNone);
    ASSERT_EQ(encoded.facts.size, ItemSize(encoded.item));
    if (encoded.facts.nulled > 0) {
      ASSERT_LE(encoded.facts.size.upper, kMaxItemBytes);
    } else {
      ASSERT_LE(encoded.facts.size.lower, kMaxItemBytes);
    }
  }
}

TEST(Changes, PathsAreEscaped) {
  const Encoded encoded = Encode(R"({"a.b":{"c[0]":[1,{"d\\e":1e999,"\"é":[[1e-999]]}]}})");
  EXPECT_THAT(MetaOf(encoded), HasSubstr(R"("field":{"S":"a\\.b.c\\[0][1].d\\\\e"})"));
  EXPECT_THAT(MetaOf(encoded), HasSubstr(R"("field":{"S":"a\\.b.c\\[0][1].\"é[0][0]"})"));
}

size_t Count(const std::string& text, const std::string& piece) {
  size_t count = 0;
  for (size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++count;
  return count;
}

TEST(Changes, AfterAHundredOnlyTopLevelFieldsAreNoted) {
  const auto list = [](int n) {
    std::string text = "[";
    for (int i = 0; i < n; ++i) text += (i > 0 ? "," : "") + std::string("1e999");
    return text + "]";
  };
  const Encoded encoded =
      Encode(R"({"a":)" + list(90) + R"(,"b":)" + list(90) + R"(,"c":1,"d.e":{"f":)" + list(5) + "}}");
  const std::string meta = MetaOf(encoded);
  EXPECT_EQ(encoded.facts.truncated, 185u);
  EXPECT_EQ(Count(meta, "\"field\""), 102u);
  EXPECT_THAT(meta, HasSubstr(R"({"S":"b[9]"})"));
  EXPECT_THAT(meta, Not(HasSubstr(R"({"S":"b[10]"})")));
  EXPECT_EQ(Count(meta, R"({"S":"b"})"), 1u);
  EXPECT_EQ(Count(meta, R"({"S":"d\\.e"})"), 1u);
}

TEST(Changes, VeryLongPathsAreNotedAtTheTop) {
  const Encoded encoded = Encode(R"({"a":{")" + X(1025) + R"(":[1e999,1e999]}})");
  EXPECT_EQ(Count(MetaOf(encoded), "\"field\""), 1u);
  EXPECT_THAT(MetaOf(encoded), HasSubstr(R"("field":{"S":"a"})"));
}

TEST(Changes, WhatADroppedMemberHeldIsNotNoted) {
  const Encoded encoded = Encode(R"({"a":1e999,"b":{"":1},"a":1,"b":2})");
  EXPECT_EQ(DataOf(encoded), R"({"M":{"a":{"N":"1"},"b":{"N":"2"}}})");
  EXPECT_EQ(MetaOf(encoded), "");
  EXPECT_EQ(encoded.facts.truncated, 0u);
}

TEST(Changes, SubstitutesDifferFromEachOther) {
  const Encoded encoded = Encode(R"({"\ud800":1,"\udfff":2,"\ufffd":3,"\ufffd_2":4,"\ud801x":5})");
  EXPECT_EQ(DataOf(encoded),
            "{\"M\":{\"\uFFFD_3\":{\"N\":\"1\"},\"\uFFFD_4\":{\"N\":\"2\"},\"\\ufffd\":{\"N\":\"3\"},"
            "\"\\ufffd_2\":{\"N\":\"4\"},\"\uFFFDx\":{\"N\":\"5\"}}}");
  const std::string longest = X(65'600);
  const Encoded two = Encode("{\"" + longest + "1\":1,\"" + longest + "2\":2}");
  EXPECT_EQ(two.facts.truncated, 2u);
  EXPECT_EQ(two.reject, RejectReason::kNone);
}

TEST(Changes, InUpstreamsListAreNotedAsWell) {
  const Encoded encoded = Encode("{}", R"({"changes":[{"field":1e999}]})");
  EXPECT_EQ(
      MetaOf(encoded),
      R"({"M":{"changes":{"L":[{"M":{"field":{"S":"1e999"}}},{"M":{"field":{"S":"_airbyte_meta.changes[0].field"},)"
      R"("change":{"S":"TRUNCATED"},"reason":{"S":"DESTINATION_FIELD_SIZE_LIMITATION"}}}]}}})");
}

}  // namespace
}  // namespace ddb
