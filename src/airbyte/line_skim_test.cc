#include "airbyte/line_skim.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

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
    default:
      return "plain";
  }
}

TEST(LineSkim, TellsWhatALineIsWhereverItSaysSo) {
  const std::pair<std::string, std::string> lines[] = {
      {R"({"type":"RECORD","record":{"stream":"users","data":{"a":"x"},"emitted_at":1}})", "record -/users"},
      {R"( { "record" : {"data":{"stream":"no","a":[{"namespace":"no"}]},"namespace":"n", "stream":"us\u0065rs"} ,"type":"REC\u004FRD"} )",
       "record n/users"},
      {R"({"type":"RECORD","record":{"stream":"a","stream":"b","namespace":"n","namespace":null,"data":[]}})",
       "record -/b"},
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
