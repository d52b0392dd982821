#include "airbyte/message_signs.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>
#include <string_view>

namespace ddb {
namespace {

const std::string kRecord = R"({"type":"RECORD","record":{"stream":"a","data":{"id":1},"emitted_at":1}})";

TEST(MessageSigns, ARecordInAnyQuotes) {
  for (const char* text : {R"(2024 WA{"type":"RECORD","record":{"stream":"us)",
                           R"("type":"RECORD","record":{"a":1}})",
                           R"(<ts> stdout P {"type" : " RECORD ","rec)",
                           R"(x {"type":"RECORD)",
                           R"(x {"type":"RECORD",)",
                           R"(x {"type":"Record","Record":{"a":1}})",
                           R"(x {"rec_ord)",
                           R"(x { type: 'RECORD', data: {} })",
                           R"({"log":"{\"type\":\"RECORD\",\"rec"})",
                           R"({"a":{"b":"{\\\"type\\\":\\\"RECORD\\\"}"}})",
                           R"("{""type"":""RECORD"",""record"":{""a"":1}}")",
                           R"(log {'type': 'RECORD', 'record': {'a': 1}})",
                           R"({\u0022type\u0022:\u0022RECORD\u0022})",
                           R"({\\u0022type\\u0022:\\u0022RECORD\\u0022})",
                           R"({"type":"RECORD\n"})",
                           R"(RECORD","record":{"stream":"a"}})",
                           R"(x {"type":"REC)",
                           R"({"records":[{"stream":"a","data":{"id":1},"emitted_at":1}]})",
                           R"(x {&quot;type&quot;:&quot;RECORD&quot;,&quot;record&quot;:{&quot;a)",
                           R"(x {&quot;record&quot;:{&quot;)",
                           R"(x"record":{)",
                           R"({"record":)",
                           R"({"record":"{\"stream\":\"a\"}"})",
                           R"({"record"=>{"emitted_at"=>1}})",
                           R"({"record":{"data":[1]}})",
                           R"(x"record":{"namespace":"n","str)",
                           R"(ta":[1,{}]},"emitted_at":1}})",
                           R"(ord":{"stream":"a","data":{"id":1},"emitted_at":1}})"}) {
    EXPECT_TRUE(FindMessageSigns(text).record) << text;
  }
  EXPECT_TRUE(FindMessageSigns("log " + std::string(65, '{') + kRecord).record);
  // Wherever its head is cut off.
  for (size_t cut = 0; cut < kRecord.find("\"data\""); ++cut) {
    EXPECT_TRUE(FindMessageSigns(kRecord.substr(cut)).record) << kRecord.substr(cut);
  }
}

TEST(MessageSigns, AStateByItsType) {
  for (const char* text : {R"(x {"type":"STATE","state":{}})", R"({"log":"{\"type\": \"state\",\"st"})",
                           R"(x {'state': {}, 'type': 'STATE'})"}) {
    EXPECT_TRUE(FindMessageSigns(text).state) << text;
    EXPECT_FALSE(FindMessageSigns(text).record) << text;
  }
}

// As sources with schemas of their own log them; also cut off, and encoded once more.
TEST(MessageSigns, TheSchemaOfARecordIsNoRecord) {
  const std::string avro = R"({"type":"record","name":"x","fields":[{"name":"a","type":["null","record"]}]})";
  const std::string big_query = R"([{"name":"a","mode":"REPEATED","type":"RECORD","fields":[{"name":"b"}]}])";
  const std::string schemas[] = {"DEBUG schema " + avro,
                                 avro,
                                 big_query,
                                 "x {'type': 'record', 'name': 'x'}",
                                 std::string(R"({"msg":"{\"type\":\"record\",\"fields\":[{\"name\"")"),
                                 std::string(R"({"schema":{"type":"Record","fields":{"a":1}}})")};
  for (const std::string& text : schemas) {
    EXPECT_FALSE(FindMessageSigns(text).record) << text;
  }
  // A record that has such a schema among its data, or looks like one.
  const std::string records[] = {"x " + kRecord + avro,
                                 R"(x {"type":"RECORD","record":{"data":)" + avro + "}}",
                                 R"("data":{"fields":[1]},"emitted_at":1},"type":"RECORD"})",
                                 std::string(R"("fields":[1]},"emitted_at":1},"type":"RECORD"})"),
                                 std::string(R"(x {"type":"RECORD","fields":{"a":1}})")};
  for (const std::string& text : records) {
    EXPECT_TRUE(FindMessageSigns(text).record) << text;
  }
}

std::string Shown(const MessageSigns& signs) {
  return std::string(signs.record ? "record " : "") + (signs.state ? "state " : "") +
         (signs.failure ? "failure" : "");
}

// Whatever the pieces are, they say what the whole says.
TEST(SignSearch, PiecesSayWhatTheWholeSays) {
  const std::string_view parts[] = {"{",
                                    "}",
                                    "[",
                                    "]",
                                    ":",
                                    "=>",
                                    "\"",
                                    "\\\"",
                                    "\\u0022",
                                    "'",
                                    " ",
                                    "\\n",
                                    "type",
                                    "RECORD",
                                    "record",
                                    "\"record\"",
                                    "data",
                                    "\"data\":{",
                                    "emitted_at",
                                    "\"type\"",
                                    "\"emittedAt\":",
                                    "STATE",
                                    "\"STATE\"",
                                    "FATAL",
                                    "\"fields\":[1]",
                                    "x",
                                    "\\\\",
                                    "TRACE",
                                    "\"stream\":\"a\"",
                                    "stream='a'",
                                    "\"record\":{",
                                    "\"type\":\"RECORD\"",
                                    "\"name\":",
                                    "AirbyteRecordMessage(",
                                    "type=<Type.RECORD: 'RECORD'>",
                                    "type=RECORD,",
                                    "null",
                                    "map[",
                                    "&#34;",
                                    "\\x22"};
  std::mt19937 random(11);
  int records = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    for (int n = random() % 24; n >= 0; --n) text += parts[random() % std::size(parts)];
    const std::string whole = Shown(FindMessageSigns(text));
    records += whole.starts_with("record");
    SignSearch search;
    for (size_t at = 0; at < text.size();) {
      const size_t size = 1 + random() % (round % 2 == 0 ? 1 : 12);
      search.Feed(std::string_view(text).substr(at, size));
      at += size;
    }
    ASSERT_EQ(Shown(search.Finish()), whole) << text;
    ASSERT_TRUE(!search.found_record() || whole.starts_with("record")) << text;
  }
  EXPECT_GT(records, 5'000);
}

// Of a text without an end that could be anything: what cannot be told is taken for a part of a record, and
// nothing of it is kept.
TEST(SignSearch, KeepsLittleOfWhatIsUndecided) {
  SignSearch search;
  search.Feed("x {\"record\"");
  for (int n = 0; n < 1'000; ++n) search.Feed(std::string(1'000, n % 2 == 0 ? ' ' : '\\'));
  EXPECT_FALSE(search.found_record());
  search.Feed("\"record\":");
  for (int n = 0; n < 10; ++n) search.Feed(std::string(1'000, ' '));
  EXPECT_FALSE(search.found_record());
  search.Feed("{\"emitted_at\":1, \"x\":[]  ");
  EXPECT_TRUE(search.found_record());
}

TEST(MessageSigns, TextThatSpeaksOfOtherThings) {
  for (const char* text : {"",
                           "{",
                           "\"",
                           "{\"",
                           "{\"\\",
                           R"(the "type" is "RECORD")",
                           R"(RECORD {record: {}})",
                           R"({"x":"RECORDS"})",
                           R"({"x":"the RECORD"})",
                           R"({"x":"record"})",
                           R"({x} is a "record)"
                           "\"",
                           R"({"type":" Record "})",
                           R"({"records":42,"record":null})",
                           R"(DEBUG response {"records":[{"id":"rec1","fields":{"a":1}}]})",
                           R"({"Records":[{"eventVersion":"2.1","s3":{"object":{}}}]})",
                           R"({"record":{ },"records":[]})",
                           R"({'record': None})",
                           R"({"record":"","x":{}})",
                           R"({"record":"users"})",
                           R"({"state":"running"})",
                           R"({"type":"x","a":"STATE"})",
                           R"({"state":{"a":1}})",
                           R"({"data":{"a":1}})",
                           R"({"level":"error"})",
                           R"({"error":{"a":1}})",
                           R"({"trace":"at x","error":{"a":1}})",
                           R"({"status":"FAILED"})",
                           R"({"fatal":{"a":1}})",
                           R"(x "INCOMPLETE")"}) {
    const MessageSigns signs = FindMessageSigns(text);
    EXPECT_FALSE(signs.record) << text;
    EXPECT_FALSE(signs.state) << text;
    EXPECT_FALSE(signs.failure) << text;
  }
}

TEST(MessageSigns, TheSourcesFailure) {
  for (const char* text :
       {R"(x {"type":"TRACE","trace":{"type":"ERROR","emit)",
        R"({"log":"{\"type\":\"TRACE\",\"trace\":{\"error\":{\"a)", R"({"level":"fatal","msg":"x"})",
        R"(x {'status': 'INCOMPLETE'})", R"({"type":"log","log":{"level":"FATAL "}})",
        R"(x {"type":"CONNECTION_STATUS","connectionStatus":{"status":"FAILED"}})"}) {
    EXPECT_TRUE(FindMessageSigns(text).failure) << text;
    EXPECT_FALSE(FindMessageSigns(text).record) << text;
    EXPECT_FALSE(FindMessageSigns(text).state) << text;
  }
}

}  // namespace
}  // namespace ddb
