#include "items/kept_fields.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "items/careful_encoder.h"
#include "items/growth_bound.h"
#include "items/shrink_item.h"
#include "support/items/encoder_testing.h"

namespace ddb {
namespace {

std::string Repeat(std::string_view text, size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

struct Smaller {
  std::optional<size_t> nulled;
  std::string item;
  size_t held = 0;       // bytes
  bool dropped = false;  // before it was complete
  bool operator==(const Smaller& other) const { return nulled == other.nulled && item == other.item; }
};

// The record as an item of one attribute, made small enough; as it is when it need not be.
Smaller Encode(std::string data, const std::vector<std::string>& protected_fields, bool keep_all) {
  const size_t size = data.size();
  data.append(64, ' ');
  Buffer out;
  out.Append(R"({"_airbyte_data":)");
  ChangeLog log;
  KeptFields fields(out, &protected_fields);
  const CarefulResult encoded =
      CarefulEncode(data.data(), data.data() + size, 0, "", out, log, keep_all ? nullptr : &fields);
  EXPECT_NE(encoded.next, nullptr);
  out.Append("}");
  Smaller result;
  result.held = out.capacity();
  result.dropped = !fields.dropped().empty() || fields.left_out() > 0;
  if (fields.hopeless()) return result;
  if (!result.dropped && ItemSize(out.view()).lower <= kMaxItemBytes) {
    result.nulled = 0;
    result.item = out.view();
    return result;
  }
  Buffer smaller;
  const std::optional<Shrunk> shrunk = ShrinkItem(out.view(),
                                                  {.sync_id = {},
                                                   .protected_fields = &protected_fields,
                                                   .dropped = fields.dropped(),
                                                   .left_out = fields.left_out()},
                                                  smaller);
  if (shrunk) result.nulled = shrunk->nulled;
  result.item = smaller.view();
  return result;
}

// Whatever is dropped on the way, the same is stored in the end.
void ExpectTheSame(const std::string& data, const std::vector<std::string>& protected_fields, bool dropped) {
  const Smaller all = Encode(data, protected_fields, /*keep_all=*/true);
  const Smaller kept = Encode(data, protected_fields, /*keep_all=*/false);
  EXPECT_EQ(kept.nulled, all.nulled);
  EXPECT_TRUE(kept == all) << "another item is stored";
  if (all.nulled) {
    EXPECT_EQ(kept.dropped, dropped);
  }
}

std::string Numbers(size_t count) { return "[" + Repeat("1e39,", count) + "1]"; }

TEST(KeptFields, OneFieldThatIsTooLarge) {
  ExpectTheSame(R"({"a":1,"b":)" + Numbers(200'000) + R"(,"c":"x"})", {}, true);
  ExpectTheSame(R"({"a":1,"b":)" + Numbers(200'000) + R"(,"c":"x"})", {"a"}, true);
  ExpectTheSame(R"({"b":{"c":)" + Numbers(200'000) + R"(,"d":"x"}})", {}, true);
  const Smaller rejected = Encode(R"({"b":)" + Numbers(200'000) + "}", {"b"}, false);
  EXPECT_FALSE(rejected.nulled);
}

TEST(KeptFields, AStringAndADeepTextThatAreTooLarge) {
  ExpectTheSame(R"({"a":")" + std::string(8'000'000, 'x') + R"(","b":2})", {}, true);
  ExpectTheSame(
      R"({"a":)" + Repeat("[", 40) + "\"" + std::string(500'000, 'x') + "\"" + Repeat("]", 40) + R"(,"b":2})",
      {}, true);
}

TEST(KeptFields, ManyFieldsThatAreTooLargeTogether) {
  std::string data = "{";
  for (int i = 0; i < 8; ++i)
    data += "\"f" + std::to_string(i) + "\":" + Numbers(40'000 + 1000 * (i * 3 % 8)) + ",";
  ExpectTheSame(data + R"("z":1})", {}, true);
  ExpectTheSame(data + R"("z":1})", {"f3"}, true);
  ExpectTheSame(data + R"("z":1})", {"f2", "f3", "f4"}, true);
}

TEST(KeptFields, FieldsOfOneSizeGoInTheirOrder) {
  std::string data = "{\"first\":1";
  for (int i = 0; i < 8; ++i) data += ",\"f" + std::to_string(i) + "\":" + Numbers(40'000);
  ExpectTheSame(data + "}", {}, true);
}

TEST(KeptFields, OfTooManySmallFieldsTheLastAreLeftOut) {
  std::string data = "{\"a\":1";
  for (int i = 0; i < 290'000; ++i) data += ",\"" + std::to_string(i) + "\":1e39";
  data += "}";
  ExpectTheSame(data, {}, true);
  ExpectTheSame(data, {"200000", "289999", "a"}, true);
  // One that is worth nulling, before the cut and behind it.
  const std::string large = ",\"large\":\"" + std::string(5000, 'x') + "\"";
  std::string before = data, behind = data;
  ExpectTheSame(before.insert(data.find(",\"20000\""), large), {}, true);
  ExpectTheSame(behind.insert(data.rfind(','), large), {"large", "289999"}, true);
  const Smaller kept = Encode(data, {"289999"}, false);
  EXPECT_LE(kept.held, 2 * kMaxRecordText) << "a buffer doubles";
  EXPECT_GT(*kept.nulled, 220'000u);
  EXPECT_NE(kept.item.find(R"({"M":{"a":{"N":"1"},"0":{"N":"1)"), std::string::npos);
  EXPECT_NE(kept.item.find(R"(,"289999":{"N":"1)"), std::string::npos);
}

TEST(KeptFields, ProtectedFieldsThatAreTooLargeTogether) {
  std::string data = "{\"a\":1";
  for (int i = 0; i < 290'000; ++i) data += ",\"" + std::to_string(i) + "\":1e39";
  const std::string half = "\"" + std::string(200'000, 'x') + "\"";
  ExpectTheSame(data + ",\"b\":" + half + "}", {"b"}, true);
  ExpectTheSame(data + ",\"b\":" + half + ",\"c\":" + half + "}", {"b", "c", "a"}, true);
  const std::string more = data + ",\"b\":" + half + ",\"c\":" + half + ",\"d\":" + half + "}";
  EXPECT_FALSE(Encode(more, {"b", "c", "d"}, false).nulled);
  EXPECT_FALSE(Encode(more, {"b", "c", "d"}, true).nulled);
  // Nothing but what is protected has room.
  ExpectTheSame("{\"x\":1," + data.substr(1) + ",\"b\":\"" + std::string(409'450, 'x') + "\"}", {"b"}, true);
}

TEST(KeptFields, ALineOf32MiBOfTheWorstIsHeldInAFewMegabytes) {
  const std::string head = R"({"id":7,"a":)";
  const std::string data = head + Numbers(((32u << 20) - head.size()) / 5) + "}";
  const Smaller kept = Encode(data, {"id"}, false);
  EXPECT_EQ(kept.nulled, 1u);
  EXPECT_LE(kept.held, kMaxRecordText);
  EXPECT_NE(kept.item.find(R"("id":{"N":"7"},"a":{"NULL":true})"), std::string::npos);
}

TEST(KeptFields, RandomRecords) {
  std::mt19937 random(7);
  for (int round = 0; round < 6; ++round) {
    std::string data = "{\"x\":1";
    std::vector<std::string> protected_fields;
    const size_t fields = 4 + random() % 30;
    const size_t largest = 2'000'000 / fields;
    for (size_t i = 0; i < fields; ++i) {
      const std::string name = "f\\u002e" + std::to_string(i);
      const size_t count = 1 + random() % largest;
      const bool repeated = random() % 4 == 0;
      data += ",\"" + name + "\":" +
              (random() % 3 == 0 ? "\"" + std::string(count % 50'000, 'y') + "\"" : Numbers(count / 5));
      if (repeated) data += ",\"" + name + "\":" + Numbers(count / 7);
      if (random() % 10 == 0) protected_fields.push_back("f." + std::to_string(i));
    }
    data += "}";
    const Smaller all = Encode(data, protected_fields, true);
    const Smaller kept = Encode(data, protected_fields, false);
    EXPECT_TRUE(kept == all) << round;
  }
}

// The same through the encoder, with what was noted before a field was dropped.
TEST(KeptFields, WhatWasNotedStaysNotedAndCounted) {
  using testkit::Encoded;
  const std::string data = R"({"id":1,"a":[1e999,)" + Repeat("1e39,", 1'700'000) + R"(1e998],"b":1e999})";
  ItemEncoder encoder;
  ItemEncoder::Stream stream = testkit::SomeStream();
  stream.protected_fields = {"id"};
  const Encoded encoded = testkit::Encode(encoder, data, "", stream);
  EXPECT_EQ(encoded.reject, RejectReason::kNone);
  EXPECT_EQ(testkit::DataOf(encoded), R"({"M":{"id":{"N":"1"},"a":{"NULL":true},"b":{"S":"1e999"}}})");
  const auto element = [](std::string field, std::string change, std::string reason) {
    return R"({"M":{"field":{"S":")" + field + R"("},"change":{"S":")" + change + R"("},"reason":{"S":")" +
           reason + R"("}}})";
  };
  const std::string limit = "DESTINATION_FIELD_SIZE_LIMITATION";
  EXPECT_EQ(testkit::MetaOf(encoded),
            R"({"M":{"changes":{"L":[)" + element("a[0]", "TRUNCATED", limit) + "," +
                element("a[1700001]", "TRUNCATED", limit) + "," + element("b", "TRUNCATED", limit) + "," +
                element("a", "NULLED", "DESTINATION_RECORD_SIZE_LIMITATION") + "]}}}");
  EXPECT_EQ(encoded.facts.nulled, 1u);
  EXPECT_EQ(encoded.facts.truncated, 3u);
  EXPECT_EQ(encoded.facts.size, ItemSize(encoded.item));
}

TEST(KeptFields, TheEncoderHoldsNoMoreOfALongLine) {
  std::string data = R"({"a":)" + Numbers(1'000'000) + "}";
  const size_t size = data.size();
  data.append(64, ' ');
  ItemEncoder encoder;
  const StreamEncoding stream = testkit::SomeStream();
  Buffer out;
  ASSERT_NE(encoder.EncodeData(data.data(), data.data() + size, &stream, out).next, nullptr);
  EXPECT_EQ(encoder.Finish({"1"}, "", stream, out), RejectReason::kNone);
  EXPECT_LE(out.capacity(), kMaxRecordText);
  EXPECT_EQ(encoder.last_item().nulled, 1u);
}

std::string Counted(std::string_view field, size_t count) {
  return R"({"M":{"field":{"S":")" + std::string(field) +
         R"("},"change":{"S":"TRUNCATED"},"reason":{"S":"DESTINATION_RECORD_SIZE_LIMITATION"},"count":{"N":")" +
         std::to_string(count) + "\"}}}";
}

// However long the list is, and whether all of it was ever held.
TEST(KeptFields, OfChangesThatCameWithTheRecordTheFirstAreKept) {
  for (const size_t count : {150'000, 400'000, 3'000'000}) {
    const testkit::Encoded encoded =
        testkit::Encode("{\"a\":1}", R"({"changes":)" + Repeat("1e39,", count).insert(0, "[") + "1]}");
    ASSERT_EQ(encoded.reject, RejectReason::kNone);
    EXPECT_EQ(testkit::DataOf(encoded), R"({"M":{"a":{"N":"1"}}})");
    const std::string one = R"({"N":"1)" + std::string(39, '0') + "\"},";
    const size_t kept = 40'960 / 3;
    EXPECT_EQ(testkit::MetaOf(encoded), R"({"M":{"changes":{"L":[)" + Repeat(one, kept) +
                                            Counted("_airbyte_meta.changes", count + 1 - kept) + "]}}}")
        << count;
    EXPECT_EQ(encoded.facts.size, ItemSize(encoded.item));
    EXPECT_EQ(encoded.facts.nulled, 0u);
  }
}

TEST(KeptFields, AChangeThatIsTooLargeByItself) {
  const testkit::Encoded encoded =
      testkit::Encode("{\"a\":1e999}", R"({"changes":[1,[)" + Repeat("1e39,", 500'000) + "1],2,3]}");
  EXPECT_EQ(testkit::MetaOf(encoded),
            R"({"M":{"changes":{"L":[{"N":"1"},)" + Counted("_airbyte_meta.changes", 4) + "]}}}");
}

TEST(KeptFields, MoreChangesThanAnItemCanHold) {
  std::string data = "{\"id\":1";
  for (int i = 0; i < 20'000; ++i) data += ",\"" + std::to_string(i) + "\":1e999";
  const testkit::Encoded encoded = testkit::Encode(data + "}");
  ASSERT_EQ(encoded.reject, RejectReason::kNone);
  EXPECT_EQ(encoded.facts.truncated, 20'001u);  // and the list
  EXPECT_EQ(encoded.facts.nulled, 0u) << "the list is cut first";
  EXPECT_LE(encoded.facts.size.upper, 20'000 * (1 + 5 + 5) + 40'960 + 500);
  const std::string meta = testkit::MetaOf(encoded);
  size_t named = 0;
  for (size_t at = 0; (at = meta.find("\"field\"", at)) != std::string::npos; ++at) ++named;
  EXPECT_TRUE(meta.ends_with(Counted("_airbyte_meta.changes", 20'001 - named) + "]}}}"));
  EXPECT_GT(named, 400u);
}

}  // namespace
}  // namespace ddb
