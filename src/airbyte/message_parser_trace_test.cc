// What a source says of itself: an overwrite keeps its tables for one that has failed.
#include <gtest/gtest.h>

#include <string>

#include "airbyte/message_parser.h"
#include "json/padding.h"
#include "support/airbyte/message_parser_fixture.h"

namespace ddb {
namespace {

// The texts of what it gives are gone; its kind and its reason are not.
ParsedLine Parse(const std::string& line) {
  NoRecords none;
  const std::string padded = line + std::string(json::kPadding, ' ');
  return MessageParser().Parse(std::string_view(padded).substr(0, line.size()), none);
}

TEST(MessageParserTrace, AFailureInAnyWritingAndOfNoStream) {
  for (const char* line :
       {R"({"trace":{"type":"ERROR"},"type":"TRACE"})", R"({"trace":{"type":"error"},"type":"TRACE"})",
        R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"status":"INCOMPLETE"}}})",
        R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"status":"incomplete"}}})",
        R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"status":"INCOMPLETE "}}})",
        R"({"type":"TRACE","Trace":{"type":"ERROR"}})", R"({"type":"TRACE","trace":{"type":"ERROR "}})",
        R"({"type":"TRACE","trace":{"error":{"message":"x"}}})",
        R"({"type":"TRACE","trace":{"Type":"ERROR"}})",
        R"({"type":"TRACE","trace":{"type":null,"error":{"a":1},"estimate":null}})",
        R"({"type":"TRACE","trace":{"type":"stream_status","stream_status":{"status":"INCOMPLETE"}}})",
        R"({"type":"LOG","log":{"level":"FATAL "}})", R"({"type":"LOG","Log":{"Level":"Fatal"}})",
        R"({"type":"LOG","level":"fatal"})",
        R"({"type":"CONNECTION_STATUS","connection_status":{"status":"failed"}})"}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kSourceError) << line;
  }
  const ParsedLine status = Parse(
      R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"stream_descriptor":{"name":"a"},"status":"Incomplete"}}})");
  EXPECT_EQ(status.kind, LineKind::kStreamStatus);
  EXPECT_EQ(status.status, StreamStatus::kIncomplete);
}

TEST(MessageParserTrace, WhatIsNoFailure) {
  for (const char* line :
       {R"({"type":"TRACE","trace":{"type":"ESTIMATE","stream_status":{"status":"INCOMPLETE"}}})",
        R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{"status":"COMPLETE"}}})",
        R"({"type":"TRACE","trace":{"type":"ESTIMATE","error":null}})",
        R"({"type":"TRACE","trace":{"error":null}})",
        R"({"type":"LOG","log":{"level":"ERROR","message":"FATAL"}})", R"({"type":"LOG","log":{"level":50}})",
        R"({"type":"LOG","log":{"level":"INFO","message":"{\"type\":\"TRACE\",\"x\":\"ERROR\"}"}})",
        R"({"type":"TRACE","trace":{"type":"STREAM_STATUS"}})"}) {
    EXPECT_EQ(Parse(line).kind, LineKind::kIgnored) << line;
  }
}

TEST(MessageParserTrace, ItsTypeInOtherLettersFails) {
  const ParsedLine parsed = Parse(R"({"type":"trace","trace":{"type":"ERROR"}})");
  EXPECT_EQ(parsed.kind, LineKind::kMalformed);
  EXPECT_EQ(parsed.reason.view(), "its type is not TRACE, but TRACE in another writing");
}

}  // namespace
}  // namespace ddb
