#include "airbyte/message_parser.h"

#include "base/json_scan.h"

namespace ddb {
namespace {

using json::SkipString;
using json::SkipValue;
using json::SkipWhitespace;

constexpr std::string_view kNotJson = "line is not valid JSON";
constexpr std::string_view kNotAMessage = "line is not an Airbyte message";

enum class MessageType { kNone, kRecord, kState, kTrace, kOther };

// Calls on_member(name, value) for each member of the object at `p`; it returns one past the value, as this
// does of the object. nullptr: not valid JSON. `name` is valid until on_member uses `scratch` itself.
template <typename OnMember>
inline const char* ForEachMember(const char* p, const char* end, std::string& scratch, OnMember&& on_member) {
  p = SkipWhitespace(p + 1, end);
  if (p < end && *p == '}') return p + 1;
  for (;;) {
    if (p >= end || *p != '"') return nullptr;
    const char* const begin = p + 1;
    const json::StringToken token = SkipString(begin, end);
    if (token.next == nullptr) return nullptr;
    std::string_view name(begin, static_cast<size_t>(token.next - 1 - begin));
    if (token.escaped) {
      // A name that has no UTF-8 is none that is looked for.
      name = json::DecodeString(name, scratch) ? std::string_view(scratch) : std::string_view();
    }
    p = SkipWhitespace(token.next, end);
    if (p >= end || *p != ':') return nullptr;
    p = SkipWhitespace(p + 1, end);
    if (p >= end) return nullptr;
    p = on_member(name, p);
    if (p == nullptr) return nullptr;
    p = SkipWhitespace(p, end);
    if (p >= end) return nullptr;
    if (*p != ',') return *p == '}' ? p + 1 : nullptr;
    p = SkipWhitespace(p + 1, end);
  }
}

// A member that should be text.
struct Text {
  const char* next = nullptr;  // behind the value; nullptr: not valid JSON
  enum Kind { kNull, kText, kOther } kind = kOther;
  std::string_view text;
};

inline Text ReadText(const char* p, const char* end, std::string& scratch) {
  if (*p != '"') return {SkipValue(p, end), *p == 'n' ? Text::kNull : Text::kOther, {}};
  const json::StringToken token = SkipString(p + 1, end);
  if (token.next == nullptr) return {};
  const std::string_view raw(p + 1, static_cast<size_t>(token.next - p - 2));
  if (!token.escaped) return {token.next, Text::kText, raw};
  if (!json::DecodeString(raw, scratch)) return {token.next, Text::kOther, {}};
  return {token.next, Text::kText, scratch};
}

// A stream as messages name it; the last of several members counts.
struct StreamReader {
  StreamRef stream;
  bool has_name = false;
  bool bad_ns = false;

  const char* ReadName(const char* p, const char* end, MessageParser::Scratch::Stream& scratch) {
    const Text text = ReadText(p, end, scratch.name);
    has_name = text.kind == Text::kText;
    stream.name = text.text;
    return text.next;
  }
  const char* ReadNamespace(const char* p, const char* end, MessageParser::Scratch::Stream& scratch) {
    const Text text = ReadText(p, end, scratch.ns);
    bad_ns = text.kind == Text::kOther;
    stream.ns.reset();
    if (text.kind == Text::kText) stream.ns = text.text;
    return text.next;
  }
};

// One line; lives for one call of Parse.
class LineParser {
 public:
  LineParser(const char* begin, const char* end, RecordSink& sink, MessageParser::Scratch& scratch,
             ParsedLine& out)
      : begin_(begin), end_(end), sink_(sink), scratch_(scratch), out_(out) {}

  // `p` at the '{'.
  void Parse(const char* p) {
    p = ForEachMember(p, end_, scratch_.other, [this](std::string_view name, const char* value) {
      if (name == "record") return ReadRecord(value);
      if (name == "type") return ReadType(value);
      if (name == "state") return ReadState(value);
      if (name == "trace") return ReadTrace(value);
      return SkipValue(value, end_);
    });
    if (p == nullptr || SkipWhitespace(p, end_) != end_) {
      Malformed(syntax_reason_);
    } else {
      Decide();
    }
  }

 private:
  void Malformed(std::string_view reason) {
    out_.kind = LineKind::kMalformed;
    out_.reason = reason;
  }

  void Decide() {
    switch (type_) {
      case MessageType::kNone:
        return Malformed(kNotAMessage);
      case MessageType::kOther:
        return;
      case MessageType::kRecord:
        if (record_reason_.empty()) {
          out_.kind = LineKind::kRecord;
        } else {
          Malformed(record_reason_);
          out_.has_stream_for_error = out_.record.has_stream && !record_ns_is_bad_;
        }
        return;
      case MessageType::kState:
        if (!state_reason_.empty()) return Malformed(state_reason_);
        out_.kind = LineKind::kState;
        return;
      case MessageType::kTrace:
        if (!trace_reason_.empty()) return Malformed(trace_reason_);
        out_.kind = trace_is_status_ ? LineKind::kStreamStatus : LineKind::kIgnored;
        return;
    }
  }

  const char* ReadType(const char* p) {
    const Text text = ReadText(p, end_, scratch_.other);
    if (text.kind != Text::kText) {
      type_ = MessageType::kNone;
    } else if (text.text == "RECORD") {
      type_ = MessageType::kRecord;
    } else if (text.text == "STATE") {
      type_ = MessageType::kState;
    } else {
      type_ = text.text == "TRACE" ? MessageType::kTrace : MessageType::kOther;
    }
    return text.next;
  }

  const char* ReadRecord(const char* p) {
    out_.record = {};
    record_ns_is_bad_ = false;
    if (*p != '{') {
      record_reason_ = *p == 'n' ? "record is missing" : "record is not an object";
      return SkipValue(p, end_);
    }
    StreamReader stream;
    std::string_view data_reason = "record.data is missing";
    std::string_view emitted_at_reason = "record.emitted_at is missing";
    std::string_view meta_reason;
    p = ForEachMember(p, end_, scratch_.other, [&](std::string_view name, const char* value) {
      if (name == "data") return ReadData(value, data_reason);
      if (name == "stream" || name == "namespace") {
        const char* next = name == "stream" ? stream.ReadName(value, end_, scratch_.record)
                                            : stream.ReadNamespace(value, end_, scratch_.record);
        out_.record.stream = stream.stream;
        out_.record.has_stream = stream.has_name;
        return next;
      }
      if (name == "emitted_at") return ReadEmittedAt(value, emitted_at_reason);
      if (name == "meta") return ReadMeta(value, meta_reason);
      return SkipValue(value, end_);
    });
    record_ns_is_bad_ = stream.bad_ns;
    if (!stream.has_name) {
      record_reason_ = "record.stream is missing or not text";
    } else if (stream.bad_ns) {
      record_reason_ = "record.namespace is not text";
    } else if (!data_reason.empty()) {
      record_reason_ = data_reason;
    } else {
      record_reason_ = emitted_at_reason.empty() ? meta_reason : emitted_at_reason;
    }
    return p;
  }

  const char* ReadData(const char* p, std::string_view& reason) {
    if (*p != '{') {
      reason = *p == 'n' ? "record.data is missing" : "record.data is not an object";
      return SkipValue(p, end_);
    }
    reason = {};
    const char* const next = sink_.OnData(p, end_, out_.record);
    if (next == nullptr) syntax_reason_ = "record.data is not valid JSON";
    return next;
  }

  const char* ReadEmittedAt(const char* p, std::string_view& reason) {
    out_.record.emitted_at = {};
    if (*p != '-' && (*p < '0' || *p > '9')) {
      reason = *p == 'n' ? "record.emitted_at is missing" : "record.emitted_at is not a whole number";
      return SkipValue(p, end_);
    }
    const char* const next = json::SkipNumber(p, end_);
    if (next == nullptr) return nullptr;
    const char* digits = p + 1;
    while (digits < next && *digits >= '0' && *digits <= '9') ++digits;
    if (digits == next) {
      reason = {};
      out_.record.emitted_at = {p, static_cast<size_t>(next - p)};
    } else {
      reason = "record.emitted_at is not a whole number";
    }
    return next;
  }

  const char* ReadMeta(const char* p, std::string_view& reason) {
    const char* const next = SkipValue(p, end_);
    out_.record.meta = {};
    reason = {};
    if (next != nullptr && *p == '{') {
      out_.record.meta = {p, static_cast<size_t>(next - p)};
    } else if (*p != 'n') {
      reason = "record.meta is not an object";
    }
    return next;
  }

  const char* ReadState(const char* p) {
    out_.state = {};
    state_reason_ = {};
    if (*p != '{') {
      state_reason_ = *p == 'n' ? "state is missing" : "state is not an object";
      return SkipValue(p, end_);
    }
    StreamReader stream;
    Text type{nullptr, Text::kNull, {}};
    bool has_stream = false;
    bool has_global = false;
    bool empty = true;
    p = ForEachMember(p, end_, scratch_.other, [&](std::string_view name, const char* value) {
      empty = false;
      const bool present = *value != 'n';
      if (name == "type") {
        type = ReadStateType(value);
        return type.next;
      }
      if (name == "stream") {
        has_stream = present;
        stream = {};
        return ReadDescriptorOwner(value, stream, scratch_.state);
      }
      if (name == "global") has_global = present;
      const char* const next = SkipValue(value, end_);
      if (next != nullptr && name == "destinationStats") {
        out_.state.stats_begin = static_cast<size_t>(value - begin_);
        out_.state.stats_end = static_cast<size_t>(next - begin_);
      }
      return next;
    });
    if (p == nullptr) return nullptr;
    if (out_.state.stats_end == 0) {
      out_.state.stats_begin = out_.state.stats_end = static_cast<size_t>(p - 1 - begin_);
      out_.state.stats_first = empty;
    }
    DecideState(type, has_stream, has_global, stream);
    return p;
  }

  // The text is one of the literals, so that it does not depend on the scratch.
  Text ReadStateType(const char* p) {
    Text type = ReadText(p, end_, scratch_.other);
    if (type.kind != Text::kText) return type;
    for (const std::string_view known : {"STREAM", "GLOBAL", "LEGACY"}) {
      if (type.text == known) return {type.next, Text::kText, known};
    }
    return {type.next, Text::kOther, {}};
  }

  void DecideState(const Text& type, bool has_stream, bool has_global, const StreamReader& stream) {
    StateFields& state = out_.state;
    if (type.kind == Text::kOther) {
      state_reason_ = "state.type is not known";
      return;
    }
    if (type.kind == Text::kText) {
      state.kind = type.text == "STREAM"   ? StateKind::kStream
                   : type.text == "GLOBAL" ? StateKind::kGlobal
                                           : StateKind::kLegacy;
    } else {
      // Neither of them: LEGACY, which waits for everything.
      state.kind = has_stream ? StateKind::kStream : has_global ? StateKind::kGlobal : StateKind::kLegacy;
    }
    if (state.kind != StateKind::kStream) return;
    state.stream = stream.stream;
    if (!stream.has_name) state_reason_ = "state.stream has no stream_descriptor with a name";
    if (stream.bad_ns) state_reason_ = "state.stream has a namespace that is not text";
  }

  // The object at `p` that has a member stream_descriptor; on_other gets the other members.
  template <typename OnOther>
  const char* ReadDescriptorOwner(const char* p, StreamReader& stream,
                                  MessageParser::Scratch::Stream& scratch, OnOther&& on_other) {
    if (*p != '{') return SkipValue(p, end_);
    return ForEachMember(p, end_, scratch_.other, [&](std::string_view name, const char* value) {
      if (name != "stream_descriptor") return on_other(name, value);
      stream = {};
      if (*value != '{') return SkipValue(value, end_);
      return ForEachMember(value, end_, scratch_.other, [&](std::string_view part, const char* text) {
        if (part == "name") return stream.ReadName(text, end_, scratch);
        if (part == "namespace") return stream.ReadNamespace(text, end_, scratch);
        return SkipValue(text, end_);
      });
    });
  }
  const char* ReadDescriptorOwner(const char* p, StreamReader& stream,
                                  MessageParser::Scratch::Stream& scratch) {
    return ReadDescriptorOwner(
        p, stream, scratch, [this](std::string_view, const char* value) { return SkipValue(value, end_); });
  }

  const char* ReadTrace(const char* p) {
    trace_is_status_ = false;
    trace_reason_ = {};
    out_.status = StreamStatus::kOther;
    if (*p != '{') {
      trace_reason_ = *p == 'n' ? "trace is missing" : "trace is not an object";
      return SkipValue(p, end_);
    }
    StreamReader stream;
    p = ForEachMember(p, end_, scratch_.other, [&](std::string_view name, const char* value) {
      if (name == "type") {
        const Text type = ReadText(value, end_, scratch_.other);
        trace_is_status_ = type.text == "STREAM_STATUS";
        return type.next;
      }
      if (name != "stream_status") return SkipValue(value, end_);
      stream = {};
      out_.status = StreamStatus::kOther;
      return ReadDescriptorOwner(value, stream, scratch_.status,
                                 [&](std::string_view part, const char* text) {
                                   return part == "status" ? ReadStatus(text) : SkipValue(text, end_);
                                 });
    });
    out_.status_stream = stream.stream;
    if (trace_is_status_ && (!stream.has_name || stream.bad_ns)) {
      trace_reason_ = "trace.stream_status has no stream_descriptor with a name";
    }
    return p;
  }

  const char* ReadStatus(const char* p) {
    const Text text = ReadText(p, end_, scratch_.other);
    out_.status = text.text == "COMPLETE"     ? StreamStatus::kComplete
                  : text.text == "INCOMPLETE" ? StreamStatus::kIncomplete
                  : text.text == "STARTED"    ? StreamStatus::kStarted
                  : text.text == "RUNNING"    ? StreamStatus::kRunning
                                              : StreamStatus::kOther;
    return text.next;
  }

  const char* const begin_;
  const char* const end_;
  RecordSink& sink_;
  MessageParser::Scratch& scratch_;
  ParsedLine& out_;

  MessageType type_ = MessageType::kNone;
  std::string_view syntax_reason_ = kNotJson;
  // Why a payload is of no use, "": it is. Told only if it turns out to be of the line's type.
  std::string_view record_reason_ = "record is missing";
  std::string_view state_reason_ = "state is missing";
  std::string_view trace_reason_ = "trace is missing";
  bool record_ns_is_bad_ = false;
  bool trace_is_status_ = false;
};

}  // namespace

ParsedLine MessageParser::Parse(std::string_view line, RecordSink& sink) {
  ParsedLine parsed;
  const char* const end = line.data() + line.size();
  const char* const p = SkipWhitespace(line.data(), end);
  if (p == end) return parsed;
  if (*p != '{') {
    parsed.kind = LineKind::kMalformed;
    parsed.reason = kNotAMessage;
    return parsed;
  }
  LineParser(line.data(), end, sink, scratch_, parsed).Parse(p);
  return parsed;
}

}  // namespace ddb
