#include "json/escape.h"

#include <array>
#include <cstring>

#include "base/text.h"
#include "json/utf8.h"

namespace ddb::json {
namespace {

// What \x stands for, by x; 0 where it is no escape of two characters.
constexpr auto kSimpleEscapes = [] {
  std::array<char, 256> codes{};
  for (const char same : {'"', '\\', '/'}) codes[static_cast<unsigned char>(same)] = same;
  codes['b'] = '\b';
  codes['f'] = '\f';
  codes['n'] = '\n';
  codes['r'] = '\r';
  codes['t'] = '\t';
  return codes;
}();

// Four hexadecimal digits, or -1.
int HexUnit(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexValue(p[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

bool IsHigh(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLow(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

Escape ReadUnicodeEscape(const char* p, const char* end) {
  const int unit = HexUnit(p + 2, end);
  if (unit < 0) return {};
  const auto code = static_cast<uint32_t>(unit);
  if (!IsHigh(unit) && !IsLow(unit)) return {6, Utf8Length(code), code, false};
  if (IsHigh(unit) && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
    const int low = HexUnit(p + 8, end);
    if (IsLow(low)) {
      return {12, 4, 0x10000 + ((code - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00), false};
    }
  }
  return {6, 3, code, true};
}

// As most writers of JSON do: the short form where there is one.
void AppendEscapedByte(char c, std::string& out) {
  const auto byte = static_cast<unsigned char>(c);
  const auto add = [&out](char letter) {
    out.push_back('\\');
    out.push_back(letter);
  };
  switch (c) {
    case '"':
    case '\\':
      return add(c);
    case '\b':
      return add('b');
    case '\f':
      return add('f');
    case '\n':
      return add('n');
    case '\r':
      return add('r');
    case '\t':
      return add('t');
    default:
      if (byte >= 0x20) return out.push_back(c);
      out.append("\\u00");
      out.push_back(kHexDigits[byte >> 4]);
      out.push_back(kHexDigits[byte & 15]);
  }
}

}  // namespace

Escape ReadEscape(const char* p, const char* end) {
  if (end - p < 2) return {};
  const char simple = kSimpleEscapes[static_cast<unsigned char>(p[1])];
  if (simple != 0) return {2, 1, static_cast<uint32_t>(simple), false};
  return p[1] == 'u' ? ReadUnicodeEscape(p, end) : Escape{};
}

const char* SkipEscape(const char* p, const char* end) {
  if (end - p < 2) return nullptr;
  if (kSimpleEscapes[static_cast<unsigned char>(p[1])] != 0) return p + 2;
  return p[1] == 'u' && HexUnit(p + 2, end) >= 0 ? p + 6 : nullptr;
}

bool Unescape(std::string_view raw, std::string& out) {
  bool whole = true;
  out.clear();
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while (p < end) {
    const void* hit = std::memchr(p, '\\', static_cast<size_t>(end - p));
    const char* const backslash = hit == nullptr ? end : static_cast<const char*>(hit);
    out.append(p, backslash);
    p = backslash;
    if (p == end) break;
    const Escape escape = ReadEscape(p, end);
    AppendUtf8(escape.code, out);
    whole &= !escape.lone_surrogate;
    p += escape.length;
  }
  return whole;
}

void AppendEscaped(std::string_view text, std::string& out) {
  for (const char c : text) AppendEscapedByte(c, out);
}

void AppendString(std::string_view text, std::string& out) {
  out.push_back('"');
  AppendEscaped(ReplaceInvalidUtf8(text), out);
  out.push_back('"');
}

}  // namespace ddb::json
