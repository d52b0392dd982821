#include "json/escape.h"

#include <cstring>

#include "json/scan.h"

namespace ddb::json {
namespace {

constexpr int8_t kNoHex = -1;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : kNoHex;
}

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

uint32_t Utf8Length(uint32_t code) { return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4; }

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

// The length of the well-formed character at the start of `text`, 0 if there is none.
size_t CharacterLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length > text.size() || !ValidUtf8(text.data(), text.data() + length)) return 0;
  return length;
}

// As most writers of JSON do: the short form where there is one.
void AppendEscapedByte(char c, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
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
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
  }
}

}  // namespace

Escape ReadEscape(const char* p, const char* end) {
  if (end - p < 2) return {};
  const auto simple = [](uint32_t code) { return Escape{2, 1, code, false}; };
  switch (p[1]) {
    case '"':
    case '\\':
    case '/':
      return simple(static_cast<uint32_t>(p[1]));
    case 'b':
      return simple('\b');
    case 'f':
      return simple('\f');
    case 'n':
      return simple('\n');
    case 'r':
      return simple('\r');
    case 't':
      return simple('\t');
    case 'u':
      return ReadUnicodeEscape(p, end);
    default:
      return {};
  }
}

void AppendUtf8(uint32_t code, std::string& out) {
  const auto add = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  switch (Utf8Length(code)) {
    case 1:
      return add(code);
    case 2:
      add(0xC0 | code >> 6);
      break;
    case 3:
      add(0xE0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3F));
      break;
    default:
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
      add(0x80 | (code >> 6 & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

void Unescape(std::string_view raw, std::string& out) {
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
    p += escape.length;
  }
}

void AppendEscaped(std::string_view text, std::string& out) {
  for (const char c : text) AppendEscapedByte(c, out);
}

void AppendString(std::string_view text, std::string& out) {
  out.push_back('"');
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) {
      out.append(kReplacement);
    } else if (length == 1) {
      AppendEscapedByte(text[0], out);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.push_back('"');
}

}  // namespace ddb::json
