#include "items/shrink_item.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/items/encoder_testing.h"

namespace ddb {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testkit::DataOf;
using testkit::Encode;
using testkit::Encoded;
using testkit::MetaOf;
using testkit::SomeStream;

Encoded EncodeProtected(const std::string& data, std::vector<std::string> fields,
                        const std::string& meta = "") {
  ItemEncoder encoder;
  ItemEncoder::Stream stream = SomeStream();
  stream.protected_fields = std::move(fields);
  return Encode(encoder, data, meta, stream);
}

size_t Count(const std::string& text, const std::string& piece) {
  size_t count = 0;
  for (size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++count;
  return count;
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
  const std::optional<Shrunk> shrunk = ShrinkItem(between.item, {}, out);
  ASSERT_TRUE(shrunk);
  EXPECT_EQ(shrunk->nulled, 1u);
  EXPECT_EQ(shrunk->truncated, 0u);
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

std::string LeftOut(size_t count) {
  return R"({"M":{"field":{"S":"_airbyte_data"},"change":{"S":"TRUNCATED"},"reason":{"S":"DESTINATION_RECORD_SIZE_LIMITATION"},)"
         R"("count":{"N":")" +
         std::to_string(count) + "\"}}}";
}

TEST(ShrinkItem, OfManySmallFieldsTheLastAreLeftOut) {
  const std::string value = "\"" + X(60) + "\"";  // nulling it costs more than it gives
  std::string data = "{\"id\":1";
  for (int i = 10'000; i < 60'000; ++i) data += ",\"f" + std::to_string(i) + "\":" + value;
  data += R"(,"key":"k","large":")" + X(1000) + R"(","last":1})";
  const Encoded encoded = EncodeProtected(data, {"key"});
  ASSERT_EQ(encoded.reject, RejectReason::kNone);
  EXPECT_LE(encoded.facts.size.upper, kMaxItemBytes);
  EXPECT_GE(encoded.facts.size.upper, kMaxItemBytes - 100) << "no more than it takes";
  EXPECT_EQ(encoded.facts.size, ItemSize(encoded.item));
  const size_t kept = Count(DataOf(encoded), "xxx\"}");
  EXPECT_GT(kept, 5'900u);
  std::string expected = R"({"M":{"id":{"N":"1"})";
  for (size_t i = 0; i < kept; ++i)
    expected += ",\"f" + std::to_string(10'000 + i) + "\":{\"S\":\"" + X(60) + "\"}";
  EXPECT_EQ(DataOf(encoded), expected + R"(,"key":{"S":"k"}}})");
  EXPECT_EQ(MetaOf(encoded), R"({"M":{"changes":{"L":[)" + LeftOut(50'002 - kept) + "]}}}");
  EXPECT_EQ(encoded.facts.nulled, 50'002 - kept);
}

TEST(ShrinkItem, WhatIsWorthItIsNulledBeforeAnythingIsLeftOut) {
  std::string data = R"({"large":")" + X(3000) + R"(","second":")" + X(2000) + "\"";
  for (int i = 10'000; i < 60'000; ++i) data += ",\"f" + std::to_string(i) + "\":1";
  const Encoded encoded = Encode(data + "}");
  EXPECT_THAT(
      DataOf(encoded),
      ::testing::StartsWith(R"({"M":{"large":{"NULL":true},"second":{"NULL":true},"f10000":{"N":"1"},)"));
  const std::string meta = MetaOf(encoded);
  EXPECT_EQ(meta.find(R"({"M":{"changes":{"L":[)" + Nulled("large") + "," + Nulled("second") +
                      R"(,{"M":{"field":{"S":"_airbyte_data"})"),
            0u);
}

TEST(ShrinkItem, AsManyAreLeftOutAsNeeded) {
  // Of sizes around the limit, with and without room for what is noted.
  for (int fields = 36'900; fields < 37'700; fields += 23) {
    std::string data = "{\"id\":1";
    for (int i = 10'000; i < 10'000 + fields; ++i) data += ",\"f" + std::to_string(i) + "\":12";
    const Encoded encoded = Encode(data + "}");
    ASSERT_EQ(encoded.reject, RejectReason::kNone);
    ASSERT_EQ(encoded.facts.size, ItemSize(encoded.item));
    ASSERT_LE(encoded.facts.nulled > 0 ? encoded.facts.size.upper : encoded.facts.size.lower, kMaxItemBytes);
    ASSERT_GE(encoded.facts.nulled > 0 ? encoded.facts.size.upper : kMaxItemBytes, kMaxItemBytes - 50);
  }
}

TEST(ShrinkItem, OfALongListOfChangesTheFirstAreKept) {
  const auto theirs = [](size_t count) {
    std::string list;
    for (size_t i = 0; i < count; ++i) {
      list += (i > 0 ? "," : "") + std::string(R"({"field":"f)") + std::to_string(10'000 + i) +
              R"(","change":"NULLED","reason":"SOURCE_FIELD_SIZE_LIMITATION"})";
    }
    return R"({"changes":[)" + list + "]}";
  };
  const std::string data = R"({"id":1,"text":")" + X(5000) + R"(","number":1e999})";
  // As long as the item is not too large, all of them.
  const Encoded whole = EncodeProtected(data, {}, theirs(5'000));
  EXPECT_EQ(whole.facts.nulled, 0u);
  EXPECT_THAT(MetaOf(whole), Not(HasSubstr("count")));
  for (const size_t count : {7'000, 50'000}) {
    const Encoded cut = EncodeProtected(data, {}, theirs(count));
    ASSERT_EQ(cut.reject, RejectReason::kNone);
    EXPECT_EQ(DataOf(cut), DataOf(whole)) << "nothing of the record is lost for it";
    EXPECT_EQ(cut.facts.nulled, 0u);
    EXPECT_EQ(cut.facts.truncated, 2u);  // and the list
    EXPECT_EQ(cut.facts.size, ItemSize(cut.item));
    const std::string meta = MetaOf(cut);
    const size_t named = Count(meta, "\"field\"");
    EXPECT_GT(named, 500u);
    EXPECT_LE(cut.facts.size.upper, 5'000 + 40'960 + 500);
    EXPECT_THAT(
        meta, ::testing::EndsWith(R"({"M":{"field":{"S":"_airbyte_meta.changes"},"change":{"S":"TRUNCATED"},)"
                                  R"("reason":{"S":"DESTINATION_RECORD_SIZE_LIMITATION"},"count":{"N":")" +
                                  std::to_string(count + 1 - (named - 1)) + "\"}}}]}}}"));
  }
}

TEST(ShrinkItem, ListAndFieldsAtOnce) {
  std::string list, data = "{\"id\":1,\"big\":\"" + X(300'000) + "\"";
  for (int i = 10'000; i < 60'000; ++i) {
    data += ",\"f" + std::to_string(i) + "\":" + (i % 100 == 0 ? "1e999" : "1");
    list += (i > 10'000 ? "," : "") + std::string(R"({"field":"f)") + std::to_string(i) + "\"}";
  }
  ItemEncoder encoder;
  ItemEncoder::Stream stream = SomeStream();
  stream.sync_id = 9;
  const Encoded encoded = Encode(encoder, data + "}", R"({"changes":[)" + list + "]}", stream);
  ASSERT_EQ(encoded.reject, RejectReason::kNone);
  EXPECT_EQ(encoded.facts.size, ItemSize(encoded.item));
  EXPECT_LE(encoded.facts.size.upper, kMaxItemBytes);
  EXPECT_EQ(encoded.facts.truncated, 501u);  // and the list
  EXPECT_THAT(MetaOf(encoded), HasSubstr(Nulled("big") + R"(,{"M":{"field":{"S":"_airbyte_data"})"));
  EXPECT_THAT(MetaOf(encoded), HasSubstr(R"("}}},{"M":{"field":{"S":"_airbyte_meta.changes"})"));
  EXPECT_THAT(MetaOf(encoded), ::testing::EndsWith(R"("}}}]},"sync_id":{"N":"9"}}})"));
}

TEST(ShrinkItem, WhatCannotFitIsRejected) {
  std::string many = "{";
  for (int i = 0; i < 50'000; ++i) many += "\"field" + std::to_string(i) + "\":\"" + X(60) + "\",";
  EXPECT_EQ(EncodeProtected(many + "\"id\":\"" + X(409'600) + "\"}", {"id"}).reject,
            RejectReason::kItemTooLarge);
  // Not even where nothing was too large by the encoder's own rule.
  Buffer out;
  EXPECT_FALSE(ShrinkItem(Encode(R"({"id":1})").item, {}, out));
  EXPECT_EQ(out.size(), 0u);
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
