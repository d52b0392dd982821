#include "airbyte/message_payloads.h"

#include <string_view>

#include "airbyte/message_signs.h"
#include "airbyte/unknown_message.h"
#include "airbyte/written_names.h"

namespace ddb {
namespace {

using json::MemberText;

// The text is one of the literals, so that it does not depend on the scratch.
MemberText ReadStateType(const LineText& line, const char* p) {
  MemberText type = line.Read(p, line.scratch.other);
  if (type.kind != MemberText::kText) return type;
  for (const std::string_view known : {"STREAM", "GLOBAL", "LEGACY"}) {
    if (type.text == known) return {type.next, MemberText::kText, known};
  }
  return {type.next, MemberText::kOther, {}};
}

const char* ReadStatus(const LineText& line, const char* p, StreamStatus& status) {
  const MemberText text = line.Read(p, line.scratch.other);
  status = StatusNamed(text.text);
  return text.next;
}

// The object at `p` that has a stream_descriptor and maybe a status.
const char* ReadDescriptorOwner(const LineText& line, const char* p, StreamReader& stream,
                                StreamStatus& status, MessageParser::Scratch::Stream& scratch) {
  if (*p != '{') return line.Skip(p);
  return line.Members<"stream_descriptor", "status">(p, [&](int member, const char* value) {
    if (member == 1) return ReadStatus(line, value, status);
    if (member != 0) return line.Skip(value);
    stream = {};
    if (*value != '{') return line.Skip(value);
    return line.Members<"name", "namespace">(value, [&](int part, const char* text) {
      if (part == 0) return stream.ReadName(line.Read(text, scratch.name));
      return part == 1 ? stream.ReadNamespace(line.Read(text, scratch.ns)) : line.Skip(text);
    });
  });
}

}  // namespace

const char* StatePayload::Read(const LineText& line, const char* p, StateFields& state) {
  state = {};
  reason_ = {};
  if (*p != '{') {
    reason_ = *p == 'n' ? Text("state is missing") : "state is not an object";
    return line.Skip(p);
  }
  StreamReader stream;
  StreamStatus no_status{};
  MemberText type{nullptr, MemberText::kNull, {}};
  bool has_stream = false;
  bool has_global = false;
  bool empty = true;
  p = line.Members<"type", "stream", "global", "destinationStats">(p, [&](int member, const char* value) {
    empty = false;
    const bool present = *value != 'n';
    if (member == 0) {
      type = ReadStateType(line, value);
      return type.next;
    }
    if (member == 1) {
      has_stream = present;
      stream = {};
      return ReadDescriptorOwner(line, value, stream, no_status, line.scratch.state);
    }
    if (member == 2) has_global = present;
    const char* const next = line.Skip(value);
    if (next != nullptr && member == 3) {
      state.stats_begin = static_cast<size_t>(value - line.begin);
      state.stats_end = static_cast<size_t>(next - line.begin);
    }
    return next;
  });
  if (p == nullptr) return nullptr;
  if (state.stats_end == 0) {
    state.stats_begin = state.stats_end = static_cast<size_t>(p - 1 - line.begin);
    state.stats_first = empty;
  }
  Decide(type, has_stream, has_global, stream, state);
  return p;
}

void StatePayload::Decide(const MemberText& type, bool has_stream, bool has_global,
                          const StreamReader& stream, StateFields& state) {
  if (type.kind == MemberText::kOther) {
    reason_ = "state.type is not known";
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
  if (!stream.has_name) reason_ = "state.stream has no stream_descriptor with a name in UTF-8";
  if (stream.bad_ns) reason_ = "state.stream has a namespace that is not text in UTF-8";
}

const char* TracePayload::Read(const LineText& line, const char* p, ParsedLine& out) {
  *this = {};
  out.status = StreamStatus::kOther;
  if (*p != '{') {
    if (*p != 'n') reason_ = "trace is not an object";
    return line.Skip(p);
  }
  StreamReader stream;
  p = line.Members<"type", "stream_status">(p, [&](int member, const char* value) {
    if (member == 0) {
      const MemberText type = line.Read(value, line.scratch.other);
      is_status_ = type.text == "STREAM_STATUS";
      is_error_ = Letters(type.text) == "ERROR";
      type_is_known_ = IsTypeOfTrace(type.text);
      return type.next;
    }
    if (member != 1) return line.Skip(value);
    stream = {};
    out.status = StreamStatus::kOther;
    return ReadDescriptorOwner(line, value, stream, out.status, line.scratch.status);
  });
  out.status_stream = stream.stream;
  // A status of no stream says nothing but that the source has failed. It carries no records either, so
  // nothing is lost with it.
  if (is_status_ && (!stream.has_name || stream.bad_ns)) {
    is_status_ = false;
    is_error_ = out.status == StreamStatus::kIncomplete;
  }
  return p;
}

LineKind TracePayload::Kind(std::string_view message) const {
  if (is_status_) return LineKind::kStreamStatus;
  const bool is_error = is_error_ || (!type_is_known_ && FindMessageSigns(message).failure);
  return is_error ? LineKind::kSourceError : LineKind::kIgnored;
}

}  // namespace ddb
