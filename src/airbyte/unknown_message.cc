#include "airbyte/unknown_message.h"

#include <algorithm>
#include <iterator>

#include "airbyte/message_signs.h"
#include "airbyte/written_names.h"
#include "json/escape.h"
#include "json/members.h"

namespace ddb {
namespace {

constexpr std::string_view kTypesForOthers[] = {"LOG",     "SPEC",    "CONNECTION_STATUS",
                                                "CATALOG", "CONTROL", "DESTINATION_CATALOG"};

// What loggers call the text of a line: Docker's, bunyan's and zap's, logrus', structlog's, GELF's, Google
// Cloud's, Serilog's.
constexpr std::string_view kTextsOfLoggers[] = {"log",           "msg",         "message", "event",
                                                "short_message", "textPayload", "@m",      "@mt"};

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

bool IsTypeOfTrace(std::string_view type) {
  return type == "STREAM_STATUS" || type == "ERROR" || type == "ESTIMATE" || type == "ANALYTICS";
}

bool IsTextOfALogger(std::string_view name, char value) {
  return value == '"' && std::ranges::find(kTextsOfLoggers, name) != std::end(kTextsOfLoggers);
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
  const auto look = [&](const json::Name& member, std::string_view said) {
    if (said.front() != '"') return;
    const std::string name = Letters(member.raw);
    failed = failed || (name == "LEVEL" && Letters(said) == "FATAL");
    failed = failed || (name == "STATUS" && Letters(said) == "FAILED");
  };
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    look(member, value);
    const std::string name = Letters(member.raw);
    if (value.front() != '{' || (name != "LOG" && name != "CONNECTIONSTATUS")) return;
    json::ForEachValidMember(value.data() + 1, end, look);
  });
  return failed;
}

StreamStatus StatusNamed(std::string_view text) {
  return text == "COMPLETE"              ? StreamStatus::kComplete
         : Letters(text) == "INCOMPLETE" ? StreamStatus::kIncomplete
         : text == "STARTED"             ? StreamStatus::kStarted
         : text == "RUNNING"             ? StreamStatus::kRunning
                                         : StreamStatus::kOther;
}

bool HoldsRecordBeside(const char* object, const char* end, bool inside) {
  bool holds = false;
  const auto look = [&](const json::Name& member, std::string_view value) {
    if (value.front() != '{' && value.front() != '[') return false;
    const bool is_one = MeansRecord(Letters(member.raw));
    holds |= is_one && !IsEmptyValue(value.data(), end);
    return !is_one && value.front() == '{';
  };
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    if (member.raw == "record") return;
    if (look(member, value) && inside) json::ForEachValidMember(value.data() + 1, end, look);
  });
  return holds;
}

UnknownMessage LookAtUnknownMessage(const char* object, const char* end, std::string& scratch) {
  UnknownMessage unknown;
  bool holds_record = LooksLikeRecord(object, end, kLevels);
  bool holds_something = false;
  bool holds_state = false;
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
    holds_record |= MeansRecord(Letters(name));
    const MessageSigns signs = FindMessageSigns(value);
    holds_record |= signs.record;
    holds_state |= signs.state;
  });
  const std::string type = Letters(unknown.type);
  // A record without its wrapping, beside the type, is one too.
  if (holds_record || (holds_something && type == "RECORD")) {
    unknown.reason = kRecordInAnotherType;
  } else if (holds_state) {
    // Unlike a line of a log, it is a message: whoever wraps STATEs so means them, and records come so too.
    unknown.reason = kMessageInString;
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
  bool holds_record = false;
  std::string name;
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    json::Unescape(member.raw, name);
    const std::string letters = Letters(name);
    const bool means_record = MeansRecord(letters);
    const bool is_payload = means_record || letters == "STATE";
    const bool is_container = value.front() == '{' || value.front() == '[';
    is_other |= letters == "TYPE" || (is_payload && is_container && !IsEmptyValue(value.data(), end));
    is_log |= IsTextOfALogger(name, value.front());
    // Of a text that is a record's it is enough that it holds something.
    holds_record |= means_record && value.front() == '"' && value.find('{') != std::string_view::npos;
    // A STATE in a logger's text is none for us: see odd_line.
    holds_record |= FindMessageSigns(value).record;
  });
  if (holds_record) return kMessageInString;
  return is_log && !is_other ? Text() : kNotAMessage;
}

}  // namespace ddb
