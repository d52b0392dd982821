// special_bytes: which bytes end a plain run inside a JSON string: a quote, a backslash, a control character.
// Eight bytes at a time in plain C++, sixteen with SSE2 (AVX2's thirty-two are in string_copy, which alone
// has a use for them). Pure; any thread.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ddb::json {

constexpr bool IsSpecial(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

inline constexpr uint64_t kLowBits = 0x0101010101010101;   // of the eight bytes of a word
inline constexpr uint64_t kHighBits = 0x8080808080808080;  // set in the bytes over 0x7F

inline uint64_t LoadWord(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Has the word a special byte? A byte over 0x7F behind one may be taken for another, so this says whether,
// not where.
constexpr bool HasSpecialByte(uint64_t word) {
  const uint64_t quote = word ^ kLowBits * '"';
  const uint64_t backslash = word ^ kLowBits * '\\';
  const uint64_t special = ((word - kLowBits * 0x20) & ~word) | ((quote - kLowBits) & ~quote) |
                           ((backslash - kLowBits) & ~backslash);
  return (special & kHighBits) != 0;
}

#if defined(__SSE2__)
// A bit for each byte.
[[gnu::always_inline]] inline unsigned SpecialBytes(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))));
}
#endif

}  // namespace ddb::json
