#include "airbyte/message_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "airbyte/unknown_message.h"
#include "support/airbyte/message_parser_fixture.h"

namespace ddb {
namespace {

TEST_F(MessageParserTest, Record) {
  const ParsedLine& line =
      Parse(R"({"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":1700000000000}})");
  ASSERT_EQ(line.kind, LineKind::kRecord) << line.reason;
  EXPECT_EQ(Show(line.record.stream), "users");
  EXPECT_TRUE(line.record.has_stream);
  EXPECT_EQ(line.record.emitted_at, "1700000000000");
  EXPECT_EQ(line.record.meta, "");
  EXPECT_EQ(sink_.data, R"({"id":1})");
  EXPECT_EQ(sink_.calls, 1);
  EXPECT_TRUE(sink_.had_stream);
}

TEST_F(MessageParserTest, RecordWithEverythingInAnyOrderAndWhitespace) {
  const ParsedLine& line = Parse(
      " { \"record\" : {\t\"meta\": {\"changes\":[]} ,\r \"emitted_at\" : -5 , \"data\" : { } , "
      "\"namespace\" : \"public\" ,"
      " \"file_reference\" : null , \"later\" : {\"a\":[1,{}]} , \"stream\" : \"users\" } , \"x\" : [ ] , "
      "\"type\" : \"RECORD\" } \r");
  ASSERT_EQ(line.kind, LineKind::kRecord) << line.reason;
  EXPECT_EQ(Show(line.record.stream), "public/users");
  EXPECT_EQ(line.record.emitted_at, "-5");
  EXPECT_EQ(line.record.meta, R"({"changes":[]})");
  EXPECT_EQ(sink_.data, "{ }");
  EXPECT_FALSE(sink_.had_stream);
}

TEST_F(MessageParserTest, ExplicitNullsEverywhere) {
  const ParsedLine& line = Parse(
      R"({"type":"RECORD","log":null,"spec":null,"connectionStatus":null,"catalog":null,"record":{"namespace":null,)"
      R"("stream":"users","data":{},"emitted_at":1,"meta":null,"file_reference":null},"state":null,"trace":null,)"
      R"("control":null,"destination_catalog":null})");
  ASSERT_EQ(line.kind, LineKind::kRecord) << line.reason;
  EXPECT_FALSE(line.record.stream.ns.has_value());
  EXPECT_EQ(line.record.meta, "");
}

TEST_F(MessageParserTest, TheLastOfSeveralMembersCounts) {
  const ParsedLine& line =
      Parse(R"({"type":"LOG","record":null,"record":{"stream":"a","namespace":null,"data":{"x":2},)"
            R"("emitted_at":3,"meta":null},"type":"RECORD"})");
  ASSERT_EQ(line.kind, LineKind::kRecord) << line.reason;
  EXPECT_EQ(Show(line.record.stream), "a");
  EXPECT_EQ(line.record.emitted_at, "3");
  EXPECT_EQ(line.record.meta, "");
  EXPECT_EQ(sink_.data, R"({"x":2})");
  EXPECT_EQ(sink_.calls, 1);

  const std::string good = R"({"stream":"a","data":{},"emitted_at":1})";
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":)" + good + R"(,"record":null})"), "record is missing");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":{"stream":"a","data":{},"data":4,"emitted_at":1}})"),
            "record.data is not an object");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":)" + good + R"(,"type":null})"),
            "line is not an Airbyte message");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":)" + good + R"(,"type":"LOG"})"),
            kRecordInAnotherType.view());
}

TEST_F(MessageParserTest, NamesWithEscapes) {
  const ParsedLine& line = Parse(
      R"({"t\u0079pe":"REC\u004FRD","\u0072ecord":{"stre\u0061m":"us\u0065rs \"\u00e4\uD83D\uDE00","namesp\u0061ce":"\\n",)"
      R"("d\u0061ta":{},"emitted_\u0061t":1}})");
  ASSERT_EQ(line.kind, LineKind::kRecord) << line.reason;
  EXPECT_EQ(Show(line.record.stream), "\\n/users \"\xC3\xA4\xF0\x9F\x98\x80");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":{"stream":"\uD800","data":{},"emitted_at":1}})"),
            "record.stream is missing or not text in UTF-8");
  EXPECT_EQ(Parse(R"({"\uD800":1,"type":"RECORD","record":{"stream":"a","data":{},"emitted_at":1}})").kind,
            LineKind::kRecord);
}

TEST_F(MessageParserTest, EmittedAtIsANumber) {
  const auto with = [this](std::string_view value) {
    return Reason(R"({"type":"RECORD","record":{"stream":"a","data":{},"emitted_at":)" + std::string(value) +
                  "}}");
  };
  for (const char* good : {"0", "-0", "1", "-1", "1700000000000", "123456789012345678901234567890"}) {
    EXPECT_EQ(with(good), "not malformed") << good;
    EXPECT_EQ(parsed_.record.emitted_at, good);
    EXPECT_TRUE(parsed_.record.emitted_at_is_digits) << good;
  }
  for (const char* other : {"1e3", "5.0", "1E0", "0.0", "-1.5", "1700000000000.5", "1.7e+12"}) {
    EXPECT_EQ(with(other), "not malformed") << other;
    EXPECT_EQ(parsed_.record.emitted_at, other);
    EXPECT_FALSE(parsed_.record.emitted_at_is_digits) << other;
  }
  for (const char* bad : {"\"1\"", "true", "[1]", "{}", "NaN", "-Infinity", "\"\xE9\""}) {
    EXPECT_EQ(with(bad), "record.emitted_at is not a number") << bad;
  }
  EXPECT_EQ(with("null"), "record.emitted_at is missing");
  for (const char* invalid : {"01", "-", "+1", "1.", "-a", "0x1", "1e", "nan", "-NaN", "nul", ""}) {
    EXPECT_EQ(with(invalid), "record.emitted_at is not a number") << invalid;
    EXPECT_TRUE(parsed_.has_stream_for_error) << "the line's frame is whole: " << invalid;
  }
}

TEST_F(MessageParserTest, WhatIsNotJsonButUnderstood) {
  const auto record = [](std::string_view data, std::string_view more = "") {
    return R"({"type":"RECORD","record":{"stream":"a","data":)" + std::string(data) + R"(,"emitted_at":1)" +
           std::string(more) + "}}";
  };
  for (const std::string& line : {record(R"({"a":1},"x":NaN)"), record("{}", ",\"x\":[-Infinity]"),
                                  record("{}", ",\"caf\xE9\":\"\xE9\""),
                                  record("{}", ",\"meta\":{\"changes\":[{\"field\":\"\xE9\"}]}")}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kRecord) << line << parsed_.reason;
    EXPECT_FALSE(parsed_.is_json) << line;
    EXPECT_EQ(Show(parsed_.record.stream), "a");
    EXPECT_EQ(sink_.calls, 2) << "what came of a reading that broke off counts no more";
  }
  EXPECT_EQ(Parse("{\"type\":\"LOG\",\"log\":{\"level\":\"INFO\",\"message\":\"\xE9\"}}").kind,
            LineKind::kIgnored);
  EXPECT_EQ(
      Parse("{\"type\":\"STATE\",\"state\":{\"type\":\"LEGACY\",\"data\":{\"a\":NaN,\"b\":\"\xE9\"}}}").kind,
      LineKind::kState);
  EXPECT_FALSE(parsed_.is_json);
  EXPECT_EQ(Parse(record("{}")).kind, LineKind::kRecord);
  EXPECT_TRUE(parsed_.is_json);
  EXPECT_EQ(sink_.calls, 1) << "a good line is read once";
  // What is said of a name that is not UTF-8 says so.
  EXPECT_EQ(Reason("{\"type\":\"RECORD\",\"record\":{\"stream\":\"caf\xE9\",\"data\":{},\"emitted_at\":1}}"),
            "record.stream is missing or not text in UTF-8");
  for (const std::string& line :
       {record(R"({"a":nan})"), record("{}", ",\"x\":INF"), record("{}") + "\xE9"}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kMalformed) << line;
    EXPECT_FALSE(parsed_.is_json) << line;
  }
}

TEST_F(MessageParserTest, RecordsThatAreNone) {
  EXPECT_EQ(Reason(R"({"type":"RECORD"})"), "record is missing");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":null})"), "record is missing");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":[]})"), "record is not an object");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":{}})"), "record.stream is missing or not text in UTF-8");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":{"stream":null,"data":{},"emitted_at":1}})"),
            "record.stream is missing or not text in UTF-8");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":{"stream":["a"],"data":{},"emitted_at":1}})"),
            "record.stream is missing or not text in UTF-8");
  EXPECT_FALSE(parsed_.has_stream_for_error);
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":{"stream":"a","namespace":1,"data":{},"emitted_at":1}})"),
            "record.namespace is not text in UTF-8");
  EXPECT_FALSE(parsed_.has_stream_for_error);
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":{"stream":"a","emitted_at":1}})"), "record.data is missing");
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":{"stream":"a","data":null,"emitted_at":1}})"),
            "record.data is missing");
  for (const char* data : {"[]", "5", "\"x\"", "true"}) {
    EXPECT_EQ(Reason(R"({"type":"RECORD","record":{"data":)" + std::string(data) +
                     R"(,"emitted_at":1,"stream":"a","namespace":"n"}})"),
              "record.data is not an object");
    EXPECT_TRUE(parsed_.has_stream_for_error);
    EXPECT_EQ(Show(parsed_.record.stream), "n/a");
  }
  EXPECT_EQ(sink_.calls, 0);
  EXPECT_EQ(Reason(R"({"type":"RECORD","record":{"stream":"a","data":{},"emitted_at":1,"meta":[]}})"),
            "record.meta is not an object");
}

TEST_F(MessageParserTest, ARecordIsNeverPassedOver) {
  for (const char* line :
       {R"({"record":{"stream":"a","data":5},"type":"LOG","log":{"level":"INFO"}})",
        R"({"record":{"stream":"a","data":{}},"type":"STATE","state":{"data":{}}})",
        R"({"type":"TRACE","trace":{"type":"ERROR"},"record":[{}]})",
        R"({"type":"CONTROL","record":{ "x" : 1 },"record":null})",
        R"({"type":"record","record":{"stream":"a","data":{},"emitted_at":1}})",
        R"({"record":{"stream":"a","data":{},"emitted_at":1},"type":"Record"})",
        R"({"type":"Record","Record":{"stream":"a","data":{},"emitted_at":1}})",
        R"({"type":" RECORD","x":1})",
        R"({"type":"RECORD\n","stream":"a","data":{}})",
        R"({"type":"NEWTHING","records":[{"stream":"a"}]})",
        R"({"type":"NEWTHING","RECORD":"text"})",
        R"({"type":"ROW","stream":"s","data":{"a":1},"emitted_at":1})",
        "{\"type\":\"ROW\",\"x\":[NaN,{\"a\":-Infinity},\"\xE9\",{\"stream\":\"s\",\"data\":{\"b\":NaN}}]}",
        R"({"type":"MESSAGE","payload":{"id":[1],"items":[ 1 , [], {"stream":"s","data":{}} ]}})",
        R"({"type":"LOG","x":{"record":{"stream":"a"}},"type":"X Y"})",
        R"({"type":"NEWTHING","payload":"{\"type\":\"RECORD\",\"record\":{}}"})",
        R"({"type":"NEWTHING","r\u0065cord":{"a":1}})",
        R"({"record":"1","type":""})",
        R"({"type":"X","a":[],"b":[[ ],{"stream":"s","data":[1]}]})",
        R"({"type":"X","str\u0065am":"s","Data":{}})",
        R"({"type":"X","level":"INFO","message":"x","record":{"stream":"a"}})"}) {
    EXPECT_EQ(Reason(line), kRecordInAnotherType.view()) << line;
    EXPECT_FALSE(parsed_.has_stream_for_error) << line;
  }
  EXPECT_EQ(Reason(R"({"type":"state","state":{"type":"LEGACY","data":{}}})"),
            "its type is not STATE, but STATE in another writing");
  for (const char* line :
       {R"({"type":"LOG","record":null})", R"({"type":"LOG","record":{ }})", R"({"type":"LOG","record":""})",
        R"({"type":"CATALOG","record":[]})", R"({"type":"SPEC","record":false})",
        R"({"type":"DESTINATION_CATALOG","destination_catalog":{}})"}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kIgnored) << line << parsed_.reason;
  }
  EXPECT_EQ(Parse(R"({"state":5,"type":"RECORD","record":{"stream":"a","data":{},"emitted_at":1}})").kind,
            LineKind::kRecord);
}

TEST_F(MessageParserTest, WhatIsIgnored) {
  for (const char* line :
       {R"({"type":"LOG","log":{"level":"INFO","message":"x"}})", R"({"type":"LOG"})", R"({"type":"SPEC"})",
        R"({"type":"TRACE","trace":{"type":"ESTIMATE","emitted_at":1.5,"estimate":{"name":"x"}}})",
        R"({"type":"TRACE","trace":{"emitted_at":1.5e3}})", R"({"type":"TRACE","trace":{"type":null}})",
        R"({"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","emitted_at":1.0}})"}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kIgnored) << line << parsed_.reason;
  }
}

TEST_F(MessageParserTest, TypesThatAreNotKnown) {
  const std::pair<const char*, const char*> types[] = {
      {R"({"type":"NEWTHING","newthing":{"a":1}})", "NEWTHING"},
      {R"({"record":null,"records":[],"type":"NEW\u0054HING"})", "NEWTHING"},
      {R"({"type":"LOG","x":{"record":null},"type":"X Y"})", "X Y"},
      {R"({"type":"record"})", "record"},
      {R"({"type":"state","state":{}})", "state"},
      {R"({"type":"","a":{}})", ""},
      {R"({"type":"SCHEMA","stream":"s","schema":{"properties":{"data":{},"stream":{"type":"x"}}}})",
       "SCHEMA"},
      {R"({"type":"X","a":[],"b":[[ ],{"stream":1,"data":{}},{"stream":"s","data":[]}]})", "X"},
      {R"({"type":"X","records":42,"record":true,"x":{"record":{"a":1}}})", "X"},
      {R"({"type":"RECORDSET","data":{}})", "RECORDSET"}};
  for (const auto& [line, type] : types) {
    EXPECT_EQ(Parse(line).kind, LineKind::kUnknown) << line << parsed_.reason;
    EXPECT_EQ(parsed_.type, type);
  }
}

TEST_F(MessageParserTest, EveryBeginningOfALineIsMalformed) {
  for (
      const std::string_view whole :
      {R"({"type":"RECORD","record":{"stream":"us\u0065rs","data":{"id":1},"emitted_at":1,"meta":{"changes":[]}}})",
       R"({"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"}},"destinationStats":null}})",
       R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"stream_descriptor":{"name":"a"},"status":"X"}}})"}) {
    for (size_t size = 1; size < whole.size(); ++size) {
      EXPECT_EQ(Parse(whole.substr(0, size)).kind, LineKind::kMalformed) << whole.substr(0, size);
    }
    EXPECT_NE(Parse(whole).kind, LineKind::kMalformed) << whole;
  }
}

TEST_F(MessageParserTest, StateKindByType) {
  EXPECT_EQ(
      Parse(
          R"({"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a","namespace":"n"},)"
          R"("stream_state":{"c":1}},"global":null,"data":{"legacy":1},"sourceStats":{"recordCount":3.0},"id":7}})")
          .kind,
      LineKind::kState)
      << parsed_.reason;
  EXPECT_EQ(parsed_.state.kind, StateKind::kStream);
  EXPECT_EQ(Show(parsed_.state.stream), "n/a");
  EXPECT_EQ(
      Parse(R"({"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":null,"stream_states":[]}}})")
          .kind,
      LineKind::kState);
  EXPECT_EQ(parsed_.state.kind, StateKind::kGlobal);
  EXPECT_EQ(Parse(R"({"type":"STATE","state":{"type":"LEGACY","data":{},"stream":{}}})").kind,
            LineKind::kState);
  EXPECT_EQ(parsed_.state.kind, StateKind::kLegacy);
}

TEST_F(MessageParserTest, StateKindByMemberWithoutType) {
  const std::string stream = R"("stream":{"stream_descriptor":{"name":"a"}})";
  const auto kind = [this](const std::string& members) {
    EXPECT_EQ(Parse(R"({"type":"STATE","state":{)" + members + "}}").kind, LineKind::kState)
        << parsed_.reason;
    return parsed_.state.kind;
  };
  for (const std::string type : {"", R"("type":null,)"}) {
    EXPECT_EQ(kind(type + stream + R"(,"global":null,"data":null)"), StateKind::kStream);
    EXPECT_EQ(kind(type + R"("stream":null,"global":{"stream_states":[]},"data":null)"), StateKind::kGlobal);
    EXPECT_EQ(kind(type + R"("stream":null,"global":null,"data":{"x":1})"), StateKind::kLegacy);
    EXPECT_EQ(kind(type + R"("sourceStats":null)"), StateKind::kLegacy);
    EXPECT_EQ(kind(type + stream + R"(,"stream":null,"global":{})"), StateKind::kGlobal);
  }
  EXPECT_EQ(kind(stream + R"(,"type":"STREAM")"), StateKind::kStream);
  EXPECT_EQ(kind(""), StateKind::kLegacy);
}

TEST_F(MessageParserTest, StatesThatAreNone) {
  const std::string_view no_name = "state.stream has no stream_descriptor with a name in UTF-8";
  EXPECT_EQ(Reason(R"({"type":"STATE"})"), "state is missing");
  EXPECT_EQ(Reason(R"({"type":"STATE","state":null})"), "state is missing");
  EXPECT_EQ(Reason(R"({"type":"STATE","state":"x"})"), "state is not an object");
  EXPECT_EQ(Reason(R"({"type":"STATE","state":{"type":"OTHER"}})"), "state.type is not known");
  EXPECT_EQ(Reason(R"({"type":"STATE","state":{"type":5}})"), "state.type is not known");
  EXPECT_EQ(Reason(R"({"type":"STATE","state":{"type":"STREAM"}})"), no_name);
  EXPECT_EQ(Reason(R"({"type":"STATE","state":{"type":"STREAM","stream":null}})"), no_name);
  EXPECT_EQ(Reason(R"({"type":"STATE","state":{"stream":[]}})"), no_name);
  EXPECT_EQ(Reason(R"({"type":"STATE","state":{"stream":{"stream_state":{}}}})"), no_name);
  EXPECT_EQ(Reason(R"({"type":"STATE","state":{"stream":{"stream_descriptor":null}}})"), no_name);
  EXPECT_EQ(Reason(R"({"type":"STATE","state":{"stream":{"stream_descriptor":{"name":null}}}})"), no_name);
  EXPECT_EQ(
      Reason(
          R"({"type":"STATE","state":{"stream":{"stream_descriptor":{"name":"a"},"stream_descriptor":{}}}})"),
      no_name);
  EXPECT_EQ(
      Reason(R"({"type":"STATE","state":{"stream":{"stream_descriptor":{"name":"a","namespace":{}}}}})"),
      "state.stream has a namespace that is not text in UTF-8");
}

TEST_F(MessageParserTest, WhereDestinationStatsGo) {
  Parse(R"({"type":"STATE","state":{"data":{}}})");
  EXPECT_EQ(parsed_.state.stats_begin, size_ - 2);
  EXPECT_EQ(parsed_.state.stats_end, size_ - 2);
  EXPECT_FALSE(parsed_.state.stats_first);
  Parse(R"({"state":{ },"type":"STATE"})");
  EXPECT_EQ(parsed_.state.stats_begin, std::string_view(R"({"state":{ )").size());
  EXPECT_EQ(parsed_.state.stats_end, parsed_.state.stats_begin);
  EXPECT_TRUE(parsed_.state.stats_first);
  Parse(R"({"type":"STATE","state":{"destinationStats": null ,"data":{"destinationStats":1}}})");
  EXPECT_EQ(StatsText(), "null");
  Parse(
      R"({"type":"STATE","state":{"destinationStats":1,"data":{},"destinationStats":{"recordCount":2.0}},"destinationStats":3})");
  EXPECT_EQ(StatsText(), R"({"recordCount":2.0})");
  Parse(R"({"type":"STATE","state":{"destinationStats":{"a":1}},"state":{"data":[{}]}})");
  EXPECT_EQ(parsed_.state.stats_begin, size_ - 2);
  EXPECT_EQ(parsed_.state.stats_end, size_ - 2);
}

TEST_F(MessageParserTest, StreamStatus) {
  const auto status = [this](const std::string& text) {
    EXPECT_EQ(
        Parse(
            R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1700000000000.5,"stream_status":)"
            R"({"status":)" +
            text +
            R"(,"reasons":null,"stream_descriptor":{"namespace":null,"name":"\u0061b"}},"error":null}})")
            .kind,
        LineKind::kStreamStatus)
        << parsed_.reason;
    EXPECT_EQ(Show(parsed_.status_stream), "ab");
    return parsed_.status;
  };
  EXPECT_EQ(status("\"STARTED\""), StreamStatus::kStarted);
  EXPECT_EQ(status("\"RUNNING\""), StreamStatus::kRunning);
  EXPECT_EQ(status("\"COMPLETE\""), StreamStatus::kComplete);
  EXPECT_EQ(status("\"INCOMPLETE\""), StreamStatus::kIncomplete);
  EXPECT_EQ(status("\"PAUSED\""), StreamStatus::kOther);
  EXPECT_EQ(status("null"), StreamStatus::kOther);
  EXPECT_EQ(Reason(R"({"type":"TRACE","trace":[]})"), "trace is not an object");
  for (
      const char* line :
      {R"({"type":"TRACE"})", R"({"type":"TRACE","trace":null})", R"({"type":"TRACE","trace":{}})",
       R"({"type":"TRACE","trace":{"type":"STREAM_STATUS"}})",
       R"({"type":"TRACE","trace":{"stream_status":null,"type":"STREAM_STATUS"}})",
       R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"stream_descriptor":null}}})",
       R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"stream_descriptor":{"name":null}}}})"}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kIgnored) << line;
  }
  EXPECT_EQ(Parse(R"({"type":"TRACE","trace":{"type":"ESTIMATE","stream_status":{}}})").kind,
            LineKind::kIgnored);
}

TEST_F(MessageParserTest, DepthDoesNotRecurse) {
  const std::string open(2'000'000, '[');
  const std::string close(2'000'000, ']');
  EXPECT_EQ(Parse(R"({"type":"STATE","state":{"data":)" + open + close + "}}").kind, LineKind::kState);
  EXPECT_EQ(Reason(R"({"type":"STATE","state":{"data":)" + open), "line is not valid JSON");
}

}  // namespace
}  // namespace ddb
