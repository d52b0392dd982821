// scan: steps over JSON text without building anything: what the message parser and the item encoder
// share. Strict (RFC 8259), and every string is checked to be UTF-8, unless a Grammar says otherwise. Pure
// functions; any thread; no recursion.
//
// All take a pointer and the end of the text; kPadding bytes behind `end` must be readable (wide loads), but
// what they hold never matters. A nullptr means: not valid JSON. On x86-64 the kernels use SSE; `portable`
// holds their twins, which other machines run and tests compare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/escape.h"
#include "json/padding.h"
#include "json/special_bytes.h"
#include "json/utf8.h"

namespace ddb::json {

enum class Grammar : uint8_t {
  kJson,
  // And what writers of JSON are known to put into it: strings that are not UTF-8, and the words NaN,
  // Infinity and -Infinity where a value may stand, as Python's json, Ruby's, Gson and Jackson write them.
  kLenient,
};

constexpr bool IsWhitespace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

inline const char* SkipWhitespace(const char* p, const char* end) {
  if (p < end && *p > ' ') return p;  // as a rule there is none
  while (p < end && IsWhitespace(*p)) ++p;
  return p;
}

namespace portable {
const char* FindStringSpecial(const char* p, const char* end, bool& non_ascii);
}  // namespace portable

// The first quote, backslash or control character in [p, end), else `end`. `non_ascii` is set when a byte
// over 0x7F is passed (it may also be set by a byte behind `end` when the result is `end`); never cleared.
#if defined(__SSE2__)
inline const char* FindStringSpecial(const char* p, const char* end, bool& non_ascii) {
  constexpr size_t kBytes = 16;
  static_assert(kBytes <= kPadding);
  for (; p < end; p += kBytes) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const unsigned hits = SpecialBytes(bytes);
    const auto high = static_cast<unsigned>(_mm_movemask_epi8(bytes));
    if (hits != 0) {
      non_ascii |= (high & (hits - 1) & ~hits) != 0;  // those before the first hit
      p += __builtin_ctz(hits);
      return p < end ? p : end;
    }
    non_ascii |= high != 0;
  }
  return end;
}
#else
inline const char* FindStringSpecial(const char* p, const char* end, bool& non_ascii) {
  return portable::FindStringSpecial(p, end, non_ascii);
}
#endif

struct StringToken {
  const char* next = nullptr;  // behind the closing quote; nullptr: not a valid string
  bool escaped = false;        // holds escapes: Unescape gives its text
};

// `p` behind the opening quote.
inline StringToken SkipString(const char* p, const char* end, Grammar grammar = Grammar::kJson) {
  const char* const begin = p;
  bool non_ascii = false;
  bool escaped = false;
  for (;;) {
    p = FindStringSpecial(p, end, non_ascii);
    if (p == end) return {};
    if (*p == '"') break;
    if (*p != '\\') return {};
    escaped = true;
    p = SkipEscape(p, end);
    if (p == nullptr) return {};
  }
  if (non_ascii && grammar == Grammar::kJson && !ValidUtf8(begin, p)) return {};
  return {p + 1, escaped};
}

struct Name {
  const char* value = nullptr;  // behind the colon; nullptr: not valid JSON
  std::string_view raw;         // between the quotes
  bool escaped = false;
};

// `p` at the quote of a member's name.
inline Name ReadName(const char* p, const char* end, Grammar grammar = Grammar::kJson) {
  if (p >= end || *p != '"') return {};
  const char* const text = p + 1;
  const StringToken token = SkipString(text, end, grammar);
  if (token.next == nullptr) return {};
  p = SkipWhitespace(token.next, end);
  if (p >= end || *p != ':') return {};
  return {p + 1, {text, static_cast<size_t>(token.next - text) - 1}, token.escaped};
}

// `p` at '-' or a digit: behind the number.
const char* SkipNumber(const char* p, const char* end);

// `p` at 't', 'f' or 'n' (any other byte is answered too): behind true, false or null.
const char* SkipLiteral(const char* p, const char* end);

// Behind NaN, Infinity or -Infinity, if one stands at `p`.
const char* SkipNonNumber(const char* p, const char* end);

// `p` at a value's first byte or at whitespace before it: behind the value, whatever its depth.
const char* SkipValue(const char* p, const char* end, Grammar grammar = Grammar::kJson);

// The same of a value that is no JSON: behind it by its brackets and quotes, single ones too, which have to
// match. Of what has none: before the comma or bracket that ends it. nullptr: where it ends is not certain.
const char* SkipShape(const char* p, const char* end);

}  // namespace ddb::json
