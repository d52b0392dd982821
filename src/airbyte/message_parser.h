// MessageParser: one line of stdin -> what it is, in one pass. The value of record.data is not looked at
// here: when the parser meets it, it hands it to the RecordSink, which encodes it and says where it ends (so
// data is scanned once).
//
// A line that holds a record is a RECORD or it is malformed, whatever type it says that it has: a record that
// is passed over would be lost without a word.
//
// Any valid JSON, and what else is understood (json::Grammar::kLenient; for that a line that is not JSON is
// read a second time): members in any order, any whitespace, explicit nulls, unknown members, duplicate
// members (last wins, but not over a record or a part of one), escapes in names. One parser per worker; not
// thread-safe. The line must be followed by json::kPadding readable bytes.
#pragma once

#include <string>
#include <string_view>

#include "airbyte/message.h"
#include "json/padding.h"

namespace ddb {

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  // record.data's value starts at `p` (a '{': anything else the parser reports as malformed by itself).
  // `seen` holds the members met so far; has_stream tells whether the stream is among them (its namespace may
  // still follow: sources differ in their order). Returns one past the value's last byte, or nullptr if it is
  // not valid JSON. May be called again for the same line (a duplicate member): the last call counts, and
  // none does unless the line turns out to be a kRecord.
  virtual const char* OnData(const char* p, const char* end, const RecordFields& seen) = 0;
};

class MessageParser {
 public:
  // `line` without its newline. Views in the result live until the next call or the line's end.
  ParsedLine Parse(std::string_view line, RecordSink& sink);

  // Room for text that had escapes; of no meaning between calls.
  struct Scratch {
    struct Stream {
      std::string name;
      std::string ns;
    };
    Stream record;
    Stream state;
    Stream status;
    std::string type;
    std::string other;
  };

 private:
  Scratch scratch_;
};

}  // namespace ddb
