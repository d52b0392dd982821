// odd_line: what a line is that is no message: the text of a source's log between its messages, which is
// passed over, or a sign that the input is not what it should be (compressed, UTF-16, a JSON array, a record
// or a part of one that something stands before), which must never pass as text: data would be lost without a
// word. A STATE in text is passed over with it: what it would have acknowledged the source sends again, and
// the next STATE of its stream acknowledges. Pure; called by RecordReader and ChunkReader for such lines
// only.
#pragma once

#include <string_view>

#include "airbyte/message_signs.h"
#include "base/literal.h"

namespace ddb {

struct OddLine {
  enum class Kind {
    kText,       // nothing speaks against passing it over
    kNotInput,   // the whole input is of another form: the user has to change what is sent
    kMalformed,  // this line is no good
  };
  Kind kind = Kind::kText;
  Text reason;              // not for kText
  MessageSigns signs = {};  // of a line that does not begin with '{'
};

// A line that does not begin with '{', and is not blank. `is_first`: of the input. Only that one tells what
// the whole input is.
OddLine LookAtPlainLine(std::string_view line, bool is_first);

// Its two halves, for a line that is not held. Of how such a line begins: what other form the whole input
// has, "": none.
Text OtherForm(std::string_view begin, bool is_first);
// Of what stands in it: why it is no text to pass over, "": it is.
Text WhyNoText(const MessageSigns& signs, bool holds_nul);

// A line that begins with '{' and is no valid message for `reason`, which is told where nothing better is
// known.
OddLine LookAtBrokenLine(std::string_view line, Text reason);

// Behind a byte order mark, which editors and shells write before the first line.
constexpr std::string_view WithoutBom(std::string_view line) {
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  return line.starts_with(kBom) ? line.substr(kBom.size()) : line;
}

}  // namespace ddb
