// message_payloads: what a STATE and a TRACE carry, for MessageParser. A payload is read wherever in its line
// it stands, before it is certain that the line is such a message, and a second one of the name counts in
// place of the first. Values of one line; worker thread.
// https://docs.airbyte.com/understanding-airbyte/airbyte-protocol
#pragma once

#include "airbyte/line_text.h"
#include "airbyte/message.h"
#include "airbyte/stream_reader.h"
#include "base/literal.h"

namespace ddb {

class StatePayload {
 public:
  // One past the value at `p`; nullptr: not valid.
  const char* Read(const LineText& line, const char* p, StateFields& state);
  // Why it is of no use; "": it is.
  Text reason() const { return reason_; }

 private:
  void Decide(const json::MemberText& type, bool has_stream, bool has_global, const StreamReader& stream,
              StateFields& state);

  Text reason_ = "state is missing";
};

class TracePayload {
 public:
  // As above.
  const char* Read(const LineText& line, const char* p, ParsedLine& out);
  Text reason() const { return reason_; }
  // Of a TRACE that is of use. `message`: all of it, which is valid.
  LineKind Kind(std::string_view message) const;

 private:
  bool is_status_ = false;
  bool is_error_ = false;
  bool type_is_known_ = false;
  Text reason_;
};

}  // namespace ddb
