// Lines that are no message, or more than one.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "airbyte/message_parser.h"
#include "airbyte/message_signs.h"
#include "airbyte/unknown_message.h"
#include "support/airbyte/message_parser_fixture.h"

namespace ddb {
namespace {

// The first would be lost, as JSON's readers take the last.
TEST_F(MessageParserTest, SeveralRecordsInOneMessage) {
  const std::string good = R"({"stream":"a","data":{},"emitted_at":1})";
  for (const std::string& other : {good, std::string(R"({"stream":"a","emitted_at":1})"), std::string("{}"),
                                   std::string("[]"), std::string("7")}) {
    for (const std::string& line :
         {R"({"type":"RECORD","record":)" + good + R"(,"record":)" + other + "}",
          R"({"record":)" + other + R"(,"r\u0065cord" : )" + good + R"(,"type":"RECORD"})"}) {
      EXPECT_EQ(Reason(line), kTwoRecords.view()) << line;
      EXPECT_FALSE(parsed_.has_stream_for_error) << line;
    }
  }
}

TEST_F(MessageParserTest, APartOfARecordTwice) {
  const auto of = [](const std::string& record) { return R"({"type":"RECORD","record":{)" + record + "}}"; };
  for (const char* twice : {R"("stream":"a","data":{"id":1},"data":{"id":2},"emitted_at":1)",
                            R"("data":{},"stream":"a","emitted_at":1,"data":{})",
                            R"("stream":"a","data":{},"emitted_at":1,"emitted_at":2)",
                            R"("stream":"a","d\u0061ta":{},"data":{},"emitted_at":1)",
                            R"("stream":"a","data":{},"emitted_at":1,"meta":{},"meta":{})"}) {
    EXPECT_EQ(Reason(of(twice)), kMemberTwice.view()) << twice;
    EXPECT_TRUE(parsed_.has_stream_for_error) << twice;
  }
  // Whose it is cannot be told then.
  for (const char* twice : {R"("stream":"a","stream":"b","data":{},"emitted_at":1)",
                            R"("stream":"a","stream":"a","data":{},"emitted_at":1)",
                            R"("stream":"a","namespace":"n","data":{},"emitted_at":1,"namespace":"m")"}) {
    EXPECT_EQ(Reason(of(twice)), kMemberTwice.view()) << twice;
    EXPECT_FALSE(parsed_.has_stream_for_error) << twice;
  }
  Reason(of(R"("stream":"a","stream":"b","data":[],"emitted_at":1)"));
  EXPECT_FALSE(parsed_.has_stream_for_error);
  for (const char* once : {R"("namespace":null,"stream":"a","data":{},"meta":null,"emitted_at":1)",
                           R"("stream":"a","data":{},"emitted_at":1,"x":1,"x":2,"y":3)",
                           R"("stream":"a","data":{"x":1,"x":2},"emitted_at":1)"}) {
    EXPECT_EQ(Parse(of(once)).kind, LineKind::kRecord) << once << parsed_.reason;
  }
}

TEST_F(MessageParserTest, LinesOfALogInJson) {
  for (
      const char* line :
      {R"({"level":"info","ts":1.5,"msg":"starting"})",
       R"({"log":"a line\n","stream":"stdout","time":"now"})",
       R"({"message":"sent {\"type\":\"LOG\",\"record\":{}} to stdout","severity":"DEBUG"})",
       R"({"msg":"read {}","records":42,"kind":"RECORD"})",
       R"({"event":"x","x":NaN,"record":null,"state":"sent"})",
       R"({"msg":"x","record":{ },"records":[]})",
       "{\"msg\":\"caf\xE9\"}",
       R"({ "m\u0073g" : "" })",
       R"({"msg":"schema {\"type\":\"record\",\"name\":\"x\",\"fields\":[]}","level":"debug"})",
       R"({"msg":"schema","schema":{"type":"record","fields":[{"name":"a","type":{"type":"RECORD","fields":[]}}]}})",
       R"({"msg":"response {\"records\":[{\"id\":1}]}"})",
       R"({"version":"1.1","host":"h","short_message":"x"})",
       R"({"severity":"INFO","textPayload":"x"})",
       R"({"@t":"now","@mt":"x {A}","A":1})",
       R"({"msg":"x","record":{"a":1}})",
       R"({"msg":"x","type":7})",
       R"({"msg":"x","records":[{"id":1}],"Record":[ 1 ]})",
       R"({"msg":"x","record":"{\"id\":1}"})",
       R"({"msg":"x","State":{"data":{}}})",
       R"({"msg":"x","stream":"s","data":[]})",
       R"({"x":" {\"state\":{},\"type\":\"STATE\"} ","msg":"sending"})"}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kLogLine) << line << parsed_.reason;
  }
  for (const char* line :
       {R"({"msg":"x","stream":"s","data":{}})", R"({"message":"x","stream":"s","data":[1]})",
        R"({"msg":"x","Stream":"s","D\u0061ta":{}})", R"({"msg":"x","stream":"s","record":{"id":1}})",
        R"({"msg":"x","Type":"RECORD"})", R"({"msg":"x","rows":[{"stream":"s","data":{}}]})", R"({"msg":7})",
        R"({"text":"x"})", R"({"text":"x","record":{"id":1}})", R"({"level":"info","id":1})",
        R"({"level":7,"time":1})", R"({"id":1,"record":{"a":1}})"}) {
    EXPECT_EQ(Reason(line), "line is not an Airbyte message") << line;
  }
  for (const char* line :
       {R"({"log":"{\"type\":\"RECORD\",\"record\":{\"stream\":\"a\"}}\n","stream":"stdout"})",
        R"({"msg":"{\"type\":\"RECORD\",\"record\":{\"data\":NaN}}","level":1})",
        R"({"message":"sent {\"type\":\"RECORD\",\"record\":{}} to stdout","severity":"DEBUG"})",
        R"({"log":"got {\"type\":\"RECORD\""})",
        R"({"log":"{\"type\":\"RECORD\",\"record\":{\"stream\":\"us","stream":"stdout"})",
        R"({"msg":"[{\"type\":\"RECORD\"}]"})", R"({"log":"INFO {'type': 'RECORD', 'record': {'a': 1}}"})",
        R"({"fields":{"line":"{\"type\":\"RECORD\",\"record\":{\"a\":1}}"},"msg":"x"})",

        R"({"log":"ord\":{\"stream\":\"a\",\"data\":{\"id\":1},\"emitted_at\":1}}","stream":"stdout"})",
        R"({"log":"{\u0022type\u0022:\u0022RECORD\u0022,\u0022record\u0022:{}}"})"}) {
    EXPECT_EQ(Reason(line), kMessageInString.view()) << line;
  }
  for (const char* line :
       {R"({"msg":"x","record":{"stream":"a"}})", R"({"msg":"x","a":{"record":{"data":[{}]}}})",
        R"({"text":"x","record":{"level":"INFO","emitted_at":1}})",
        R"({"msg":"x","a":{"b":{"c":{"records":[{"stream":"a","data":{"id":1}}]}}}})"}) {
    EXPECT_EQ(Reason(line), kRecordInObject.view()) << line;
  }
}

// Under any name that its letters make `record`, at the top or one level down.
TEST_F(MessageParserTest, AKnownTypeWithARecordUnderAnotherNameIsNotPassedOver) {
  const std::string good = R"("record":{"stream":"a","data":{},"emitted_at":1})";
  for (const std::string rest :
       {R"("log":{"level":"INFO"},"Record":{"a":1}})", R"("records":[{"a":1}]})", R"("RECORD ":[ 1 ]})",
        R"("payload":{"record":{"a":1}}})", R"("log":{"Records":[{"a":1}]}})"}) {
    for (const std::string head :
         {R"({"type":"LOG",)", R"({"type":"CONTROL",)", R"({"type":"SPEC",)", R"({"type":"CATALOG",)",
          R"({"type":"TRACE","trace":{"type":"ERROR"},)", R"({"type":"STATE","state":{"data":{}},)"}) {
      EXPECT_EQ(Reason(head + rest), kRecordInAnotherType.view()) << head << rest;
    }
  }
  // Or without its wrapping: beside the type or anywhere else; or in a text that is no log's.
  for (const std::string rest :
       {R"("stream":"a","data":{"id":1}})", R"("data":[1],"log":null,"Stream":"a"})",
        R"("x":[{"stream":"a","data":{}}]})", R"("x":{"y":{"data":{},"stream":"a"}}})",
        R"("stream":"a","record":null,"x":{"stream":"a","record":{"id":1}}})"}) {
    for (const std::string head :
         {R"({"type":"LOG","log":{"level":"INFO","message":"x"},)", R"({"type":"CONTROL",)",
          R"({"type":"TRACE","trace":{"type":"ERROR"},)", R"({"type":"STATE","state":{"data":{}},)"}) {
      EXPECT_EQ(Reason(head + rest), kRecordInAnotherType.view()) << head << rest;
    }
    EXPECT_EQ(Reason(R"({"type":"RECORD",)" + good + "," + rest), kTwoRecords.view()) << rest;
  }
  for (const char* line : {R"({"type":"LOG","log":{"level":"INFO","stream":"a","data":{"id":1}}})",
                           R"({"type":"CONTROL","control":{"stream":"a","data":{"id":1}}})",
                           R"({"type":"LOG","message":"{\"type\":\"RECORD\",\"record\":{}}"})",
                           R"({"type":"STATE","state":{},"note":"\"stream\":\"a\",\"data\":{\"id\":1}"})"}) {
    EXPECT_EQ(Reason(line), kRecordInAnotherType.view()) << line;
  }
  for (const char* line :
       {R"({"type":"LOG","log":{"level":"INFO","message":"{\"stream\":\"a\",\"data\":{}}"}})",
        R"({"type":"CONTROL","control":{"connectorConfig":{"config":{"stream":"a","data":{"id":1}}}}})",
        R"({"type":"SPEC","spec":{"examples":[{"stream":"a","data":{"id":1}}]}})",
        R"({"type":"LOG","stream":"a","data":[]})", R"({"type":"LOG","stream":{"a":1},"data":{"id":1}})",
        R"({"type":"LOG","stream":"a","log":{"data":{"id":1}}})"}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kIgnored) << line << parsed_.reason;
  }
  EXPECT_EQ(Parse(R"({"type":"STATE","x":1,"state":{"data":{"stream":"a","data":{"id":1}}}})").kind,
            LineKind::kState)
      << parsed_.reason;
  for (const std::string rest : {R"("Record":{"a":1}})", R"("records":[{"a":1}]})", R"("RECORD ":[ 1 ]})"}) {
    EXPECT_EQ(Reason(R"({"type":"RECORD",)" + good + "," + rest), kTwoRecords.view()) << rest;
    EXPECT_FALSE(parsed_.has_stream_for_error);
  }
  for (const std::string rest :
       {R"("Record":{ }})", R"("records":[]})", R"("records":5})", R"("x":{"Record":null}})",
        R"("log":{"message":"{\"record\":{\"a\":1}}"}})"}) {
    EXPECT_EQ(Parse(R"({"type":"LOG",)" + rest).kind, LineKind::kIgnored) << rest;
    EXPECT_EQ(Parse(R"({"type":"RECORD",)" + good + "," + rest).kind, LineKind::kRecord) << rest;
  }
}

TEST_F(MessageParserTest, LinesThatDoNotBeginAsAMessage) {
  for (const char* line : {"", " ", "\r", "\t \r"}) EXPECT_EQ(Parse(line).kind, LineKind::kBlank) << line;
  for (const char* line : {"x", " 5", "\"text\"", "[]", "null", "\xEF\xBB\xBF{\"type\":\"LOG\"}", "\x01{"}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kPlain) << line;
  }
}

TEST_F(MessageParserTest, LinesThatAreNoMessage) {
  for (const char* line : {"{}", R"({"type":null})", R"({"type":5})", R"({"type":{}})",
                           R"({"type":"\uDC00"})", R"({"record":{"stream":"a","data":{},"emitted_at":1}})"}) {
    EXPECT_EQ(Reason(line), "line is not an Airbyte message") << line;
  }
  for (const char* line :
       {"{", R"({"type")", R"({"type":)", R"({"type":"LOG")", R"({"type":"LOG",)", R"({"type":"LOG",})",
        R"({"type":"LOG"}})", R"({"type":"LOG"} {})", R"({"type":"LOG"}x)", R"({type:"LOG"})",
        R"({"type" "LOG"})", R"({"type":"LOG" "a":1})", R"({"type":"LOG","a":[}})",
        R"({"type":"LOG","a":tru})", "{\"type\":\"LOG\",\"a\":\"\x01\"}", "{\"type\":\"LOG\",\"a\":\xFF}",
        R"({"type":"LOG","a":"\x"})", R"({"type":"RECORD","record":{"stream":"a)",
        R"({"type":"STATE","state":{"data":{]}})"}) {
    EXPECT_EQ(Reason(line), "line is not valid JSON") << line;
  }
  EXPECT_EQ(Reason(std::string_view("{\"type\":\"LOG\",\"a\":\"\0\"}", 22)), "line is not valid JSON");
  EXPECT_EQ(Reason(std::string_view("{\"type\":\"LOG\"}\0", 15)), "line is not valid JSON");
}

// What is broken is its record's alone, where it is certain what of the line it is, and whose the record is.
TEST_F(MessageParserTest, DataThatIsNotJson) {
  const auto of = [](std::string_view record, std::string_view more = "") {
    return R"({"type":"RECORD","record":{)" + std::string(record) + "}" + std::string(more) + "}";
  };
  const std::string_view end = R"(,"emitted_at":1,"namespace":"n")";
  for (const char* data :
       {R"({"x":tru})", R"({"x":True,"y":[None,{}]})", "{'a': \"it's\", 'b': '\"}'}", R"({"a":1,})",
        R"({"a":})", R"({"a" 1})", R"({a:1})", R"({"a":01})", "{\"a\":\"\t\"}", R"({"a":"\x"})",
        R"({"a":["\"]}",.5]})", "{/*x*/}", R"({"a":[1,,2]})"}) {
    EXPECT_EQ(Reason(of(R"("stream":"a","data":)" + std::string(data) + std::string(end))),
              "record.data is not valid JSON");
    EXPECT_TRUE(parsed_.has_stream_for_error) << data;
    EXPECT_EQ(Show(parsed_.record.stream), "n/a") << data;
    Reason(of(R"("data":)" + std::string(data) + std::string(end) + R"(,"stream":"a")", R"(,"x":1)"));
    EXPECT_TRUE(parsed_.has_stream_for_error) << data;
    for (const std::string& open :
         {of(R"("stream":"a","data":)" + std::string(data) + R"(,"namespace":7)"),
          of(R"("stream":"a","data":)" + std::string(data) + R"(,"stream":"a")"),
          of(R"("data":)" + std::string(data)),
          of(R"("stream":"a","data":)" + std::string(data), R"(,"records":[1])"),
          of(R"("stream":"a","data":)" + std::string(data), R"(,"record":{"stream":"a"})"),
          of(R"("stream":"a","data":)" + std::string(data), R"(,"type":"LOG")"),
          R"({"record":{"stream":"a","data":)" + std::string(data) + R"(},"state":{}})"}) {
      EXPECT_EQ(Parse(open).kind, LineKind::kMalformed) << open;
      EXPECT_FALSE(parsed_.has_stream_for_error) << open;
    }
  }
  EXPECT_EQ(Reason(of(R"("stream":"a","data":{},"emitted_at":1,"meta":{"changes":None})")),
            "record.meta is not valid JSON");
  EXPECT_EQ(Reason(of(R"("stream":"a","data":{},"emitted_at":1,"x":[None])")),
            "a member of its record is not valid JSON");
  EXPECT_EQ(Reason(of(R"("stream":"a","data":{},"emitted_at":1,"file":{"file_url":None})")),
            kComesWithAFile.view());
}

TEST_F(MessageParserTest, WhatIsNotJsonAndNotCertain) {
  const std::string good = R"({"type":"RECORD","record":{"stream":"a","data":{},"emitted_at":1}})";
  const std::string kOpen[] = {R"({"x":True)",
                               R"({"x":[True}})",
                               R"({"x":"a"b"c"d"})",
                               "{\"x\":\"" + good + "\"}",
                               "{\"x\":'}",
                               "{\"x\":1" + good,
                               "{} True",
                               "True 'x'",
                               "1 {}",
                               R"("\x" 1)"};
  for (const std::string& data : kOpen) {
    const std::string line =
        R"({"type":"RECORD","record":{"stream":"a","data":)" + data + R"(,"emitted_at":1}})";
    EXPECT_EQ(Parse(line).kind, LineKind::kMalformed) << line;
    EXPECT_FALSE(parsed_.has_stream_for_error) << line;
    for (size_t cut = 40; cut < line.size(); ++cut) {
      Parse(std::string_view(line).substr(0, cut));
      EXPECT_FALSE(parsed_.has_stream_for_error) << line.substr(0, cut);
    }
  }
  Parse(std::string_view("{\"type\":\"RECORD\",\"record\":{\"stream\":\"a\",\"data\":{\"x\":\"\0\"}}}", 59));
  EXPECT_FALSE(parsed_.has_stream_for_error) << "such an input is no text";
}

}  // namespace
}  // namespace ddb
