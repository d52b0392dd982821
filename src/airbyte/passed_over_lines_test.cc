// What is passed over, of all that a line can be: whatever became of a record on its way, some line of it is
// held up; and no line of a logger is.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "airbyte/line_skim.h"
#include "airbyte/odd_line.h"
#include "support/airbyte/message_parser_fixture.h"

namespace ddb {
namespace {

using Change = std::function<std::string(const std::string&)>;

// In the order in which sources send them; in others; and with what looks like something else in its data.
const std::string kRecords[] = {
    R"({"type":"RECORD","record":{"stream":"users","data":{"id":1,"name":"x"},"emitted_at":1714564800000}})",
    R"({"type": "RECORD", "record": {"stream": "users", "namespace": "public", "data": {"id": 1}, "emitted_at": 1, "meta": {"changes": []}}})",
    R"({"type":"RECORD","log":null,"spec":null,"record":{"namespace":null,"stream":"users","data":{},"emitted_at":1},"state":null})",
    R"({"record":{"stream":"users","data":{"id":1},"emitted_at":1},"type":"RECORD"})",
    R"({"record":{"data":{"id":1},"emitted_at":1,"stream":"users"},"type":"RECORD"})",
    R"({"type":"RECORD","record":{"emitted_at":1,"data":{"fields":[{"name":"a","mode":"x"}],"type":"record"},"stream":"users"}})",
    R"({"type":"RECORD","record":{"stream":"us\u0065rs","data":{"t":"a } ] [ { \" ' \\ b","u":"\u00e9"},"emitted_at":1}})",
    R"({"type":"RECORD","record":{"stream":"users","data":{"name":"TRACE","status":"STATE","a":[[{}]]},"emitted_at":1.5e3}})"};

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string InString(const std::string& text) {
  const std::string quoted = Replaced(Replaced(text, "\\", "\\\\"), "\"", "\\\"");
  return '"' + Replaced(Replaced(Replaced(quoted, "\n", "\\n"), "\t", "\\t"), "\x1b", "\\u001b") + '"';
}

Change Behind(const std::string& prefix) {
  return [prefix](const std::string& text) { return prefix + text; };
}

// What stands around a text that is no line of its own. None makes valid JSON of the half of one.
const std::map<std::string, Change> kText = {
    {"progress", Behind("50%|#####     | 5/10 [00:01<00:01]")},
    {"a log's head", Behind("2024-05-01 12:00:00,123 [main] INFO  c.e.Reader - sent ")},
    {"a container's", Behind("2024-05-01T12:00:00.000000000Z stdout F ")},
    {"colours", Behind("\x1b[32m")},
    {"an escaped line's end", Behind("INFO x\\n")},
    {"a no-break space", Behind("\xC2\xA0")},
    {"a mark behind a mark", Behind("\xEF\xBB\xBF\xEF\xBB\xBF")},
    {"a brace before", Behind("x {y} ")},
    {"open brackets", Behind("x [[{ (")},
    {"an apostrophe", Behind("it's ")},
    {"a quote", Behind("he said \"")},
    {"a comment", Behind("# ")},
    {"a list that follows a list", Behind("[],[")},
    {"a string", Behind("\"")},
    {"a string of strings", [](const std::string& text) { return "x " + InString(InString(text)); }},
    {"a string", [](const std::string& text) { return "x " + InString(text); }},
    {"thrice", [](const std::string& text) { return "x " + InString(InString(InString(text))); }},
    {"CSV", [](const std::string& text) { return "1," + ('"' + Replaced(text, "\"", "\"\"")); }},
    {"HTML", [](const std::string& text) { return "<p>" + Replaced(text, "\"", "&quot;"); }},
    {"HTML by number", [](const std::string& text) { return "<p>" + Replaced(text, "\"", "&#34;"); }},
    {"an access log", [](const std::string& text) { return "POST / " + Replaced(text, "\"", "\\x22"); }},
    {"quotes by number", [](const std::string& text) { return "x " + Replaced(text, "\"", "\\u0022"); }},
    {"Python",
     [](const std::string& text) { return "x " + Replaced(Replaced(text, "\"", "'"), "null", "None"); }},
    {"Ruby",
     [](const std::string& text) { return "x " + Replaced(Replaced(text, "\": ", "\"=>"), "\":", "\"=>"); }},
};

// Valid JSON, whatever the text is.
const std::map<std::string, Change> kJson = {
    {"Docker's",
     [](const std::string& text) {
       return R"({"log":)" + InString(text) + R"(,"stream":"stdout","time":"t"})";
     }},
    {"behind a word",
     [](const std::string& text) { return R"({"level":"info","msg":)" + InString("sent " + text) + "}"; }},
    {"in a field",
     [](const std::string& text) { return R"({"msg":"x","fields":{"line":)" + InString(text) + "}}"; }},
    {"encoded twice",
     [](const std::string& text) { return R"({"message":)" + InString(InString(text)) + "}"; }},
    {"of a type",
     [](const std::string& text) { return R"({"type":"NEW","payload":)" + InString(text) + "}"; }},
    {"beside a LOG",
     [](const std::string& text) {
       return R"({"type":"LOG","log":{"level":"INFO","message":"x"},"line":)" + InString(text) + "}";
     }},
};

class PassedOverLines : public MessageParserTest {
 protected:
  bool IsPassedOver(std::string_view line) {
    const ParsedLine& parsed = Parse(WithoutBom(line));
    switch (parsed.kind) {
      case LineKind::kPlain:
        return LookAtPlainLine(WithoutBom(line), /*is_first=*/false).kind == OddLine::Kind::kText;
      case LineKind::kLogLine:
      case LineKind::kUnknown:
      case LineKind::kIgnored:
      case LineKind::kSourceError:
      case LineKind::kStreamStatus:
      case LineKind::kBlank:
        return true;
      default:
        return false;
    }
  }
  // The same of a line that is too long to be held, in which it may be less that is passed over.
  static bool IsSkimmedOver(std::string_view line) {
    const SkimmedLine skimmed = Skim(WithoutBom(line));
    const bool may_be = skimmed.kind == LineKind::kPlain || skimmed.kind == LineKind::kLogLine ||
                        skimmed.kind == LineKind::kIgnored || skimmed.kind == LineKind::kBlank;
    return may_be && skimmed.reason.empty();
  }
  void ExpectHeldUp(const std::string& line, const std::string& how) {
    ++lines_;
    EXPECT_FALSE(IsPassedOver(line)) << how << ": " << line;
    if (how != "beside a LOG") {
      EXPECT_FALSE(IsSkimmedOver(line)) << "skimmed, " << how << ": " << line;
    }
  }
  int lines_ = 0;
};

// From where on the beginning of a record tells that it is one.
size_t Telling(const std::string& record) {
  return record.starts_with("{\"record") ? sizeof("{\"record\"") : record.find("RECORD") + 6;
}

TEST_F(PassedOverLines, ARecordIsHeldUpWhateverStandsAroundIt) {
  for (const std::string& record : kRecords) {
    for (const auto& [how, around] : kText) {
      ExpectHeldUp(around(record), how);
      ExpectHeldUp(around(record) + "\" and more", how);
      ExpectHeldUp(around(around(record)), how);
    }
    for (const auto& [how, around] : kJson) {
      ExpectHeldUp(around(record), how);
      ExpectHeldUp("INFO " + around(record), how);
    }
    for (const std::string& before : {record, std::string(R"({"type":"LOG","log":{"level":"INFO"}})"),
                                      std::string("{}"), std::string("{main} ")}) {
      ExpectHeldUp(before + record, "two in a line");
      ExpectHeldUp(before + "\r" + record, "two in a line");
      ExpectHeldUp(record + before, "two in a line");
    }
  }
  EXPECT_GT(lines_, 600);
}

TEST_F(PassedOverLines, ARecordThatIsCutOffIsHeldUp) {
  for (const std::string& record : kRecords) {
    for (size_t size = Telling(record); size < record.size(); ++size) {
      const std::string begin = record.substr(0, size);
      for (const auto& [how, around] : kText) {
        if (how != "Ruby") ExpectHeldUp(around(begin), how);
      }
      for (const auto& [how, around] : kJson) ExpectHeldUp(around(begin), how);
    }
  }
  EXPECT_GT(lines_, 10'000);
}

TEST_F(PassedOverLines, ARecordWithoutItsBeginningIsHeldUp) {
  for (const std::string& record : kRecords) {
    const size_t data = record.find("\"data\"");
    const size_t last = record.find(R"(},"emitted_at")");
    // Where it cannot be told by its data's end, by its data's name.
    const size_t until =
        last == std::string::npos || last < data || record.find("a }") != std::string::npos ? data : last;
    for (size_t at = 1; at <= until; ++at) {
      ExpectHeldUp(record.substr(at), "cut");
      ExpectHeldUp("2024 INFO " + record.substr(at), "cut");
      for (const auto& [how, around] : kJson) ExpectHeldUp(around(record.substr(at)), how);
    }
  }
  EXPECT_GT(lines_, 2'000);
}

// By a line's end, or by the line of another thread.
TEST_F(PassedOverLines, OfARecordInTwoLinesOneIsHeldUp) {
  for (const std::string& record : kRecords) {
    for (size_t at = 1; at < record.size(); ++at) {
      const std::string begin = record.substr(0, at);
      const std::string rest = record.substr(at);
      for (const auto& [how, around] : kText) {
        if (how == "Ruby") continue;
        EXPECT_FALSE(IsPassedOver(around(begin)) && IsPassedOver(rest)) << how << begin << "\n" << rest;
        EXPECT_FALSE(IsPassedOver(around(begin)) && IsPassedOver(around(rest))) << how << begin << "\n"
                                                                                << rest;
      }
      EXPECT_FALSE(IsPassedOver(begin)) << begin;
    }
  }
}

// Its message is another one, or none.
TEST_F(PassedOverLines, ARecordInWhateverMessageIsHeldUp) {
  const std::string fields = R"("stream":"users","data":{"id":1},"emitted_at":1)";
  for (const std::string type : {"record", "Record", "RECORDS", " RECORD", "UPSERT", "LOG", "CONTROL", "SPEC",
                                 "CATALOG", "TRACE", "STATE", "CONNECTION_STATUS", ""}) {
    const std::string head = R"({"type":")" + type + R"(",)";
    for (const std::string name : {"record", "Record", "records", "RECORD"}) {
      ExpectHeldUp(head + '"' + name + R"(":{)" + fields + "}}", type);
      ExpectHeldUp(head + '"' + name + R"(":[{)" + fields + "}]}", type);
    }
    ExpectHeldUp(head + fields + "}", type);
    ExpectHeldUp(head + R"("log":{"level":"INFO","message":"x"},)" + fields + "}", type);
    if (type != "TRACE" && type != "STATE")
      ExpectHeldUp(head + R"("payload":{"rows":[{)" + fields + "}]}}", type);
  }
  for (const std::string text : {"log", "msg", "message", "event", "text"}) {
    const std::string head = "{\"" + text + R"(":"x","level":"INFO","time":"t",)";
    ExpectHeldUp(head + fields + "}", text);
    ExpectHeldUp(head + R"("stream":"users","data":[{"id":1}]})", text);
    ExpectHeldUp(head + R"("record":{)" + fields + "}}", text);
    ExpectHeldUp(head + R"("Record":{"data":{"id":1}}})", text);
    ExpectHeldUp(head + R"("stream":"users","record":{"id":1}})", text);
    ExpectHeldUp(head + R"("rows":[[{)" + fields + "}]]}", text);
    ExpectHeldUp(head + R"("a":{"b":{"c":{"d":{"e":{)" + fields + "}}}}}}", text);
  }
}

// As languages show their objects, whole and cut off.
TEST_F(PassedOverLines, ARecordAsALanguageShowsItIsHeldUp) {
  const std::pair<const char*, const char*> shown[] = {
      {R"(AirbyteMessage(type=<Type.RECORD: 'RECORD'>, log=None, record=AirbyteRecordMessage(stream='users', data={'id': 1}, emitted_at=1, namespace=None), state=None))",
       "RECORD'"},
      {R"(AirbyteMessage(type='RECORD', log=None, record=AirbyteRecordMessage(stream='users', data={'id': 1}, emitted_at=1)))",
       "stream='u"},
      {R"(AirbyteRecordMessage(stream='users', data={'id': 1}, emitted_at=1, namespace=None))", "stream='u"},
      {R"(io.airbyte.protocol.models.AirbyteMessage@4f3f5b24[type=RECORD,log=<null>,record=io.airbyte.protocol.models.AirbyteRecordMessage@1f[namespace=<null>,stream=users,data={"id":1},emittedAt=1]])",
       "record=io.airbyte.protocol.models.AirbyteRecordMessage@1f["},
      {R"(AirbyteMessage(type=RECORD, record=AirbyteRecordMessage(stream=users, data={id=1}, emittedAt=1)))",
       "record=AirbyteRecordMessage("},
      {R"({Type:RECORD Record:{Stream:users Data:map[id:1] EmittedAt:1}})", "Record:{S"},
      {R"(AirbyteMessage { type: Record, record: Some(AirbyteRecord { stream: "users", data: Object {"id": Number(1)}, emitted_at: 1 }) })",
       "record: Some("},
      {R"({ type: 'RECORD', record: { stream: 'users', data: [Object], emitted_at: 1 } })", "RECORD'"},
      {R"({:type=>"RECORD", :record=>{:stream=>"users", :data=>{:id=>1}, :emitted_at=>1}})", "RECORD\""},
      {R"({type: "RECORD", record: {stream: "users", data: {id: 1}, emitted_at: 1}})", "RECORD\""},
      {R"(AirbyteMessage { Type = RECORD, Record = AirbyteRecord { Stream = users, Data = { id = 1 }, EmittedAt = 1 } })",
       "Record = AirbyteRecord {"}};
  for (const auto& [text, told] : shown) {
    const std::string whole = text;
    for (size_t size = whole.find(told) + std::string_view(told).size(); size <= whole.size(); ++size) {
      ExpectHeldUp("DEBUG " + whole.substr(0, size), "shown");
      ExpectHeldUp(R"({"msg":)" + InString(whole.substr(0, size)) + "}", "shown in a logger's text");
    }
  }
}

TEST_F(PassedOverLines, NoLineOfALoggerIsHeldUp) {
  std::ifstream file(DDB_TEST_DATA "/logger_lines.txt");
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    EXPECT_TRUE(IsPassedOver(line)) << line << "\n" << parsed_.reason;
    if (line.front() != '{') {
      EXPECT_TRUE(IsSkimmedOver(line)) << line;
    }
    if (line.starts_with(R"({"type":"LOG")")) continue;  // the only place where a record may be told of
    EXPECT_TRUE(IsPassedOver(R"({"log":)" + InString(line + "\n") + R"(,"stream":"stderr"})")) << line;
    EXPECT_TRUE(IsPassedOver(R"({"level":"debug","msg":)" + InString(line) + "}")) << line;
    EXPECT_TRUE(IsPassedOver("2024-05-01T12:00:00Z stdout F " + line)) << line;
  }
  EXPECT_GT(lines, 90);
}

}  // namespace
}  // namespace ddb
