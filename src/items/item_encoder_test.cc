#include "items/item_encoder.h"

#include <gmock/gmock.h>
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

TEST(ItemEncoder, TheWholeItem) {
  ItemEncoder encoder;
  const Encoded plain = Encode(encoder, R"({"id":1})");
  EXPECT_EQ(
      plain.item,
      R"({"_airbyte_data":{"M":{"id":{"N":"1"}}},"_airbyte_ab_id":{"S":"00000000-0000-4000-8000-000000000000"},)"
      R"("sync_time":{"N":"1700000000123"},"_airbyte_emitted_at":{"N":"1700000000001"}})");
  ItemEncoder::Stream stream = SomeStream();
  stream.generation_id = 42;
  stream.sync_id = 7;
  const Encoded full =
      Encode(encoder, R"({})", R"({"changes":[{"field":"a","change":"NULLED","reason":"x"}]})", stream, "-5");
  EXPECT_EQ(
      full.item,
      R"({"_airbyte_data":{"M":{}},"_airbyte_ab_id":{"S":"00000000-0000-4000-8000-000000000000"},)"
      R"("sync_time":{"N":"1700000000123"},"_airbyte_generation_id":{"N":"42"},"_airbyte_emitted_at":{"N":"-5"},)"
      R"("_airbyte_meta":{"M":{"changes":{"L":[{"M":{"field":{"S":"a"},"change":{"S":"NULLED"},"reason":{"S":"x"}}}]},)"
      R"("sync_id":{"N":"7"}}}})");
}

TEST(ItemEncoder, IdsAreNew) {
  ItemEncoder encoder;
  Buffer out;
  const std::string text = "{}" + std::string(json::kPadding, ' ');
  for (int i = 0; i < 2; ++i) {
    encoder.EncodeData(text.data(), text.data() + 2, nullptr, out);
    encoder.Finish({"1"}, "", SomeStream(), out);
  }
  const std::string_view all = out.view();
  const std::string_view first = all.substr(0, all.size() / 2);
  EXPECT_EQ(first.size() * 2, all.size());
  EXPECT_NE(first, all.substr(all.size() / 2));
}

TEST(ItemEncoder, StreamsInTurnKeepTheirAttributes) {
  ItemEncoder encoder;
  for (int round = 0; round < 3; ++round) {
    for (int64_t id = 0; id < 5; ++id) {
      ItemEncoder::Stream stream{.sync_time_millis = 100 + id, .generation_id = id, .sync_id = {}};
      const Encoded encoded = Encode(encoder, "{}", "", stream);
      EXPECT_THAT(encoded.item,
                  ::testing::HasSubstr("\"sync_time\":{\"N\":\"" + std::to_string(100 + id) + "\"}"));
      EXPECT_THAT(encoded.item,
                  ::testing::HasSubstr("\"_airbyte_generation_id\":{\"N\":\"" + std::to_string(id) + "\"}"));
    }
  }
}

TEST(ItemEncoder, Values) {
  const std::pair<std::string, std::string> kCases[] = {
      {R"({})", R"({"M":{}})"},
      {R"({"a":{}})", R"({"M":{"a":{"M":{}}}})"},
      {R"({"a":[]})", R"({"M":{"a":{"L":[]}}})"},
      {R"({"a":""})", R"({"M":{"a":{"S":""}}})"},
      {R"({"a":null,"b":true,"c":false})",
       R"({"M":{"a":{"NULL":true},"b":{"BOOL":true},"c":{"BOOL":false}}})"},
      {R"({"a":[null,1,"x",[],{}]})",
       R"({"M":{"a":{"L":[{"NULL":true},{"N":"1"},{"S":"x"},{"L":[]},{"M":{}}]}}})"},
      {R"({"a":{"b":{"c":[{"d":1}]}}})",
       R"({"M":{"a":{"M":{"b":{"M":{"c":{"L":[{"M":{"d":{"N":"1"}}}]}}}}}}})"},
      {"{\t\"a\" \r: 1 , \"b\":[ 1 ,2 , { } , [ ] ] } ",
       R"({"M":{"a":{"N":"1"},"b":{"L":[{"N":"1"},{"N":"2"},{"M":{}},{"L":[]}]}}})"},
      {"{\"a\"\n:\n1\n}", R"({"M":{"a":{"N":"1"}}})"},
      {R"({"a":"\"\\\/\b\f\n\r\t"})", R"({"M":{"a":{"S":"\"\\\/\b\f\n\r\t"}}})"},
      {R"({"a":"\u0000\u00e9\u20AC\ud83d\ude00"})", R"({"M":{"a":{"S":"\u0000\u00e9\u20AC\ud83d\ude00"}}})"},
      {"{\"a\":\"\u2028é漢😀\x7f\"}", "{\"M\":{\"a\":{\"S\":\"\u2028é漢😀\x7f\"}}}"},
      {"{\"é\":1,\"\\u00e8\":2}", "{\"M\":{\"é\":{\"N\":\"1\"},\"\\u00e8\":{\"N\":\"2\"}}}"},
      {R"({"a":1.0})", R"({"M":{"a":{"N":"1"}}})"},
      {R"({"a":-0.0,"b":-12.50,"c":1e2,"d":0.1})",
       R"({"M":{"a":{"N":"0"},"b":{"N":"-12.5"},"c":{"N":"100"},"d":{"N":"0.1"}}})"},
      {R"({"a":12345678901234567890123456789012345678})",
       R"({"M":{"a":{"N":"12345678901234567890123456789012345678"}}})"},
      {R"({"a":-1.2345678901234567890123456789012345678})",
       R"({"M":{"a":{"N":"-1.2345678901234567890123456789012345678"}}})"},
      {R"({"a":100,"b":1200000,"c":-10})", R"({"M":{"a":{"N":"100"},"b":{"N":"1200000"},"c":{"N":"-10"}}})"},
  };
  for (const auto& [text, expected] : kCases) {
    const Encoded encoded = Encode(text);
    EXPECT_EQ(DataOf(encoded), expected) << text;
    EXPECT_EQ(encoded.reject, RejectReason::kNone) << text;
    EXPECT_EQ(MetaOf(encoded), "") << text;
  }
}

TEST(ItemEncoder, WhatFollowsTheDataIsLeft) {
  EXPECT_EQ(Encode(R"({"a":1},"emitted_at":5})").consumed, 7u);
  EXPECT_EQ(Encode(R"({"a":1} garbage)").consumed, 7u);
  EXPECT_EQ(Encode(R"({}})").consumed, 2u);
}

TEST(ItemEncoder, NotJson) {
  const std::string kCases[] = {"{",
                                "{\"",
                                "{\"a",
                                "{\"a\"",
                                "{\"a\":",
                                "{\"a\":1",
                                "{\"a\":1,",
                                "{\"a\":1,}",
                                "{,}",
                                "{\"a\":,}",
                                "{\"a\" 1}",
                                "{\"a\":1 \"b\":2}",
                                "{a:1}",
                                "{'a':1}",
                                "{\"a\":01}",
                                "{\"a\":-}",
                                "{\"a\":1.}",
                                "{\"a\":.5}",
                                "{\"a\":+1}",
                                "{\"a\":1e}",
                                "{\"a\":0x1}",
                                "{\"a\":1_0}",
                                "{\"a\":nan}",
                                "{\"a\":-NaN}",
                                "{\"a\":+Infinity}",
                                "{\"a\":inf}",
                                "{\"a\":NaNs}",
                                "{NaN:1}",
                                "{\"a\":\xE9}",
                                "{\"a\":tru}",
                                "{\"a\":trueX}",
                                "{\"a\":True}",
                                "{\"a\":nul}",
                                "{\"a\":fals}",
                                "{\"a\":[}",
                                "{\"a\":[1,]}",
                                "{\"a\":[1 2]}",
                                "{\"a\":]}",
                                "{\"a\":[1}",
                                "{\"a\":{]}",
                                "{\"a\":\"x}",
                                "{\"a\":\"\\x\"}",
                                "{\"a\":\"\\u12\"}",
                                "{\"a\":\"\\u12g4\"}",
                                "{\"a\":\"\\",
                                "{\"a\":\"\x01\"}",
                                "{\"a\":\"\n\"}",
                                "{\"a\":\"\t\"}",
                                "{\"a\n\":1}",
                                "{\"a\":\"\xe2\x82"};
  for (const std::string& text : kCases) EXPECT_FALSE(Encode(text).valid) << text;
  EXPECT_FALSE(Encode(std::string("{\"a\":\"\0\"}", 9)).valid);
  EXPECT_FALSE(Encode(std::string("{\"a\":1\0}", 8)).valid);
}

TEST(ItemEncoder, EveryTruncationIsNotJson) {
  const std::string kSamples[] = {
      R"({"id":12,"name":"Zoë \u00e9\ud83d\ude00 \"q\" long enough for the wide kernels to run on, and then some more","f":-1.5e-7,)"
      R"("list":[1,2.50,true,false,null,{"deep":[[[]]]}],"12345678901234567890":"","o":{"a":{"b":{}}}})",
      R"({"dup":1,"x":[1,2],"dup":{"a":"b"}})",
      R"({"big":1234567890123456789012345678901234567890,"":1,"lone":"\ud800 x"})",
      R"({"d":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["x"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]})",
  };
  ItemEncoder encoder;
  for (const std::string& text : kSamples) {
    ASSERT_TRUE(Encode(encoder, text).valid) << text;
    for (size_t length = 1; length < text.size(); ++length) {
      ASSERT_FALSE(Encode(encoder, text.substr(0, length)).valid) << text.substr(0, length);
    }
  }
}

TEST(ItemEncoder, OfANameThatOccursTwiceTheLastCounts) {
  const std::pair<std::string, std::string> kCases[] = {
      {R"({"a":1,"a":2})", R"({"M":{"a":{"N":"2"}}})"},
      {R"({"a":1,"b":{"a":3},"a":2})", R"({"M":{"b":{"M":{"a":{"N":"3"}}},"a":{"N":"2"}}})"},
      {R"({"a":1,"\u0061":"x"})", R"({"M":{"\u0061":{"S":"x"}}})"},
      {R"({"b":[{"a":1,"a":{},"a":[]}]})", R"({"M":{"b":{"L":[{"M":{"a":{"L":[]}}}]}}})"},
      {R"({"a":{"x":1,"x":2},"a":{"y":3,"y":4}})", R"({"M":{"a":{"M":{"y":{"N":"4"}}}}})"},
      {R"({"a":1234567890123456789012345678901234567890, "a" : 2 , "c":3})",
       R"({"M":{"a":{"N":"2"},"c":{"N":"3"}}})"},
      {R"({"\ud83d\ude00":1,"😀":2})", "{\"M\":{\"😀\":{\"N\":\"2\"}}}"},
  };
  for (const auto& [text, expected] : kCases) {
    const Encoded encoded = Encode(text);
    EXPECT_EQ(DataOf(encoded), expected) << text;
    EXPECT_EQ(MetaOf(encoded), "") << text;
  }
}

TEST(ItemEncoder, ManyNamesInOneObject) {
  for (const size_t count : {31, 32, 33, 200, 70'000}) {
    std::string text = "{";
    for (size_t i = 0; i < count; ++i) text += "\"a rather long name, number " + std::to_string(i) + "\":1,";
    ItemEncoder encoder;
    ItemEncoder::Stream stream = SomeStream();
    stream.protected_fields = {"a rather long name, number 0"};  // not all of 70,000 have room
    const Encoded once = Encode(encoder, text + "\"last\":2}", "", stream);
    ASSERT_TRUE(once.valid);
    EXPECT_THAT(once.item, ::testing::HasSubstr("number 0\":{\"N\":\"1\"}"));
    const Encoded twice = Encode(encoder, text + "\"a rather long name, number 0\":2}", "", stream);
    ASSERT_TRUE(twice.valid);
    EXPECT_THAT(twice.item, ::testing::Not(::testing::HasSubstr("number 0\":{\"N\":\"1\"}")));
    EXPECT_THAT(twice.item, ::testing::HasSubstr("number 0\":{\"N\":\"2\"}"));
    EXPECT_EQ(DataOf(Encode(encoder, R"({"x":1})")), R"({"M":{"x":{"N":"1"}}})");
  }
}

TEST(ItemEncoder, NamesThatDifferInOneByteAreDifferent) {
  ItemEncoder encoder;
  for (size_t length = 1; length <= 40; ++length) {
    for (size_t at = 0; at < length; ++at) {
      std::string other(length, 'n');
      other[at] = 'm';
      const std::string text = "{\"" + std::string(length, 'n') + "\":1,\"" + other + "\":2}";
      const Encoded encoded = Encode(encoder, text);
      EXPECT_THAT(encoded.item, ::testing::HasSubstr("{\"N\":\"1\"}")) << text;
    }
  }
}

std::string Nested(int levels, const std::string& inside) {
  std::string text = "{\"a\":";
  for (int i = 1; i < levels; ++i) text += "[";
  text += inside;
  for (int i = 1; i < levels; ++i) text += "]";
  return text + "}";
}

TEST(ItemEncoder, ThirtyOneContainersAreKept) {
  const Encoded encoded = Encode(Nested(31, "1"));
  std::string expected = "{\"M\":{\"a\":";
  for (int i = 0; i < 30; ++i) expected += "{\"L\":[";
  expected += "{\"N\":\"1\"}";
  for (int i = 0; i < 30; ++i) expected += "]}";
  EXPECT_EQ(DataOf(encoded), expected + "}}");
  EXPECT_EQ(MetaOf(encoded), "");
}

TEST(ItemEncoder, UpstreamChangesAreKeptAsTheyAre) {
  const auto meta_list = [](const std::string& meta) { return MetaOf(Encode("{}", meta)); };
  EXPECT_EQ(meta_list(R"({"changes":[]})"), "");
  EXPECT_EQ(meta_list(R"({"changes":null})"), "");
  EXPECT_EQ(meta_list(R"({})"), "");
  EXPECT_EQ(meta_list(R"(null)"), "");
  EXPECT_EQ(meta_list(R"({"changes": { } })"), "");
  EXPECT_EQ(meta_list(R"({"changes":""})"), "");
  EXPECT_EQ(
      meta_list(
          R"( { "x" : {"changes":[1]}, "ch\u0061nges" : [ { "field" : null , "extra" : [1.0] } , 5 ] } )"),
      R"({"M":{"changes":{"L":[{"M":{"field":{"NULL":true},"extra":{"L":[{"N":"1"}]}}},{"N":"5"}]}}})");
  EXPECT_EQ(meta_list(R"({"changes":[1],"changes":[2]})"), R"({"M":{"changes":{"L":[{"N":"2"}]}}})");
}

TEST(ItemEncoder, UpstreamChangesThatAreNoListAreNoted) {
  const std::string noted =
      R"({"M":{"changes":{"L":[{"M":{"field":{"S":"_airbyte_meta.changes"},"change":{"S":"TRUNCATED"},)"
      R"("reason":{"S":"DESTINATION_SERIALIZATION_ERROR"}}}]}}})";
  for (const std::string changes :
       {R"("x")", R"({"field":"a","change":"NULLED"})", "5", "true", "1e999", R"( {"a":[]})"}) {
    const Encoded encoded = Encode("{}", R"({"changes":)" + changes + "}");
    EXPECT_EQ(MetaOf(encoded), noted) << changes;
    EXPECT_EQ(encoded.facts.truncated, 1u) << changes;
  }
  const std::string both = MetaOf(Encode(R"({"a":1e999})", R"({"changes":"x"})"));
  EXPECT_TRUE(both.starts_with(R"({"M":{"changes":{"L":[{"M":{"field":{"S":"a"})")) << both;
  EXPECT_TRUE(both.ends_with(noted.substr(noted.find(R"({"M":{"field")")))) << both;
}

TEST(ItemEncoder, EmittedAtHasItsLimit) {
  ItemEncoder encoder;
  EXPECT_EQ(Encode(encoder, "{}", "", SomeStream(), std::string(38, '9')).reject, RejectReason::kNone);
  EXPECT_EQ(Encode(encoder, "{}", "", SomeStream(), std::string(39, '9')).reject,
            RejectReason::kEmittedAtTooLarge);
  const auto emitted = [&](const std::string& digits) {
    const Encoded encoded = Encode(encoder, "{}", "", SomeStream(), digits);
    return encoded.reject == RejectReason::kNone ? encoded.item.substr(encoded.item.rfind(':')) : "rejected";
  };
  EXPECT_EQ(emitted("1" + std::string(40, '0')), ":\"1E+40\"}}");
  EXPECT_EQ(emitted("-12" + std::string(38, '0')), ":\"-12" + std::string(38, '0') + "\"}}");
  EXPECT_EQ(emitted("1" + std::string(125, '0')), ":\"1E+125\"}}");
  EXPECT_EQ(emitted("1" + std::string(126, '0')), "rejected");
}

TEST(ItemEncoder, ManyChangesInAFieldOfALongNameAreNotedOnce) {
  // In linear time: looking through the name for every change would take minutes.
  const std::string name(30'000, 'n');
  std::string text = "{\"b\":1e999,\"" + name + "\":[";
  for (int i = 0; i < 300'000; ++i) text += "{\"c\":1e999},";
  text += "1e999]}";
  Encoded encoded = Encode(text);
  EXPECT_EQ(encoded.facts.truncated, 300'002u);
  EXPECT_EQ(encoded.facts.nulled, 1u);
  const std::string noted =
      R"({"M":{"field":{"S":")" + name +
      R"("},"change":{"S":"TRUNCATED"},"reason":{"S":"DESTINATION_FIELD_SIZE_LIMITATION"}}})";
  const std::string nulled =
      R"({"M":{"field":{"S":")" + name +
      R"("},"change":{"S":"NULLED"},"reason":{"S":"DESTINATION_RECORD_SIZE_LIMITATION"}}})";
  EXPECT_EQ(
      MetaOf(encoded),
      R"({"M":{"changes":{"L":[{"M":{"field":{"S":"b"},"change":{"S":"TRUNCATED"},"reason":{"S":"DESTINATION_FIELD_SIZE_LIMITATION"}}},)" +
          noted + "," + nulled + "]}}}");
}

}  // namespace
}  // namespace ddb
