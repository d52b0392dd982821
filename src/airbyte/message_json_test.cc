#include "airbyte/message_json.h"

#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

// Byte for byte: who reads these lines may compare them.
TEST(MessageJson, Log) {
  EXPECT_EQ(LogMessage(LogLevel::kWarn, ""), R"({"type":"LOG","log":{"level":"WARN","message":""}})");
  EXPECT_EQ(LogMessage(LogLevel::kFatal, "a \"b\"\\\n\r\t\b\f\x01\x1F\x7F/\xC3\xA9"),
            "{\"type\":\"LOG\",\"log\":{\"level\":\"FATAL\",\"message\":\"a "
            "\\\"b\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001f\x7F/\xC3\xA9\"}}");
}

TEST(MessageJson, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(LogMessage(LogLevel::kInfo, "a\xFFz\xC3"),
            "{\"type\":\"LOG\",\"log\":{\"level\":\"INFO\",\"message\":\"a\xEF\xBF\xBDz\xEF\xBF\xBD\"}}");
  EXPECT_EQ(ConnectionStatusMessage(false, "\xED\xA0\x80").find('\xED'), std::string::npos);
  Error error{FailureType::kConfig, "\xFF", "\xFE", StreamId{"\xFF", "\xC0"}, "\xF0\x9F"};
  const std::string line = TraceErrorMessage(error, 1);
  for (const char bad : {'\xFF', '\xFE', '\xC0', '\xF0'}) EXPECT_EQ(line.find(bad), std::string::npos);
}

TEST(MessageJson, TraceError) {
  Error error{FailureType::kTransient, "m", "i", std::nullopt, "t.cc:1\nu"};
  EXPECT_EQ(
      TraceErrorMessage(error, 1700000000000),
      R"({"type":"TRACE","trace":{"type":"ERROR","emitted_at":1700000000000.0,"error":{)"
      R"("failure_type":"transient_error","message":"m","internal_message":"i","stack_trace":"t.cc:1\nu"}}})");
  error.stream = StreamId{std::nullopt, "s"};
  error.type = FailureType::kConfig;
  EXPECT_EQ(
      TraceErrorMessage(error, 0),
      R"({"type":"TRACE","trace":{"type":"ERROR","emitted_at":0.0,"error":{"failure_type":"config_error",)"
      R"("message":"m","internal_message":"i","stack_trace":"t.cc:1\nu","stream_descriptor":{"name":"s"}}}})");
  error.stream->ns = "";
  error.type = FailureType::kSystem;
  EXPECT_EQ(TraceErrorMessage(error, 1999999999999),
            R"({"type":"TRACE","trace":{"type":"ERROR","emitted_at":1999999999999.0,"error":{)"
            R"("failure_type":"system_error","message":"m","internal_message":"i","stack_trace":"t.cc:1\nu",)"
            R"("stream_descriptor":{"name":"s","namespace":""}}}})");
}

TEST(MessageJson, ConnectionStatus) {
  EXPECT_EQ(ConnectionStatusMessage(true, ""),
            R"({"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}})");
  EXPECT_EQ(ConnectionStatusMessage(false, "why"),
            R"({"type":"CONNECTION_STATUS","connectionStatus":{"status":"FAILED","message":"why"}})");
}

// On one line: whitespace goes, but not in strings, and members keep their order.
TEST(MessageJson, Spec) {
  EXPECT_EQ(
      SpecMessage("{\n  \"z\": [1, 1000000, -2.5,\ttrue, null],\r\n  \"a\": \"x  y\\n \\\"q\\\" : \\\\\", "
                  "\"s\": { }, \"p\": \"^\\\\s[/]\" }\n"),
      R"({"type":"SPEC","spec":{"z":[1,1000000,-2.5,true,null],"a":"x  y\n \"q\" : \\","s":{},"p":"^\\s[/]"}})");
}

TEST(ParseLogLevel, AnyCase) {
  EXPECT_EQ(ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("WARN"), LogLevel::kWarn);
  EXPECT_EQ(ParseLogLevel("Error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("fatal"), LogLevel::kFatal);
  EXPECT_EQ(ParseLogLevel("trace"), LogLevel::kTrace);
  EXPECT_EQ(ParseLogLevel("info"), LogLevel::kInfo);
  EXPECT_EQ(ParseLogLevel(""), LogLevel::kInfo);
  EXPECT_EQ(ParseLogLevel("loud"), LogLevel::kInfo);
}

}  // namespace
}  // namespace ddb
