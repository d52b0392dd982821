#include "airbyte/unknown_message.h"

#include <algorithm>
#include <iterator>

#include "airbyte/whole_message.h"
#include "base/text.h"
#include "json/escape.h"
#include "json/members.h"

namespace ddb {
namespace {

constexpr std::string_view kTypesForOthers[] = {"LOG",     "SPEC",    "CONNECTION_STATUS",
                                                "CATALOG", "CONTROL", "DESTINATION_CATALOG"};

// What loggers call the text of a line: Docker's, bunyan's and zap's, logrus', structlog's.
constexpr std::string_view kTextsOfLoggers[] = {"log", "msg", "message", "event"};

// Of a longer name no more is compared: it is nobody's slip.
constexpr size_t kMostOfAName = 16;

// "Record" and " RECORD" are RECORD to whoever wrote them.
std::string Letters(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (IsAlnum(c)) letters.push_back(ToUpper(c));
    if (letters.size() > kMostOfAName) break;
  }
  return letters;
}

// How deep a record is looked for in what may be its wrapping.
constexpr int kLevels = 4;

// The value at `p`, which is valid: whether there is a record in it, by a member's name (the message's own)
// or by what it looks like: a stream's name and an object of data side by side.
bool LooksLikeRecord(const char* p, const char* end, int levels) {
  if (levels == 0 || (*p != '{' && *p != '[')) return false;
  if (*p == '[') {
    for (p = json::SkipWhitespace(p + 1, end); *p != ']'; p = json::SkipWhitespace(p, end)) {
      if (*p == ',') p = json::SkipWhitespace(p + 1, end);
      if (LooksLikeRecord(p, end, levels - 1)) return true;
      p = json::SkipValue(p, end, json::Grammar::kLenient);
    }
    return false;
  }
  bool has_stream = false;
  bool has_data = false;
  bool found = false;
  json::ForEachValidMember(p + 1, end, [&](const json::Name& member, std::string_view value) {
    has_stream |= member.raw == "stream" && value.front() == '"';
    has_data |= member.raw == "data" && value.front() == '{';
    found = found || LooksLikeRecord(value.data(), end, levels - 1);
  });
  return found || (has_stream && has_data);
}

}  // namespace

bool IsTypeForOthers(std::string_view type) {
  return std::ranges::find(kTypesForOthers, type) != std::end(kTypesForOthers);
}

bool IsEmptyValue(const char* p, const char* end) {
  if (*p == 'n' || *p == 'f') return true;
  if (*p == '"') return p[1] == '"';
  if (*p != '{' && *p != '[') return false;
  const char* const inside = json::SkipWhitespace(p + 1, end);
  return inside < end && (*inside == '}' || *inside == ']');
}

bool SaysThatItFailed(const char* object, const char* end) {
  bool failed = false;
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    const bool is_log = member.raw == "log";
    if (value.front() != '{' || (!is_log && member.raw != "connectionStatus")) return;
    json::ForEachValidMember(value.data() + 1, end, [&](const json::Name& part, std::string_view said) {
      if (part.raw != (is_log ? "level" : "status")) return;
      failed = failed || ToUpper(said) == (is_log ? "\"FATAL\"" : "\"FAILED\"");
    });
  });
  return failed;
}

UnknownMessage LookAtUnknownMessage(const char* object, const char* end, std::string& scratch) {
  UnknownMessage unknown;
  bool holds_record = LooksLikeRecord(object, end, kLevels);
  bool holds_something = false;
  std::string name;
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    json::Unescape(member.raw, name);
    if (name == "type") {
      unknown.type =
          json::ReadText(value.data(), end, scratch).text;  // the last one counts, as it did before
      return;
    }
    if (IsEmptyValue(value.data(), end)) return;
    holds_something = true;
    const std::string letters = Letters(name);
    holds_record |= letters == "RECORD" || letters == "RECORDS";
  });
  const std::string type = Letters(unknown.type);
  // A record without its wrapping, beside the type, is one too.
  if (holds_record || (holds_something && type == "RECORD")) {
    unknown.reason = kRecordInAnotherType;
  } else if (holds_something && type == "STATE") {
    unknown.reason = "its type is not STATE, but STATE in another writing";
  } else if (holds_something && type == "TRACE") {  // it may say that the source has failed
    unknown.reason = "its type is not TRACE, but TRACE in another writing";
  }
  return unknown;
}

Text WhyNoLogLine(const char* object, const char* end) {
  constexpr Text kNotAMessage = "line is not an Airbyte message";
  if (LooksLikeRecord(object, end, kLevels)) return kNotAMessage;
  bool is_log = false;
  bool is_other = false;
  bool holds_message = false;
  std::string name;
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    json::Unescape(member.raw, name);
    const std::string letters = Letters(name);
    const bool is_payload = letters == "RECORD" || letters == "RECORDS" || letters == "STATE";
    const bool is_container = value.front() == '{' || value.front() == '[';
    is_other |= letters == "TYPE" || (is_payload && is_container && !IsEmptyValue(value.data(), end));
    if (value.front() != '"') return;
    is_log |= std::ranges::find(kTextsOfLoggers, name) != std::end(kTextsOfLoggers);
    holds_message = holds_message || IsEscapedMessage(value.substr(1, value.size() - 2));
  });
  if (holds_message) return kMessageInString;
  return is_log && !is_other ? Text() : kNotAMessage;
}

}  // namespace ddb
