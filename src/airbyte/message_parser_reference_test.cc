#include <gtest/gtest.h>
#include <simdjson.h>

#include <cctype>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "support/airbyte/message_parser_fixture.h"

namespace ddb {
namespace {

// The same rules over a tree that another parser builds; "" where that says that it is not JSON.
class Reference {
 public:
  std::string Describe(std::string_view line) {
    const simdjson::padded_string text(line);
    simdjson::dom::element top;
    if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return "ignored";
    if (line[line.find_first_not_of(" \t\r\n")] != '{') return "plain";
    if (parser_.parse(text).get(top) != simdjson::SUCCESS) return "";
    const auto type = Text(Member(top, "type"));
    if (!top.is_object() || !type) return "malformed";
    if (*type == "RECORD") {
      const bool is_one = Count(top, "record", false) <= 1 && !LooksLikeRecord(top, 4, "record");
      return is_one ? Record(Member(top, "record")) : "malformed";
    }
    if (Holds(top, "record")) return "malformed";
    const std::string payload = *type == "STATE" ? "state" : *type == "TRACE" ? "trace" : "";
    if (LooksLikeRecord(top, 4, payload)) return "malformed";
    if (!IsKnown(*type) && Holds(top, {}) &&
        (Letters(*type) == "RECORD" || Letters(*type) == "STATE" || Letters(*type) == "TRACE")) {
      return "malformed";
    }
    if (*type == "STATE") return State(Member(top, "state"));
    const Element trace = Member(top, "trace");
    return *type == "TRACE" && trace && !trace->is_object() ? "malformed" : "ignored";
  }

 private:
  static constexpr const char* kNoStream = "\xFF";
  using Element = std::optional<simdjson::dom::element>;

  static int Count(const simdjson::dom::element& object, std::string_view name, bool nulls) {
    int count = 0;
    for (const auto field : simdjson::dom::object(object))
      count += field.key == name && (nulls || !field.value.is_null());
    return count;
  }
  // A member of that name, or any but the type, that is not empty.
  static bool Holds(const simdjson::dom::element& top, std::string_view name) {
    for (const auto field : simdjson::dom::object(top)) {
      if (name.empty() ? field.key == "type" : !Is(field.key, name, IsKnown(Text(Member(top, "type")))))
        continue;
      const std::string value = simdjson::to_string(field.value);
      if (value != "null" && value != "false" && value != "{}" && value != "[]" && value != "\"\"")
        return true;
    }
    return false;
  }
  static bool IsKnown(const std::optional<std::string>& type) {
    return type == "STATE" || type == "TRACE" || type == "LOG";
  }
  static bool Is(std::string_view key, std::string_view name, bool exactly) {
    return exactly ? key == name : Letters(key) == Letters(name);
  }
  // Nothing is looked for in the member `payload` of its own.
  static bool LooksLikeRecord(const simdjson::dom::element& value, int levels,
                              std::string_view payload = {}) {
    if (levels == 0) return false;
    bool stream = false;
    bool data = false;
    if (simdjson::dom::object object; value.get(object) == simdjson::SUCCESS) {
      for (const auto field : object) {
        if (!payload.empty() && field.key == payload) continue;
        const std::string shown = simdjson::to_string(field.value);
        const std::string name = Letters(field.key);
        stream |= name == "STREAM" && field.value.is_string();
        data |= name == "DATA" && (field.value.is_object() || (field.value.is_array() && shown != "[]"));
        data |= name == "RECORD" && field.value.is_object() && shown != "{}";
        if (LooksLikeRecord(field.value, levels - 1)) return true;
      }
    } else if (simdjson::dom::array array; value.get(array) == simdjson::SUCCESS) {
      for (const auto element : array) {
        if (LooksLikeRecord(element, levels - 1)) return true;
      }
    }
    return stream && data;
  }
  static std::string Letters(std::string_view text) {
    std::string letters;
    for (const char c : text) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) letters += static_cast<char>(std::toupper(c));
    }
    return letters;
  }
  static bool IsObject(const Element& element) { return element && element->is_object(); }
  // The last one; a null counts as none.
  static Element Member(const Element& owner, std::string_view name) {
    Element found;
    simdjson::dom::object object;
    if (!owner || owner->get(object) != simdjson::SUCCESS) return found;
    for (const auto field : object) {
      if (field.key == name) found = field.value;
    }
    return found && !found->is_null() ? found : std::nullopt;
  }
  static std::optional<std::string> Text(const Element& element) {
    std::string_view text;
    if (!element || element->get(text) != simdjson::SUCCESS) return std::nullopt;
    return std::string(text);
  }
  static std::string Stream(const Element& owner, std::string_view name) {
    const auto text = Text(Member(owner, name));
    const Element ns = Member(owner, "namespace");
    if (!text || (ns && !ns->is_string())) return kNoStream;
    return (ns ? *Text(ns) + "/" : "") + *text;
  }
  static std::string Record(const Element& record) {
    for (const char* name : {"stream", "data", "emitted_at", "namespace", "meta"}) {
      if (IsObject(record) && Count(*record, name, true) > 1) return "malformed";
    }
    const std::string stream = Stream(record, "stream");
    const Element emitted_at = Member(record, "emitted_at");
    const Element meta = Member(record, "meta");
    if (stream == kNoStream || !IsObject(Member(record, "data"))) return "malformed";
    if (!emitted_at || !emitted_at->is_number()) return "malformed";
    if (meta && !meta->is_object()) return "malformed";
    if (emitted_at->type() == simdjson::dom::element_type::DOUBLE) return "record " + stream + " at a number";
    return "record " + stream + " " + simdjson::to_string(*emitted_at);
  }
  static std::string State(const Element& state) {
    if (!IsObject(state)) return "malformed";
    const Element type = Member(state, "type");
    if (type && Text(type) != "STREAM" && Text(type) != "GLOBAL" && Text(type) != "LEGACY")
      return "malformed";
    const bool stream = type ? Text(type) == "STREAM" : Member(state, "stream").has_value();
    if (!stream) {
      return (type ? Text(type) == "GLOBAL" : Member(state, "global").has_value()) ? "global" : "legacy";
    }
    const std::string name = Stream(Member(Member(state, "stream"), "stream_descriptor"), "name");
    return name == kNoStream ? "malformed" : "stream " + name;
  }

  simdjson::dom::parser parser_;
};

using MessageParserReferenceTest = MessageParserTest;

TEST_F(MessageParserReferenceTest, AgreesWithAnotherParserOnDamagedLines) {
  const std::string seeds[] = {
      R"({"type":"RECORD","record":{"stream":"users","namespace":null,"data":{"id":1,"a":[{}]},"emitted_at":1712,"meta":null}})",
      R"({"record":{"data":{},"meta":{"changes":[]},"emitted_at":5,"namespace":"p\u00fc","stream":"u"},"record":null,"type":"RECORD"})",
      R"({"type":"STATE","state":{"type":null,"stream":{"stream_descriptor":{"name":"a","namespace":"n"}},"global":null,"data":null}})",
      R"({"type":"STATE","state":{"type":"GLOBAL","global":{"stream_states":[]},"data":{},"destinationStats":{"recordCount":1.0}}})",
      R"({"type":"TRACE","trace":{"type":"ERROR","emitted_at":1.5}})"};
  const std::string fragments[] = {"null",
                                   "{}",
                                   "[]",
                                   "\"x\"",
                                   "1",
                                   "-2",
                                   "1.5",
                                   "{",
                                   "}",
                                   "[",
                                   "]",
                                   ",",
                                   ":",
                                   "\"",
                                   "\\",
                                   "\\u0061",
                                   "\"type\":\"STREAM\",",
                                   "\"stream\":",
                                   "\"data\":{},",
                                   "\xC3\xA4",
                                   "\xC3",
                                   "\x02",
                                   " ",
                                   "\t",
                                   "e",
                                   "0"};
  std::mt19937 random(3);
  Reference reference;
  size_t counted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string line = seeds[random() % std::size(seeds)];
    for (int change = random() % 4; change > 0; --change) {
      const std::string& fragment = fragments[random() % std::size(fragments)];
      const size_t at = random() % line.size();
      line.replace(at, random() % 3 == 0 ? random() % 6 : 0, random() % 4 == 0 ? "" : fragment);
      if (line.empty()) line = " ";
    }
    const ParsedLine& parsed = Parse(line);
    std::string mine;
    switch (parsed.kind) {
      case LineKind::kRecord:
        mine = "record " + Show(parsed.record.stream) + " " +
               (parsed.record.emitted_at_is_digits ? std::string(parsed.record.emitted_at) : "at a number");
        break;
      case LineKind::kState:
        mine = parsed.state.kind == StateKind::kStream   ? "stream " + Show(parsed.state.stream)
               : parsed.state.kind == StateKind::kGlobal ? "global"
                                                         : "legacy";
        break;
      case LineKind::kMalformed:
        mine = "malformed";
        break;
      case LineKind::kPlain:
        mine = "plain";
        break;
      default:
        mine = "ignored";
    }
    const std::string expected = reference.Describe(line);
    counted += !expected.empty() && expected != "malformed" && expected != "plain";
    if (expected.empty()) {
      // Not JSON for the other, which also takes no number past its types and no half of a surrogate pair.
      if (mine != "malformed" && parsed.is_json) {
        ASSERT_TRUE(line.find_first_of("eE\\") != std::string::npos) << line;
      }
    } else {
      ASSERT_EQ(mine, expected) << line;
      ASSERT_TRUE(parsed.is_json || mine == "malformed") << line;
    }
  }
  EXPECT_GT(counted, 20'000U);
}

}  // namespace
}  // namespace ddb
