// text: what is done to short texts in more than one place: ASCII classes and cases, hexadecimal digits,
// where to cut UTF-8. Never by the locale. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ddb {

constexpr bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsAlpha(char c) { return IsLower(c) || IsUpper(c); }
constexpr bool IsAlnum(char c) { return IsAlpha(c) || IsDigit(c); }
constexpr char ToLower(char c) { return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char ToUpper(char c) { return IsLower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

inline std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ToLower(c);
  return lower;
}
inline std::string ToUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = ToUpper(c);
  return upper;
}

inline constexpr char kHexDigits[] = "0123456789abcdef";
// -1: no hexadecimal digit.
constexpr int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
// Two digits for each byte.
inline void AppendHex(std::span<const unsigned char> bytes, std::string& out) {
  for (const unsigned char byte : bytes) {
    out.push_back(kHexDigits[byte >> 4]);
    out.push_back(kHexDigits[byte & 15]);
  }
}

// At most `max_bytes` of UTF-8, cut between characters.
constexpr std::string_view CutText(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

// Without the spaces and control characters around it, and without the spaces of other widths, none at all
// among them, that come along when a text is copied from a page.
std::string Trimmed(std::string_view text);

// With a '?' for each control character.
inline std::string Printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = '?';
  }
  return text;
}

inline constexpr size_t kShortTextBytes = 200;

// A name as messages show it: names come from the source, which may send one of many megabytes, or one that
// would look like several lines of a log. With "..." where something was cut.
inline std::string ShortText(std::string_view text, size_t max_bytes = kShortTextBytes) {
  std::string cut(CutText(text, max_bytes));
  if (cut.size() < text.size()) cut += "...";
  return Printable(std::move(cut));
}

// "1 record", "2 records": the noun in the singular.
inline std::string Counted(uint64_t n, std::string_view noun) {
  return std::to_string(n).append(" ").append(noun).append(n == 1 ? "" : "s");
}

}  // namespace ddb
