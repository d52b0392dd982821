// utf8: is a text UTF-8, and how a character is written. With SSSE3 sixteen bytes at a time; `portable` holds
// the twin that other machines run and tests compare. Needs no padding. Pure; any thread.
#pragma once

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

// `text` with a U+FFFD for each byte that is not part of a character.
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace ddb::json
