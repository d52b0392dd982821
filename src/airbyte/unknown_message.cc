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

// What loggers call the text of a line, in capitals: Docker's, bunyan's and zap's, logrus', structlog's,
// GELF's, Google Cloud's, .NET's, log4j's, Serilog's.
constexpr std::string_view kTextsOfLoggers[] = {
    "LOG",         "MSG",         "MESSAGE",    "EVENT",           "SHORTMESSAGE",
    "FULLMESSAGE", "TEXTPAYLOAD", "LOGMESSAGE", "MESSAGETEMPLATE", "FORMATTEDMESSAGE"};
// And how bad it is and when it was, where the text stands deeper (Rust's tracing) or is not text.
constexpr std::string_view kLevelsOfLoggers[] = {"LEVEL",    "SEVERITY", "LEVELNAME",
                                                 "LOGLEVEL", "LVL",      "SEVERITYTEXT"};
constexpr std::string_view kTimesOfLoggers[] = {"TIMESTAMP", "TIME", "TS", "DATETIME", "ASCTIME", "INSTANT"};
constexpr std::string_view kBad[] = {"TRACE",   "DEBUG", "INFO",     "INFORMATION", "NOTICE", "WARN",
                                     "WARNING", "ERROR", "CRITICAL", "FATAL",       "PANIC",  "SEVERE"};

template <size_t N>
bool Has(const std::string_view (&names)[N], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

// What a member's name is, for whom no slip is another name.
std::string LettersOf(const json::Name& member, std::string& scratch) {
  if (member.raw.find('\\') == std::string_view::npos) return Letters(member.raw);
  json::Unescape(member.raw, scratch);
  return Letters(scratch);
}

// A stream's name and data side by side: a record, whatever it is called. Singer calls the data `record`.
// https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md#record-message
class SideBySide {
 public:
  void Note(std::string_view letters, std::string_view value, const char* end) {
    stream_ |= letters == "STREAM" && value.front() == '"';
    data_ |= letters == "DATA" &&
             (value.front() == '{' || (value.front() == '[' && !IsEmptyValue(value.data(), end)));
    data_ |= letters == "RECORD" && value.front() == '{' && !IsEmptyValue(value.data(), end);
  }
  bool is_record() const { return stream_ && data_; }

 private:
  bool stream_ = false;
  bool data_ = false;
};

// The value at `p`, which is valid: whether there is a record in it by what it looks like.
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
  SideBySide members;
  bool found = false;
  std::string scratch;
  json::ForEachValidMember(p + 1, end, [&](const json::Name& member, std::string_view value) {
    members.Note(LettersOf(member, scratch), value, end);
    found = found || LooksLikeRecord(value.data(), end, levels - 1);
  });
  return found || members.is_record();
}

// What tells that an object is a line of a logger that writes JSON.
class LoggersLine {
 public:
  void Note(std::string_view name, std::string_view letters, std::string_view value, const char* end) {
    text_ |= IsTextOfALogger(name, value.front());
    level_ |= Has(kLevelsOfLoggers, letters) && Has(kBad, Letters(value));
    time_ |= Has(kTimesOfLoggers, letters);
    if (value.front() == '{' && letters != "RECORD") NoteInside(value, end);
    // As loguru serializes: the text for people, and beside it all that it was made of.
    loguru_text_ |= letters == "TEXT" && value.front() == '"';
    if (letters != "RECORD" || value.front() != '{') return;
    json::ForEachValidMember(value.data() + 1, end, [this](const json::Name& member, std::string_view) {
      loguru_level_ |= member.raw == "level";
    });
  }
  // dbt has the line's own members one level down.
  void NoteInside(std::string_view value, const char* end) {
    bool text = false;
    bool level = false;
    json::ForEachValidMember(value.data() + 1, end, [&](const json::Name& member, std::string_view inner) {
      const std::string letters = Letters(member.raw);
      text |= (letters == "MSG" || letters == "MESSAGE") && inner.front() == '"';
      level |= Has(kLevelsOfLoggers, letters) && Has(kBad, Letters(inner));
    });
    inside_ |= text && level;
  }
  bool is_one() const { return text_ || inside_ || is_certain(); }
  // Also where something speaks against it.
  bool is_certain() const { return (level_ && (text_ || time_)) || (loguru_text_ && loguru_level_); }

 private:
  bool text_ = false;
  bool level_ = false;
  bool time_ = false;
  bool inside_ = false;
  bool loguru_text_ = false;
  bool loguru_level_ = false;
};

// A member with its name, as what it is called tells of it too.
std::string_view Whole(const json::Name& member, std::string_view value) {
  const char* const begin = member.raw.data() - 1;
  return {begin, static_cast<size_t>(value.data() + value.size() - begin)};
}

// What each text in a value says by itself, as its braces are not the value's. `value` is valid.
MessageSigns SignsInTexts(std::string_view value) {
  MessageSigns signs;
  const char* const end = value.data() + value.size();
  for (const char* p = value.data(); (p = std::find(p, end, '"')) != end;) {
    const char* const begin = p;
    p = json::SkipValue(p, end, json::Grammar::kLenient);
    const MessageSigns in_text = FindMessageSigns({begin, static_cast<size_t>(p - begin)});
    signs.record |= in_text.record;
    signs.state |= in_text.state;
  }
  return signs;
}

struct MemberSigns {
  bool record = false;
  bool record_in_text = false;
  bool state = false;
};
MemberSigns SignsInMember(const json::Name& member, std::string_view letters, std::string_view value) {
  const bool is_container = value.front() == '{' || value.front() == '[';
  const MessageSigns signs =
      FindMessageSigns(letters == "RECORD" ? Whole(member, value) : value, is_container);
  const MessageSigns in_texts = is_container ? SignsInTexts(value) : signs;
  return {.record = signs.record || in_texts.record,
          .record_in_text = in_texts.record,
          .state = signs.state || in_texts.state};
}

}  // namespace

bool IsTypeForOthers(std::string_view type) { return Has(kTypesForOthers, type); }

bool IsTypeOfTrace(std::string_view type) {
  return type == "STREAM_STATUS" || type == "ERROR" || type == "ESTIMATE" || type == "ANALYTICS";
}

bool IsTextOfALogger(std::string_view name, char value) {
  return value == '"' && (name == "@m" || name == "@mt" || Has(kTextsOfLoggers, Letters(name)));
}

bool IsEmptyValue(const char* p, const char* end) {
  if (*p == 'n' || *p == 'f') return true;
  if (*p == '"') return p[1] == '"';
  if (*p != '{' && *p != '[') return false;
  const char* const inside = json::SkipWhitespace(p + 1, end);
  return inside < end && (*inside == '}' || *inside == ']');
}

Says WhatItSaysOfItself(const char* object, const char* end) {
  Says says = Says::kNothing;
  const auto look = [&](const json::Name& member, std::string_view said) {
    if (said.front() != '"') return;
    const std::string name = Letters(member.raw);
    const std::string value = Letters(said);
    const bool failed = (name == "LEVEL" && value == "FATAL") || (name == "STATUS" && value == "FAILED");
    if (failed) says = Says::kFailed;
    if (says == Says::kNothing && name == "LEVEL" && value == "ERROR") says = Says::kError;
  };
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    look(member, value);
    const std::string name = Letters(member.raw);
    if (value.front() != '{' || (name != "LOG" && name != "CONNECTIONSTATUS")) return;
    json::ForEachValidMember(value.data() + 1, end, look);
  });
  return says;
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

// Each has a form of its own, in which a config or a schema may look like a record.
bool IsAnotherPayload(std::string_view name) {
  return name == "control" || name == "spec" || name == "catalog" || name == "connectionStatus" ||
         name == "destination_catalog";
}

bool HoldsBareRecord(const char* object, const char* end, std::string_view payload) {
  SideBySide members;
  bool found = false;
  std::string scratch;
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    if (member.raw == payload) return;
    members.Note(LettersOf(member, scratch), value, end);
    const int levels = IsAnotherPayload(member.raw) ? 1 : kLevelsToARecord - 1;
    found = found || LooksLikeRecord(value.data(), end, levels);
  });
  return found || members.is_record();
}

bool HoldsRecordInText(const char* object, const char* end) {
  bool found = false;
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    found = found || (value.front() == '"' && member.raw != "log" && FindMessageSigns(value).record);
  });
  return found;
}

UnknownMessage LookAtUnknownMessage(const char* object, const char* end, std::string& scratch) {
  UnknownMessage unknown;
  bool holds_record = LooksLikeRecord(object, end, kLevelsToARecord);
  bool is_called_record = false;
  bool holds_something = false;
  bool holds_state = false;
  LoggersLine logger;
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
    const char first = value.front();
    is_called_record |= MeansRecord(letters) && (first == '{' || first == '[' || first == '"');
    logger.Note(name, letters, value, end);
    const MemberSigns signs = SignsInMember(member, letters, value);
    holds_record |= signs.record;
    holds_state |= signs.state;
  });
  const bool is_log = logger.is_certain();  // some have a type of their own
  holds_record |= is_called_record && !is_log;
  const std::string type = Letters(unknown.type);
  // A record without its wrapping, beside the type, is one too.
  if (holds_record || (holds_something && type == "RECORD")) {
    unknown.reason = kRecordInAnotherType;
  } else if (holds_state && !is_log) {
    // Unlike a line of a log, it is a message: whoever wraps STATEs so means them, and records come so too.
    unknown.reason = kMessageInString;
  } else if (holds_something && type == "STATE") {
    unknown.reason = "its type is not STATE, but STATE in another writing";
  } else if (holds_something && type == "TRACE" && !is_log) {  // it may say that the source has failed
    unknown.reason = "its type is not TRACE, but TRACE in another writing";
  }
  return unknown;
}

Text WhyNoLogLine(const char* object, const char* end) {
  constexpr Text kNotAMessage = "line is not an Airbyte message";
  if (LooksLikeRecord(object, end, kLevelsToARecord)) return kNotAMessage;
  bool is_message = false;
  bool holds_record = false;
  bool holds_record_in_text = false;
  LoggersLine logger;
  std::string name;
  json::ForEachValidMember(object + 1, end, [&](const json::Name& member, std::string_view value) {
    json::Unescape(member.raw, name);
    const std::string letters = Letters(name);
    if (letters == "TYPE") {
      const std::string type = Letters(value);
      is_message |= type == "RECORD" || type == "STATE" || type == "TRACE";
    }
    logger.Note(name, letters, value, end);
    // A STATE in a logger's text is none for us: see odd_line.
    const MemberSigns signs = SignsInMember(member, letters, value);
    holds_record |= signs.record;
    holds_record_in_text |= signs.record_in_text;
  });
  if (is_message) return kNotAMessage;
  if (holds_record_in_text) return kMessageInString;
  if (holds_record) return kRecordInObject;
  return logger.is_one() ? Text() : kNotAMessage;
}

}  // namespace ddb
