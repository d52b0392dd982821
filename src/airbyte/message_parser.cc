#include "airbyte/message_parser.h"

#include "airbyte/message_signs.h"
#include "airbyte/stream_reader.h"
#include "airbyte/unknown_message.h"
#include "airbyte/written_names.h"
#include "base/text.h"
#include "json/members.h"
#include "json/scan.h"

namespace ddb {
namespace {

using json::ForEachMember;
using json::Grammar;
using json::MemberText;
using json::SkipExactly;
using json::SkipWhitespace;

constexpr Text kNotJson = "line is not valid JSON";

enum class MessageType { kNone, kRecord, kState, kTrace, kOther, kUnknown };

// One line; lives for one call of Parse.
class LineParser {
 public:
  LineParser(const char* begin, const char* end, Grammar grammar, RecordSink& sink,
             MessageParser::Scratch& scratch, ParsedLine& out)
      : begin_(begin), end_(end), grammar_(grammar), sink_(sink), scratch_(scratch), out_(out) {}

  // `p` at the '{'. False: it is not valid by the grammar. The names that are not read are there because
  // PyAirbyte sends them all, as nulls.
  bool Parse(const char* p) {
    object_ = p;
    p = Members<"type", "record", "state", "trace", "log", "spec", "connectionStatus", "catalog", "control">(
        p, [this](int member, const char* value) {
          switch (member) {
            case 0:
              return ReadType(value);
            case 1:
              return ReadRecord(value);
            case 2:
              return ReadState(value);
            case 3:
              return ReadTrace(value);
            default:
              holds_other_ |= *value == '{' || *value == '[';
              return Skip(value);
          }
        });
    if (p == nullptr || SkipWhitespace(p, end_) != end_) {
      Malformed(syntax_reason_);
      return false;
    }
    Decide();
    return true;
  }

 private:
  template <json::MemberName... kNames, typename OnMember>
  const char* Members(const char* p, OnMember&& on_member) {
    return ForEachMember<kNames...>(p, end_, scratch_.other, on_member, grammar_);
  }
  const char* Skip(const char* p) const { return json::SkipMemberValue(p, end_, grammar_); }
  MemberText Read(const char* p, std::string& scratch) const {
    return json::ReadText(p, end_, scratch, grammar_);
  }

  void Malformed(Text reason) {
    out_.kind = LineKind::kMalformed;
    out_.reason = reason;
  }

  void Decide() {
    switch (type_) {
      case MessageType::kNone:
        Malformed(WhyNoLogLine(object_, end_));
        if (out_.reason.empty()) out_.kind = LineKind::kLogLine;
        return;
      case MessageType::kUnknown:
        return DecideUnknown();
      case MessageType::kOther:
        if (HoldsAnyRecord()) return Malformed(kRecordInAnotherType);
        if (SaysThatItFailed(object_, end_)) out_.kind = LineKind::kSourceError;
        return;
      case MessageType::kRecord:
        if (records_ > 1 || (holds_other_ && HoldsRecordBeside(object_, end_, /*inside=*/false))) {
          Malformed(kTwoRecords);
        } else if (record_reason_.empty()) {
          out_.kind = LineKind::kRecord;
        } else {
          Malformed(record_reason_);
          out_.has_stream_for_error = out_.record.has_stream && !record_ns_is_bad_;
        }
        return;
      case MessageType::kState:
        if (HoldsAnyRecord()) return Malformed(kRecordInAnotherType);
        if (!state_reason_.empty()) return Malformed(state_reason_);
        out_.kind = LineKind::kState;
        return;
      case MessageType::kTrace:
        if (HoldsAnyRecord()) return Malformed(kRecordInAnotherType);
        if (!trace_reason_.empty()) return Malformed(trace_reason_);
        if (!trace_type_is_known_) trace_is_error_ |= FindMessageSigns({object_, end_}).failure;
        out_.kind = trace_is_status_  ? LineKind::kStreamStatus
                    : trace_is_error_ ? LineKind::kSourceError
                                      : LineKind::kIgnored;
        return;
    }
  }

  bool HoldsRecord() const { return record_at_ != nullptr && !IsEmptyValue(record_at_, end_); }
  bool HoldsAnyRecord() const { return HoldsRecord() || HoldsRecordBeside(object_, end_, true); }

  void DecideUnknown() {
    const UnknownMessage unknown = LookAtUnknownMessage(object_, end_, scratch_.type);
    if (!unknown.reason.empty()) return Malformed(unknown.reason);
    out_.kind = LineKind::kUnknown;
    out_.type = unknown.type;
  }

  const char* ReadType(const char* p) {
    if (const char* const next = SkipExactly(p, end_, "\"RECORD\""); next != nullptr) {
      type_ = MessageType::kRecord;
      return next;
    }
    const MemberText text = Read(p, scratch_.other);
    if (text.kind != MemberText::kText) {
      type_ = MessageType::kNone;
    } else if (text.text == "RECORD") {
      type_ = MessageType::kRecord;
    } else if (text.text == "STATE") {
      type_ = MessageType::kState;
    } else if (text.text == "TRACE") {
      type_ = MessageType::kTrace;
    } else {
      type_ = IsTypeForOthers(text.text) ? MessageType::kOther : MessageType::kUnknown;
    }
    return text.next;
  }

  const char* ReadRecord(const char* p) {
    out_.record = {};
    record_ns_is_bad_ = false;
    if (!HoldsRecord()) record_at_ = p;
    if (*p != 'n') ++records_;
    if (*p != '{') {
      record_reason_ = *p == 'n' ? Text("record is missing") : "record is not an object";
      return Skip(p);
    }
    StreamReader stream;
    Text data_reason = "record.data is missing";
    Text emitted_at_reason = "record.emitted_at is missing";
    Text meta_reason, file_reason;
    const auto read_stream = [&](const char* next) {
      out_.record.stream = stream.stream;
      out_.record.has_stream = stream.has_name;
      return next;
    };
    p = Members<"stream", "data", "emitted_at", "namespace", "meta", "file_reference", "file">(
        p, [&](int member, const char* value) {
          switch (member) {
            case 0:
              return read_stream(stream.ReadName(Read(value, scratch_.record.name)));
            case 1:
              return ReadData(value, data_reason);
            case 2:
              return ReadEmittedAt(value, emitted_at_reason);
            case 3:
              return read_stream(stream.ReadNamespace(Read(value, scratch_.record.ns)));
            case 4:
              return ReadMeta(value, meta_reason);
            default:
              if (member > 4 && *value == '{') file_reason = kComesWithAFile;
              return Skip(value);
          }
        });
    record_ns_is_bad_ = stream.bad_ns;
    if (!stream.has_name) {
      record_reason_ = "record.stream is missing or not text in UTF-8";
    } else if (stream.bad_ns) {
      record_reason_ = "record.namespace is not text in UTF-8";
    } else if (!file_reason.empty() || !data_reason.empty()) {
      record_reason_ = file_reason.empty() ? data_reason : file_reason;
    } else {
      record_reason_ = emitted_at_reason.empty() ? meta_reason : emitted_at_reason;
    }
    return p;
  }

  const char* ReadData(const char* p, Text& reason) {
    if (*p != '{') {
      reason = *p == 'n' ? Text("record.data is missing") : "record.data is not an object";
      return Skip(p);
    }
    reason = {};
    const char* const next = sink_.OnData(p, end_, out_.record);
    if (next == nullptr) syntax_reason_ = "record.data is not valid JSON";
    return next;
  }

  const char* ReadEmittedAt(const char* p, Text& reason) {
    out_.record.emitted_at = {};
    const char* const first = p + (*p == '-' ? 1 : 0);
    const char* digits = first;
    while (digits < end_ && IsDigit(*digits)) ++digits;
    if (digits == first) {
      reason = *p == 'n' ? Text("record.emitted_at is missing") : "record.emitted_at is not a number";
      return Skip(p);
    }
    const bool plain =
        digits < end_ && (*digits == ',' || *digits == '}') && (*first != '0' || digits == first + 1);
    const char* const next = plain ? digits : json::SkipNumber(p, end_);
    if (next == nullptr) return nullptr;
    reason = {};
    out_.record.emitted_at = {p, static_cast<size_t>(next - p)};
    out_.record.emitted_at_is_digits = digits == next;
    return next;
  }

  const char* ReadMeta(const char* p, Text& reason) {
    const char* const next = Skip(p);
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
      state_reason_ = *p == 'n' ? Text("state is missing") : "state is not an object";
      return Skip(p);
    }
    StreamReader stream;
    MemberText type{nullptr, MemberText::kNull, {}};
    bool has_stream = false;
    bool has_global = false;
    bool empty = true;
    p = Members<"type", "stream", "global", "destinationStats">(p, [&](int member, const char* value) {
      empty = false;
      const bool present = *value != 'n';
      if (member == 0) {
        type = ReadStateType(value);
        return type.next;
      }
      if (member == 1) {
        has_stream = present;
        stream = {};
        return ReadDescriptorOwner(value, stream, scratch_.state);
      }
      if (member == 2) has_global = present;
      const char* const next = Skip(value);
      if (next != nullptr && member == 3) {
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
  MemberText ReadStateType(const char* p) {
    MemberText type = Read(p, scratch_.other);
    if (type.kind != MemberText::kText) return type;
    for (const std::string_view known : {"STREAM", "GLOBAL", "LEGACY"}) {
      if (type.text == known) return {type.next, MemberText::kText, known};
    }
    return {type.next, MemberText::kOther, {}};
  }

  void DecideState(const MemberText& type, bool has_stream, bool has_global, const StreamReader& stream) {
    StateFields& state = out_.state;
    if (type.kind == MemberText::kOther) {
      state_reason_ = "state.type is not known";
      return;
    }
    if (type.kind == MemberText::kText) {
      state.kind = type.text == "STREAM"   ? StateKind::kStream
                   : type.text == "GLOBAL" ? StateKind::kGlobal
                                           : StateKind::kLegacy;
    } else {
      // Neither of them: LEGACY, which waits for everything.
      state.kind = has_stream ? StateKind::kStream : has_global ? StateKind::kGlobal : StateKind::kLegacy;
    }
    if (state.kind != StateKind::kStream) return;
    state.stream = stream.stream;
    if (!stream.has_name) state_reason_ = "state.stream has no stream_descriptor with a name in UTF-8";
    if (stream.bad_ns) state_reason_ = "state.stream has a namespace that is not text in UTF-8";
  }

  // The object at `p` that has a stream_descriptor and maybe a status.
  const char* ReadDescriptorOwner(const char* p, StreamReader& stream,
                                  MessageParser::Scratch::Stream& scratch) {
    if (*p != '{') return Skip(p);
    return Members<"stream_descriptor", "status">(p, [&](int member, const char* value) {
      if (member == 1) return ReadStatus(value);
      if (member != 0) return Skip(value);
      stream = {};
      if (*value != '{') return Skip(value);
      return Members<"name", "namespace">(value, [&](int part, const char* text) {
        if (part == 0) return stream.ReadName(Read(text, scratch.name));
        return part == 1 ? stream.ReadNamespace(Read(text, scratch.ns)) : Skip(text);
      });
    });
  }

  const char* ReadTrace(const char* p) {
    trace_is_status_ = false;
    trace_is_error_ = trace_type_is_known_ = false;
    trace_reason_ = {};
    status_ = StreamStatus::kOther;
    if (*p != '{') {
      if (*p != 'n') trace_reason_ = "trace is not an object";
      return Skip(p);
    }
    StreamReader stream;
    p = Members<"type", "stream_status">(p, [&](int member, const char* value) {
      if (member == 0) {
        const MemberText type = Read(value, scratch_.other);
        trace_is_status_ = type.text == "STREAM_STATUS";
        trace_is_error_ = Letters(type.text) == "ERROR";
        trace_type_is_known_ = IsTypeOfTrace(type.text);
        return type.next;
      }
      if (member != 1) return Skip(value);
      stream = {};
      status_ = StreamStatus::kOther;
      return ReadDescriptorOwner(value, stream, scratch_.status);
    });
    out_.status = status_;
    out_.status_stream = stream.stream;
    // A status of no stream says nothing but that the source has failed. It carries no records either, so
    // nothing is lost with it.
    if (trace_is_status_ && (!stream.has_name || stream.bad_ns)) {
      trace_is_status_ = false;
      trace_is_error_ = status_ == StreamStatus::kIncomplete;
    }
    return p;
  }

  const char* ReadStatus(const char* p) {
    const MemberText text = Read(p, scratch_.other);
    status_ = StatusNamed(text.text);
    return text.next;
  }

  const char* const begin_;
  const char* const end_;
  const Grammar grammar_;
  const char* object_ = nullptr;     // the line's
  const char* record_at_ = nullptr;  // the value of a member `record`: the first that is not empty
  RecordSink& sink_;
  MessageParser::Scratch& scratch_;
  ParsedLine& out_;

  MessageType type_ = MessageType::kNone;
  Text syntax_reason_ = kNotJson;
  // Why a payload is of no use, "": it is. Told only if it turns out to be of the line's type.
  Text record_reason_ = "record is missing";
  Text state_reason_ = "state is missing";
  Text trace_reason_;
  bool record_ns_is_bad_ = false;
  int records_ = 0;           // members `record` that are no null
  bool holds_other_ = false;  // an object or a list in a member that no RECORD has
  bool trace_is_status_ = false;
  bool trace_is_error_ = false;
  bool trace_type_is_known_ = false;
  StreamStatus status_ = StreamStatus::kOther;
};

}  // namespace

ParsedLine MessageParser::Parse(std::string_view line, RecordSink& sink) {
  ParsedLine parsed;
  const char* const end = line.data() + line.size();
  const char* const p = SkipWhitespace(line.data(), end);
  if (p == end || *p != '{') {
    parsed.kind = p == end ? LineKind::kBlank : LineKind::kPlain;
    return parsed;
  }
  if (LineParser(line.data(), end, Grammar::kJson, sink, scratch_, parsed).Parse(p)) return parsed;
  parsed = {};
  parsed.is_json = false;
  LineParser(line.data(), end, Grammar::kLenient, sink, scratch_, parsed).Parse(p);
  return parsed;
}

}  // namespace ddb
