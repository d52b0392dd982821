// StreamReader: a stream as a message names it, while the members of one object are met: the last of several
// counts. A part of MessageParser.
#pragma once

#include "airbyte/message.h"
#include "json/members.h"

namespace ddb {

struct StreamReader {
  StreamRef stream;
  bool has_name = false;
  bool bad_ns = false;

  const char* ReadName(const json::MemberText& text) {
    has_name = text.kind == json::MemberText::kText;
    stream.name = text.text;
    return text.next;
  }
  const char* ReadNamespace(const json::MemberText& text) {
    bad_ns = text.kind == json::MemberText::kOther;
    stream.ns.reset();
    if (text.kind == json::MemberText::kText) stream.ns = text.text;
    return text.next;
  }
};

}  // namespace ddb
