#include "airbyte/message_parser.h"

#include <cstring>

#include "airbyte/line_text.h"
#include "airbyte/message_payloads.h"
#include "airbyte/message_signs.h"
#include "airbyte/stream_reader.h"
#include "airbyte/unknown_message.h"
#include "base/text.h"
#include "json/members.h"
#include "json/scan.h"

namespace ddb {
namespace {

using json::Grammar;
using json::MemberText;
using json::SkipExactly;
using json::SkipWhitespace;

constexpr Text kDataNotJson = "record.data is not valid JSON";

enum class MessageType { kNone, kRecord, kState, kTrace, kOther, kUnknown };

// One line; lives for one call of Parse.
class LineParser {
 public:
  LineParser(const char* begin, const char* end, Grammar grammar, RecordSink& sink,
             MessageParser::Scratch& scratch, ParsedLine& out)
      : line_{begin, end, grammar, scratch}, sink_(sink), out_(out) {}

  // `p` at the '{'. False: it is not valid by the grammar. The names that are not read are there because
  // PyAirbyte sends them all, as nulls.
  bool Parse(const char* p) {
    object_ = p;
    p = line_.Members<"type", "record", "state", "trace", "log", "spec", "connectionStatus", "catalog",
                      "control">(p, [this](int member, const char* value) {
      switch (member) {
        case 0:
          return ReadType(value);
        case 1:
          return ReadRecord(value);
        case 2:
          return state_.Read(line_, value, out_.state);
        case 3:
          return trace_.Read(line_, value, out_);
        default:
          holds_unknown_ |= member < 0;
          holds_other_ |= *value == '{' || *value == '[';
          return line_.Skip(value);
      }
    });
    if (p == nullptr || SkipWhitespace(p, line_.end) != line_.end) {
      Malformed(syntax_reason_);
      return false;
    }
    Decide();
    return true;
  }

 private:
  void Malformed(Text reason) {
    out_.kind = LineKind::kMalformed;
    out_.reason = reason;
  }

  void Decide() {
    if (is_broken_) return DecideBroken();
    switch (type_) {
      case MessageType::kNone:
        Malformed(WhyNoLogLine(object_, line_.end));
        if (out_.reason.empty()) out_.kind = LineKind::kLogLine;
        return;
      case MessageType::kUnknown:
        return DecideUnknown();
      case MessageType::kOther:
        if (HoldsAnyRecord() || HoldsBareRecord(object_, line_.end, {}) ||
            HoldsRecordInText(object_, line_.end)) {
          return Malformed(kRecordInAnotherType);
        }
        switch (WhatItSaysOfItself(object_, line_.end)) {
          case Says::kNothing:
            return;
          case Says::kError:
            out_.says_error = true;
            return;
          case Says::kFailed:
            out_.kind = LineKind::kSourceError;
            return;
        }
        return;
      case MessageType::kRecord:
        if (records_ > 1 || (holds_other_ && HoldsOtherRecord())) {
          Malformed(kTwoRecords);
        } else if (record_reason_.empty()) {
          out_.kind = LineKind::kRecord;
        } else {
          Malformed(record_reason_);
          out_.has_stream_for_error = out_.record.has_stream && !record_stream_is_open_;
        }
        return;
      case MessageType::kState:
        if (HoldsAnyRecord() || HoldsRecordBesideOf("state")) return Malformed(kRecordInAnotherType);
        if (!state_.reason().empty()) return Malformed(state_.reason());
        out_.kind = LineKind::kState;
        return;
      case MessageType::kTrace:
        if (HoldsAnyRecord() || HoldsRecordBesideOf("trace")) return Malformed(kRecordInAnotherType);
        if (!trace_.reason().empty()) return Malformed(trace_.reason());
        out_.kind = trace_.Kind({object_, line_.end});
        return;
    }
  }

  // Of what is not valid nothing is looked at again, so that nothing may stand beside the record.
  void DecideBroken() {
    const bool is_certain = type_ == MessageType::kRecord && records_ == 1 && !holds_other_ &&
                            out_.record.has_stream && !record_stream_is_open_ && !HoldsNul();
    Malformed(is_certain ? record_reason_ : syntax_reason_);
    out_.has_stream_for_error = is_certain;
  }

  bool HoldsNul() const {
    return std::memchr(line_.begin, 0, static_cast<size_t>(line_.end - line_.begin)) != nullptr;
  }
  bool HoldsRecord() const { return record_at_ != nullptr && !IsEmptyValue(record_at_, line_.end); }
  // Of a RECORD: besides its own.
  bool HoldsOtherRecord() const {
    return HoldsRecordBeside(object_, line_.end, /*inside=*/false) ||
           HoldsBareRecord(object_, line_.end, "record");
  }
  // In a member that no message has.
  bool HoldsRecordBesideOf(std::string_view payload) const {
    return holds_unknown_ &&
           (HoldsBareRecord(object_, line_.end, payload) || HoldsRecordInText(object_, line_.end));
  }
  bool HoldsAnyRecord() const { return HoldsRecord() || HoldsRecordBeside(object_, line_.end, true); }

  void DecideUnknown() {
    const UnknownMessage unknown = LookAtUnknownMessage(object_, line_.end, line_.scratch.type);
    if (!unknown.reason.empty()) return Malformed(unknown.reason);
    out_.kind = LineKind::kUnknown;
    out_.type = unknown.type;
  }

  const char* ReadType(const char* p) {
    if (const char* const next = SkipExactly(p, line_.end, "\"RECORD\""); next != nullptr) {
      type_ = MessageType::kRecord;
      return next;
    }
    const MemberText text = line_.Read(p, line_.scratch.other);
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
    record_stream_is_open_ = false;
    if (!HoldsRecord()) record_at_ = p;
    if (*p != 'n') ++records_;
    if (*p != '{') {
      record_reason_ = *p == 'n' ? Text("record is missing") : "record is not an object";
      return line_.Skip(p);
    }
    StreamReader stream;
    Text data_reason = "record.data is missing";
    Text emitted_at_reason = "record.emitted_at is missing";
    Text meta_reason, file_reason, broken_reason;
    unsigned met = 0;  // members, by their number and 1; others are 0
    unsigned twice = 0;
    const auto read_stream = [&](const char* next) {
      out_.record.stream = stream.stream;
      out_.record.has_stream = stream.has_name;
      return next;
    };
    p = line_.Members<"stream", "data", "emitted_at", "namespace", "meta", "file_reference", "file">(
        p, [&](int member, const char* value) {
          twice |= met & (1U << (member + 1));
          met |= 1U << (member + 1);
          const auto or_broken = [&](const char* next, Text reason) {
            return IsWhole(next) ? next : SkipBroken(value, reason, broken_reason);
          };
          switch (member) {
            case 0:
              return read_stream(stream.ReadName(line_.Read(value, line_.scratch.record.name)));
            case 1:
              return or_broken(ReadData(value, data_reason), kDataNotJson);
            case 2:
              return or_broken(ReadEmittedAt(value, emitted_at_reason), "record.emitted_at is not a number");
            case 3:
              return read_stream(stream.ReadNamespace(line_.Read(value, line_.scratch.record.ns)));
            case 4:
              return or_broken(ReadMeta(value, meta_reason), "record.meta is not valid JSON");
            default:
              if (member > 4 && *value == '{') file_reason = kComesWithAFile;
              return or_broken(line_.Skip(value), "a member of its record is not valid JSON");
          }
        });
    constexpr unsigned kNamesStream = 1U << 1 | 1U << 4;
    record_stream_is_open_ = stream.bad_ns || (twice & kNamesStream) != 0;
    if (!stream.has_name) {
      record_reason_ = "record.stream is missing or not text in UTF-8";
    } else if (stream.bad_ns) {
      record_reason_ = "record.namespace is not text in UTF-8";
    } else if (!file_reason.empty() || !broken_reason.empty()) {
      record_reason_ = file_reason.empty() ? broken_reason : file_reason;
    } else if (!data_reason.empty()) {
      record_reason_ = data_reason;
    } else {
      record_reason_ = emitted_at_reason.empty() ? meta_reason : emitted_at_reason;
      if (record_reason_.empty() && twice > 1) record_reason_ = kMemberTwice;
    }
    return p;
  }

  const char* ReadData(const char* p, Text& reason) {
    if (*p != '{') {
      reason = *p == 'n' ? Text("record.data is missing") : "record.data is not an object";
      return line_.Skip(p);
    }
    reason = {};
    const char* const next = sink_.OnData(p, line_.end, out_.record);
    if (next == nullptr) syntax_reason_ = kDataNotJson;
    return next;
  }

  // Behind a member's value, or nullptr.
  bool IsWhole(const char* next) const {
    if (next == nullptr || line_.grammar == Grammar::kJson) return next != nullptr;
    next = SkipWhitespace(next, line_.end);
    return next < line_.end && (*next == ',' || *next == '}');
  }

  // Of a value that is not valid by any grammar, where it is certain what belongs to it: then what is broken
  // is this record's, and not the line. nullptr: it is not, or another record may stand in it.
  const char* SkipBroken(const char* value, Text reason, Text& broken_reason) {
    if (line_.grammar == Grammar::kJson) return nullptr;
    is_broken_ = true;
    broken_reason = reason;
    const char* const next = json::SkipShape(value, line_.end);
    if (next == nullptr) return nullptr;
    return FindMessageSigns({value, static_cast<size_t>(next - value)}).record ? nullptr : next;
  }

  const char* ReadEmittedAt(const char* p, Text& reason) {
    out_.record.emitted_at = {};
    const char* const first = p + (*p == '-' ? 1 : 0);
    const char* digits = first;
    while (digits < line_.end && IsDigit(*digits)) ++digits;
    if (digits == first) {
      reason = *p == 'n' ? Text("record.emitted_at is missing") : "record.emitted_at is not a number";
      return line_.Skip(p);
    }
    const bool plain =
        digits < line_.end && (*digits == ',' || *digits == '}') && (*first != '0' || digits == first + 1);
    const char* const next = plain ? digits : json::SkipNumber(p, line_.end);
    if (next == nullptr) return nullptr;
    reason = {};
    out_.record.emitted_at = {p, static_cast<size_t>(next - p)};
    out_.record.emitted_at_is_digits = digits == next;
    return next;
  }

  const char* ReadMeta(const char* p, Text& reason) {
    const char* const next = line_.Skip(p);
    out_.record.meta = {};
    reason = {};
    if (next != nullptr && *p == '{') {
      out_.record.meta = {p, static_cast<size_t>(next - p)};
    } else if (*p != 'n') {
      reason = "record.meta is not an object";
    }
    return next;
  }

  const LineText line_;
  const char* object_ = nullptr;     // the line's
  const char* record_at_ = nullptr;  // the value of a member `record`: the first that is not empty
  RecordSink& sink_;
  ParsedLine& out_;

  MessageType type_ = MessageType::kNone;
  Text syntax_reason_ = kLineNotJson;
  // Why a payload is of no use, "": it is. Told only if it turns out to be of the line's type.
  Text record_reason_ = "record is missing";
  bool record_stream_is_open_ = false;  // it cannot be told which it is
  bool is_broken_ = false;              // a part of a record is not valid
  int records_ = 0;                     // members `record` that are no null
  bool holds_unknown_ = false;          // a member that no message has
  bool holds_other_ = false;            // an object or a list in a member that no RECORD has
  StatePayload state_;
  TracePayload trace_;
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
