#include "airbyte/odd_line.h"

#include <gtest/gtest.h>

#include <string>

#include "airbyte/message_signs.h"
#include "json/padding.h"

namespace ddb {
namespace {

using Kind = OddLine::Kind;

// As a line of a chunk, which bytes follow.
OddLine LookAtPlain(std::string line, bool is_first = true) {
  const size_t size = line.size();
  line.append(json::kPadding, '}');
  return LookAtPlainLine(std::string_view(line).substr(0, size), is_first);
}

TEST(OddLine, TheTextOfASourcesLogIsPassedOver) {
  for (
      const char* line :
      {"2024-01-01 00:00:00 WARN some.library - old setting used",
       "[2024-01-01] starting",
       "[INFO] x",
       "x",
       "\x1b[33mwarning\x1b[0m",
       "caf\xE9",
       "[]",
       "[1,2]",
       "\"text\"",
       "null",
       "42",
       "Traceback (most recent call last):",
       R"(schema: {"type": "object", "properties": {"record": "x", "records": null, "state": {"type": "null"}}})",
       R"(read {"records": 42, "record": {}, "state": "running", "emitted_at": 1})",
       "[{main}] INFO started",
       "[ {x} ] hi",
       R"(sent {"type": "LOG"})",
       R"(the "type" is "RECORD")",
       R"("type":"RECORDS")",
       "BZh is no bzip2",
       "PK",
       "\xFE",
       R"({"type":"RECORDS","record":{}})",
       R"(DEBUG schema {"type":"record","name":"x","fields":[{"name":"a","type":"record"}]})",
       R"("{\"type\":\"record\",\"name\":\"x\"}")",
       R"(sent {"type":"RECORD","mode":"NULLABLE","fields":[{"name":"x"}]})",
       "\"{",
       "\""}) {
    EXPECT_EQ(LookAtPlain(line).kind, Kind::kText) << line;
  }
}

TEST(OddLine, InputOfAnotherFormIsNoText) {
  const std::pair<std::string, std::string> forms[] = {
      {"\x1F\x8B\x08", "gzip"},
      {"\x28\xB5\x2F\xFDxx", "zstd"},
      {"\xFD\x37zXZ", "xz"},
      {"BZh91AY&SY", "bzip2"},
      {"PK\x03\x04", "zip"},
      {std::string("\xFF\xFE{\0", 4), "UTF-16"},
      {std::string("\xFE\xFF\0{", 4), "UTF-16"},
      {std::string("\xFF\xFE\0\0{\0\0\0", 8), "UTF-32"},
      {std::string("\0\0\xFE\xFF\0\0\0{", 8), "UTF-32"},
      {std::string("\0{\0", 3), "NUL"},
      {std::string("text\0", 5), "NUL"},
      {std::string(1000, '\0'), "NUL"},
      {"[", "JSON array"},
      {" [ \r", "JSON array"},
      {R"([{"type":"RECORD"},{"type":"STATE"}])", "JSON array"},
      {"[ {", "JSON array"},
  };
  for (const auto& [line, form] : forms) {
    const OddLine odd = LookAtPlain(line);
    EXPECT_EQ(odd.kind, Kind::kNotInput) << line;
    EXPECT_NE(odd.reason.view().find(form), std::string::npos) << odd.reason;
  }
}

TEST(OddLine, OnlyTheFirstLineTellsTheFormOfTheInput) {
  for (const char* line : {"[", "[ {", R"([{"type":"LOG"}])", "\x1F\x8B\x08", "PK\x03\x04", "BZh91AY&SY"}) {
    EXPECT_EQ(LookAtPlain(line).kind, Kind::kNotInput) << line;
    EXPECT_EQ(LookAtPlain(line, /*is_first=*/false).kind, Kind::kText) << line;
  }
  EXPECT_EQ(LookAtPlain(std::string("text\0", 5), /*is_first=*/false).kind, Kind::kNotInput);
  EXPECT_EQ(LookAtPlain(R"([{"type":"RECORD","record":{"a":1}}])", /*is_first=*/false).kind, Kind::kNotInput);
}

TEST(OddLine, AMessageThatSomethingStandsBesideIsNoText) {
  for (const char* line :
       {R"(loading 50%...{"type":"RECORD","record":{}})",
        R"(2024-01-01T00:00:00Z {"record":{},"type" : "RECORD"})",
        R"(x {"type":"object"} {"type":"record","record":{"a":1}} y)",
        "\x1b[32m{\"type\":\"RECORD\",\"record\":{\"data\":{\"x\":NaN,\"y\":\"\xE9\"}}}\x1b[0m",
        R"(sent {"type":"RECORD","record":{"stream":"us...)", R"(a {"type":"RECORD"} and a {"record":{}})",
        R"("type":"RECORD","record":{"stream":"a","data":{},"emitted_at":1}})",
        R"(DEBUG sent "{\"type\":\"RECORD\",\"record\":{}}")", R"({{{"type":"RECORD","state":{"data":1}})",
        R"([INFO] {"a":{"Type":"Record","Record":{"a":1}}})"}) {
    const OddLine odd = LookAtPlain(line);
    EXPECT_EQ(odd.kind, Kind::kNotInput) << line;
    EXPECT_NE(odd.reason.view().find("something stands before"), std::string::npos) << line << odd.reason;
  }
  for (const char* line :
       {R"("{\"type\":\"RECORD\",\"record\":{}}")", R"( "{\"record\":{},\"type\":\"RECORD\"}\n" )",
        R"("sent {\"type\":\"RECORD\",\"record\":{}}")", R"("{""type"":""RECORD"",""record"":{}}")"}) {
    EXPECT_EQ(LookAtPlain(line).reason, kMessageInString) << line;
  }
}

// What is lost with it is sent again.
TEST(OddLine, AStateInTextIsPassedOverAndTold) {
  for (const char* line :
       {R"(source | {"type": "STATE", "state": {}})", R"({{{"type":"STATE","state":{"data":1}})",
        R"("{\"state\":{},\"type\":\"STATE\"}")", R"(DEBUG sending {'type': 'STATE', 'state': {)"}) {
    const OddLine odd = LookAtPlain(line);
    EXPECT_EQ(odd.kind, Kind::kText) << line;
    EXPECT_TRUE(odd.signs.state) << line;
  }
  EXPECT_EQ(LookAtPlain(R"(x {"type":"STATE","state":{}} {"type":"RECORD","record":{"a":1}})").kind,
            Kind::kNotInput);
}

TEST(OddLine, ABrokenLineIsToldAsWhatItMayBe) {
  for (const char* line : {"{", "{ \r", R"({"type": "RECORD",)", R"({"a": [)"}) {
    const OddLine odd = LookAtBrokenLine(line, "broken");
    EXPECT_EQ(odd.kind, Kind::kMalformed) << line;
    EXPECT_NE(odd.reason.view().find("whole on one line"), std::string::npos) << odd.reason;
  }
  const OddLine returns = LookAtBrokenLine("{\"type\":\"LOG\"}\r{\"type\":\"LOG\"}\r", "broken");
  EXPECT_NE(returns.reason.view().find("carriage returns"), std::string::npos) << returns.reason;
  const OddLine wide = LookAtBrokenLine(std::string_view("{\0\"\0t\0", 6), "broken");
  EXPECT_EQ(wide.kind, Kind::kNotInput);
  EXPECT_NE(wide.reason.view().find("NUL"), std::string::npos);
  EXPECT_EQ(LookAtBrokenLine(R"({"log":"..."})", kMessageInString).kind, Kind::kNotInput);
  const OddLine other = LookAtBrokenLine(R"({"type":"REC)", "broken");
  EXPECT_EQ(other.kind, Kind::kMalformed);
  EXPECT_EQ(other.reason, Text("broken"));
}

TEST(OddLine, AByteOrderMarkIsNoPartOfALine) {
  EXPECT_EQ(WithoutBom("\xEF\xBB\xBF{}"), "{}");
  EXPECT_EQ(WithoutBom("\xEF\xBB{}"), "\xEF\xBB{}");
  EXPECT_EQ(WithoutBom(""), "");
}

}  // namespace
}  // namespace ddb
