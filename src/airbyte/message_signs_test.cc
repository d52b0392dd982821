#include "airbyte/message_signs.h"

#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

const std::string kRecord = R"({"type":"RECORD","record":{"stream":"a","data":{"id":1},"emitted_at":1}})";

TEST(MessageSigns, ARecordInAnyQuotes) {
  for (const char* text :
       {R"(2024 WA{"type":"RECORD","record":{"stream":"us)", R"("type":"RECORD","record":{"a":1}})",
        R"(<ts> stdout P {"type" : " Record ","rec)", R"(x {"type":"RECORD)",
        R"({"log":"{\"type\":\"RECORD\",\"rec"})", R"({"a":{"b":"{\\\"type\\\":\\\"RECORD\\\"}"}})",
        R"("{""type"":""RECORD"",""record"":{""a"":1}}")", R"(log {'type': 'RECORD', 'record': {'a': 1}})",
        R"({\u0022type\u0022:\u0022RECORD\u0022})", R"({\\u0022type\\u0022:\\u0022RECORD\\u0022})",
        R"({"type":"RECORD\n"})", R"(RECORD","record":{"a":1}})", R"({"records" : [ {"a":1}]})",
        R"(x"record":{)", R"({"record":)", R"({"record":"{\"a\":1}"})", R"({"record"=>{"a"=>1}})",
        R"(ord":{"stream":"a","data":{"id":1},"emitted_at":1}})"}) {
    EXPECT_TRUE(FindMessageSigns(text).record) << text;
    EXPECT_TRUE(FindMessageSigns(text).message()) << text;
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
                           R"({"records":42,"record":null})",
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
    EXPECT_FALSE(signs.message()) << text;
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
    EXPECT_FALSE(FindMessageSigns(text).message()) << text;
  }
}

}  // namespace
}  // namespace ddb
