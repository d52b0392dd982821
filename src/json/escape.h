// escape: text to the inside of a JSON string and back. Records' strings are copied raw; this says what an
// escape stands for where that matters: sizes, equal names, halves of surrogate pairs. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ddb::json {

struct Escape {
  uint32_t length = 0;       // bytes of the escape, 12 for a surrogate pair; 0: not valid
  uint32_t utf8_length = 0;  // of what it stands for
  uint32_t code = 0;         // the code point; a lone surrogate is itself
  bool lone_surrogate = false;
};

// `p` at a backslash.
Escape ReadEscape(const char* p, const char* end);
// Behind the escape; of \u behind its four digits, paired or not. nullptr: not valid.
const char* SkipEscape(const char* p, const char* end);

// The text of a string's (valid) inside; `out` is replaced. Half of a surrogate pair becomes the three bytes
// that UTF-8 would have for it, so that different raw texts stay different; false where there is one.
bool Unescape(std::string_view raw, std::string& out);

// Appends `text`, which is UTF-8, as a JSON string's inside.
void AppendEscaped(std::string_view text, std::string& out);

// Appends any bytes as a JSON string with its quotes: what is not UTF-8 becomes U+FFFD, so that a line or a
// request is valid whatever a name or a path holds.
void AppendString(std::string_view text, std::string& out);

}  // namespace ddb::json
