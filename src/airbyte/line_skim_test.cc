#include "airbyte/line_skim.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "airbyte/odd_line.h"
#include "support/airbyte/message_parser_fixture.h"

namespace ddb {
namespace {

std::string Shown(const SkimmedLine& line) {
  if (line.kind == LineKind::kRecord)
    return "record " + line.stream->ns.value_or("-") + "/" + line.stream->name;
  if (line.kind == LineKind::kMalformed) return std::string(line.reason.view());
  switch (line.kind) {
    case LineKind::kState:
      return "state";
    case LineKind::kIgnored:
      return "ignored";
    case LineKind::kUnknown:
      return "unknown";
    case LineKind::kBlank:
      return "blank";
    default: {
      const std::string kind = line.kind == LineKind::kLogLine ? "log line" : "plain";
      return kind + (line.reason.empty() ? "" : ": " + std::string(line.reason.view().substr(0, 16))) +
             (line.signs.state ? ", a STATE" : "") + (line.signs.failure ? ", failed" : "");
    }
  }
}

TEST(LineSkim, TellsWhatALineIsWhereverItSaysSo) {
  const std::pair<std::string, std::string> lines[] = {
      {R"({"type":"RECORD","record":{"stream":"users","data":{"a":"x"},"emitted_at":1}})", "record -/users"},
      {R"( { "record" : {"data":{"stream":"no","a":[{"namespace":"no"}]},"namespace":"n", "stream":"us\u0065rs"} ,"type":"REC\u004FRD"} )",
       "record n/users"},
      {R"({"type":"RECORD","record":{"stream":"a","namespace":"n","namespace":null,"data":[]}})",
       "a member of its record is there twice"},
      {R"({"type":"RECORD","record":{"stream":"a","stream":"b","data":[]}})",
       "a member of its record is there twice"},
      {R"({"type":"RECORD","record":{"stream":null,"namespace":"n","stream":"a","namespace":"m"}})",
       "a member of its record is there twice"},
      {R"({"type":"RECORD","record":{"stream":"a","namespace":"n"},"record":{"stream":"b"}})",
       "it has more than one record; each has to come in a message of its own"},
      {R"({"type":"RECORD","record":null,"record":{"stream":"b"}})", "record -/b"},
      {R"({"stream":"no","type":"RECORD","x":{"record":{"stream":"no"}},"record":{"stream":"s","meta":null}})",
       "record -/s"},
      {R"({"type":"STATE","state":{"data":{"type":"RECORD"}}})", "state"},
      {R"({"type":"LOG","log":{"message":"\"record\":{"},"record":null})", "ignored"},
      {R"({"type":"TRACE","trace":{}})", "unknown"},
      {R"({"type":"X"})", "unknown"},
      {"", "blank"},
      {" \r", "blank"},
      {"text {", "plain"},
      {R"(text {"type":"STATE","state":{}})", "plain, a STATE"},
      {R"(text {"level":"fatal"})", "plain, failed"},
      {R"(text {"type":"record","name":"x","fields":[]})", "plain"},
      {R"(text {"type":"RECORD","record":{"a":1}})", "plain: it holds a recor"},
      {R"(text {"type":"RECORD",)", "plain: it holds a recor"},
      {std::string("te\0xt", 5), "plain: it holds NUL byt"},
      {R"({"level":"info","msg":"x","stream":"stdout"})", "log line"},
      {R"({"log":"{\"type\":\"STATE\"}\n","level":"fatal"})", "log line, a STATE, failed"},
      {R"({"event":"schema {\"type\":\"record\"}","schema":{"type":"record","fields":[]}})", "log line"},
      {R"({"message":"x","state":"running","records":42,"record":null})", "log line"},
      {R"({"msg":"{\"type\":\"RECORD\""})", "log line: it holds a messa"},
      {R"({"msg":"x","a":{"b":{"record":{"c":1}}}})", "log line"},
      {R"({"msg":"x","a":{"b":{"record":{"emitted_at":1}}}})", "log line: it holds a recor"},
      {R"({"msg":"x","a":{"b":{"record":{"stream":"c"}}}})", "line is not an Airbyte message"},
      {R"({"type":"LOG","stream":"s","data":{"a":1}})", "it holds a record, but its type is not RECORD"},
      {R"({"log":{"level":"INFO","x":{"Stream":"s","data":[1]}},"type":"LOG"})",
       "it holds a record, but its type is not RECORD"},
      {R"({"type":"LOG","log":{"x":{"stream":"s","record":{"a":1}}}})",
       "it holds a record, but its type is not RECORD"},
      {R"({"type":"LOG","stream":5,"data":[]})", "ignored"},
      {R"({"msg":"x","stream":"s","data":[1]})", "line is not an Airbyte message"},
      {R"({"msg":"x","stream":"s","data":[]})", "log line"},
      {R"({"type":"STATE","state":{"stream":"s","data":{"a":1}}})", "state"},
      {R"({"msg":"x","Type":"RECORD"})", "line is not an Airbyte message"},
      {R"({"msg":"x","type":null})", "line is not an Airbyte message"},
      {R"({"msg":"x","state":{"data":1}})", "line is not an Airbyte message"},
      {R"({"msg":"x","records":"{}"})", "line is not an Airbyte message"},
      {R"({"msg":"x","record":{}})", "log line"},
      {R"({"msg":"x","record":{"a":1}})", "line is not an Airbyte message"},
      {R"({"msg":"x","record":"{}"})", "line is not an Airbyte message"},
      {R"({"type":"STATE","record":{ },"state":{}})", "state"},
      {R"({"type":"STATE","record":"","state":{}})", "state"},
      {R"({"type":"LOG","record":false})", "ignored"},
      {R"({"type":"LOG","record":7})", "it holds a record, but its type is not RECORD"},
      {R"({"type":"LOG","record":"x"})", "it holds a record, but its type is not RECORD"},
      {R"({"msg":"x","rows":[{"stream":"s","data":{}}]})", "line is not an Airbyte message"},
      {R"({"msg":7})", "line is not an Airbyte message"},
      {R"({"note":"x"})", "line is not an Airbyte message"},
      {R"({"msg":"x"}{"msg":"x"})", "line is not valid JSON"},
      {R"({"type":"LOG","record":{"stream":"a"}})", "it holds a record, but its type is not RECORD"},
      {R"({"type":"LOG","Record":{"stream":"a"}})", "it holds a record, but its type is not RECORD"},
      {R"({"type":"STATE","payload":{"records":[1]}})", "it holds a record, but its type is not RECORD"},
      {R"({"type":"LOG","log":{"record":"x","x":{"record":{"a":1}},"Record":{ }},"records":[]})", "ignored"},
      {R"({"type":"RECORD","record":{"stream":"a","record":{}},"records":[ 1]})",
       "it has more than one record; each has to come in a message of its own"},
      {R"({"type":"RECORD","record":{"stream":"a","record":{}}})", "record -/a"},
      {R"({"type":"RECORD"})", "record is not an object"},
      {R"({"type":"RECORD","record":[{"stream":"a"}]})", "record is not an object"},
      {R"({"type":"RECORD","record":{"data":{}}})", "record.stream is missing or not text"},
      {R"({"type":"RECORD","record":{"stream":{"stream":"a"}}})", "record.stream is missing or not text"},
      {R"({"type":"RECORD","record":{"stream":"\uD800"}})", "record.stream is missing or not text"},
      {"{\"type\":\"RECORD\",\"record\":{\"stream\":\"\xFF\"}}", "record.stream is missing or not text"},
      {R"({"type":"RECORD","record":{"stream":"a","namespace":1}})", "record.namespace is not text"},
      {R"({"type":"RECORD","record":{"stream":")" + std::string(70'000, 'a') + R"("}})",
       "record.stream is missing or not text"},
      {R"({"record":{"stream":"a"}})", "line is not an Airbyte message"},
      {R"({"type":"RECORD","record":{"stream":"a"}}{"type":"RECORD","record":{"stream":"a"}})",
       "line is not valid JSON"},
      {R"({"type":"RECORD","record":{"stream":"a","data":{"x":"cut off {"type":"RECORD","record":{"stream":"a"}}}})",
       "line is not valid JSON"},
  };
  for (const auto& [line, shown] : lines) {
    EXPECT_EQ(Shown(Skim(line)), shown) << line;
    LineSkim by_bytes;
    for (const char c : line) by_bytes.Feed({&c, 1});
    EXPECT_EQ(Shown(by_bytes.Finish()), shown) << line;
    EXPECT_EQ(by_bytes.Finish().bytes, line.size());
  }
}

// As MessageParser does: by the words of a LOG and a CONNECTION_STATUS.
TEST(LineSkim, ALogThatIsNotFatalIsNoFailure) {
  const std::pair<std::string, bool> lines[] = {
      {R"({"type":"LOG","log":{"level":"INFO","message":"FATAL"}})", false},
      {R"({"type":"LOG","log":{"level":"ERROR","x":{"level":"FATAL"},"status":"OK"}})", false},
      {R"({"type":"LOG","x":{"level":"FATAL"}})", false},
      {R"({"type":"LOG","log":{"level":"FATAL"}})", true},
      {R"({"log":{"message":"x","Level":" fatal"},"type":"LOG"})", true},
      {R"({"type":"LOG","level":"FATAL"})", true},
      {R"({"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}})", false},
      {R"({"type":"CONNECTION_STATUS","connectionStatus":{"status":"FAILED"}})", true},
  };
  for (const auto& [line, failed] : lines) {
    const SkimmedLine skimmed = Skim(line);
    EXPECT_EQ(skimmed.kind, LineKind::kIgnored) << line;
    EXPECT_EQ(skimmed.signs.failure, failed) << line;
    MessageParser parser;
    struct : RecordSink {
      const char* OnData(const char*, const char*, const RecordFields&) override { return nullptr; }
    } sink;
    const std::string padded = line + std::string(json::kPadding, ' ');
    const LineKind kind = parser.Parse(std::string_view(padded).substr(0, line.size()), sink).kind;
    EXPECT_EQ(kind == LineKind::kSourceError, failed) << line;
  }
}

// What it lets pass, the parser does too, which looks more closely; and text is the same for both.
TEST(LineSkim, PassesOverNothingThatIsHeldUp) {
  const std::string_view parts[] = {R"("msg":"x",)",
                                    R"("log":"{\"type\":\"RECORD\"",)",
                                    R"("message":"",)",
                                    R"("record":{"a":1},)",
                                    R"("records":[],)",
                                    R"("State":{"a":1},)",
                                    R"("type":null,)",
                                    R"("stream":"s",)",
                                    R"("data":{"id":1},)",
                                    R"("rows":[{"data":{},"stream":"s"}],)",
                                    R"("a":{"b":{"data":{},"stream":"s"}},)",
                                    R"("x":{"record":[1]},)",
                                    R"("fields":[{"type":"RECORD"}],)",
                                    R"("event":"{'record': {'a': 1}}",)",
                                    R"("emitted_at":1,)",
                                    R"("level":"fatal",)",
                                    R"("Type":"x",)",
                                    R"("record":"{}",)"};
  std::mt19937 random(3);
  int passed = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string line = round % 4 == 0 ? "text {" : "{";
    for (int n = random() % 6; n >= 0; --n) line += parts[random() % std::size(parts)];
    line.back() = '}';
    LineSkim by_pieces;
    for (size_t at = 0; at < line.size(); at += 3) by_pieces.Feed(std::string_view(line).substr(at, 3));
    const SkimmedLine skimmed = by_pieces.Finish();
    const std::string padded = line + std::string(json::kPadding, ' ');
    const std::string_view text = std::string_view(padded).substr(0, line.size());
    MessageParser parser;
    struct : RecordSink {
      const char* OnData(const char*, const char*, const RecordFields&) override { return nullptr; }
    } sink;
    const LineKind kind = parser.Parse(text, sink).kind;
    if (kind == LineKind::kPlain) {
      ASSERT_EQ(skimmed.kind, kind) << line;
      ASSERT_EQ(skimmed.reason, LookAtPlainLine(text, /*is_first=*/false).reason) << line;
    } else if (skimmed.kind == LineKind::kLogLine && skimmed.reason.empty()) {
      ++passed;
      ASSERT_EQ(kind, LineKind::kLogLine) << line;
    }
  }
  EXPECT_GT(passed, 500);
}

// What is told of a line whose end has not been read.
TEST(LineSkim, OfTwoRecordsTheStreamIsThatOfTheLastSoFar) {
  const std::string first =
      R"({"type":"RECORD","record":{"stream":"a","namespace":"n"},"record":{"data":{},)";
  EXPECT_FALSE(Skim(first).stream);
  EXPECT_EQ(Skim(first + R"("stream":"b",)").stream, (StreamId{std::nullopt, "b"}));
}

TEST(LineSkim, DepthIsABitEach) {
  const size_t depth = 1'000'000;
  const std::string head = R"({"type":"RECORD","record":{"stream":"a","data":)";
  EXPECT_EQ(Shown(Skim(head + std::string(depth, '[') + std::string(depth, ']') + "}}")), "record -/a");
  EXPECT_EQ(Shown(Skim(head + std::string(depth, '[') + std::string(depth - 1, ']') + "}}}")),
            "line is not valid JSON");
}

// Whatever is valid for the parser is so here, and the other way round but for what stands in scalars.
using LineSkimReferenceTest = MessageParserTest;
TEST_F(LineSkimReferenceTest, AgreesWithTheParserOnDamagedLines) {
  const std::string seeds[] = {
      R"({"type":"RECORD","record":{"stream":"users","namespace":null,"data":{"id":1,"a":[{}]},"emitted_at":1712,"meta":null}})",
      R"({"record":{"data":{},"meta":{"changes":[]},"emitted_at":5,"namespace":"p\u00fc","stream":"u"},"record":null,"type":"RECORD"})",
      R"({"type":"STATE","state":{"type":null,"stream":{"stream_descriptor":{"name":"a","namespace":"n"}},"data":null}})"};
  const std::string fragments[] = {
      "null", "{}",      "[]",          "\"x\"",        "1",           "{",    "}", "[", "]", ",", ":", "\"",
      "\\",   "\\u0061", "\"stream\":", "\"data\":{},", "\"record\":", "\x02", " "};
  std::mt19937 random(7);
  int records = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string line = seeds[random() % std::size(seeds)];
    for (int change = random() % 4; change > 0; --change) {
      const std::string& fragment = fragments[random() % std::size(fragments)];
      line.replace(random() % line.size(), random() % 3 == 0 ? random() % 6 : 0,
                   random() % 4 == 0 ? "" : fragment);
      if (line.empty()) line = " ";
    }
    const ParsedLine& parsed = Parse(line);
    const SkimmedLine skimmed = Skim(line);
    if (parsed.kind == LineKind::kRecord) {
      ++records;
      ASSERT_EQ(Shown(skimmed), "record " + std::string(parsed.record.stream.ns.value_or("-")) + "/" +
                                    std::string(parsed.record.stream.name))
          << line;
    } else if (parsed.kind == LineKind::kState) {
      ASSERT_EQ(Shown(skimmed), "state") << line;
    } else if (parsed.kind == LineKind::kMalformed && !parsed.has_stream_for_error &&
               skimmed.kind == LineKind::kRecord) {
      // A number or a word that is none.
      ASSERT_TRUE(parsed.reason == Text("line is not valid JSON") ||
                  parsed.reason == Text("record.data is not valid JSON"))
          << line << parsed.reason;
    }
  }
  EXPECT_GT(records, 10'000);
}

}  // namespace
}  // namespace ddb
