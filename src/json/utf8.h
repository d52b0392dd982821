// utf8: is a text UTF-8, and how a character is written. With SSSE3 sixteen bytes at a time; `portable` holds
// the twin that other machines run and tests compare. Needs no padding. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ddb::json {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD, for what has no UTF-8

bool ValidUtf8(const char* p, const char* end);
namespace portable {
bool ValidUtf8(const char* p, const char* end);
}  // namespace portable

// Bytes of a code point.
constexpr uint32_t Utf8Length(uint32_t code) {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

// Half of a surrogate pair becomes the three bytes that its number would have; they are not UTF-8.
void AppendUtf8(uint32_t code, std::string& out);

// The first bytes of a text that are no part of a character; `end` and 0 if there are none. As many as one
// U+FFFD stands for: the longest beginning of a character, or one byte, as browsers and Python replace them.
// https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf "U+FFFD Substitution of Maximal Subparts"
struct InvalidUtf8 {
  const char* at;
  size_t length;
};
InvalidUtf8 FindInvalidUtf8(const char* p, const char* end);

// `text` with a U+FFFD for each of them.
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace ddb::json
