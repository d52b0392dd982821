// scan: steps over JSON text without building anything: what the message parser and the item encoder
// share. Strict (RFC 8259), and every string is checked to be UTF-8. Pure functions; any thread; no
// recursion.
//
// All take a pointer and the end of the text; kPadding bytes behind `end` must be readable (wide loads), but
// what they hold never matters. A nullptr means: not valid JSON. On x86-64 the kernels use SSE; `portable`
// holds their twins, which other machines run and tests compare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ddb::json {

constexpr size_t kPadding = 64;

inline const char* SkipWhitespace(const char* p, const char* end) {
  if (p < end && *p > ' ') return p;  // as a rule there is none
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) ++p;
  return p;
}

namespace portable {
const char* FindStringSpecial(const char* p, const char* end, bool& non_ascii);
bool ValidUtf8(const char* p, const char* end);
}  // namespace portable

// The first quote, backslash or control character in [p, end), else `end`. `non_ascii` is set when a byte
// over 0x7F is passed (it may also be set by a byte behind `end` when the result is `end`); never cleared.
#if defined(__SSE2__)
inline const char* FindStringSpecial(const char* p, const char* end, bool& non_ascii) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  for (; p < end; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i special =
        _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const auto hits = static_cast<unsigned>(_mm_movemask_epi8(special));
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

// Needs no padding.
bool ValidUtf8(const char* p, const char* end);

// `p` at a backslash inside a string: behind the whole escape (of \u: behind four hexadecimal digits; whether
// surrogates are paired is not looked at).
const char* SkipEscape(const char* p, const char* end);

struct StringToken {
  const char* next = nullptr;  // behind the closing quote; nullptr: not a valid string
  bool escaped = false;        // holds escapes: DecodeString gives its text
};

// `p` behind the opening quote.
inline StringToken SkipString(const char* p, const char* end) {
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
  if (non_ascii && !ValidUtf8(begin, p)) return {};
  return {p + 1, escaped};
}

// The text of a string: `raw` is what stands between the quotes, already stepped over by SkipString. False
// for an escape that is half of a surrogate pair (it has no UTF-8). `out` is replaced.
bool DecodeString(std::string_view raw, std::string& out);

// `p` at '-' or a digit: behind the number.
const char* SkipNumber(const char* p, const char* end);

// `p` at 't', 'f' or 'n' (any other byte is answered too): behind true, false or null.
const char* SkipLiteral(const char* p, const char* end);

// `p` at a value's first byte or at whitespace before it: behind the value, whatever its depth.
const char* SkipValue(const char* p, const char* end);

}  // namespace ddb::json
