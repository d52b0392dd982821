#include "json/utf8.h"

#include <cstring>

#include "json/special_bytes.h"

#if defined(__SSSE3__)
#include <tmmintrin.h>
#endif

namespace ddb::json {
namespace {

#if defined(__SSSE3__)
// What is wrong with a pair of neighbouring bytes, as bits; a pair is wrong when the three tables agree on a
// bit. After J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte",
// https://arxiv.org/abs/2010.03090 .
constexpr char kTooShort = 1 << 0;   // lead byte without continuation
constexpr char kTooLong = 1 << 1;    // continuation behind ASCII
constexpr char kOverlong3 = 1 << 2;  // E0 80..9F
constexpr char kTooLarge = 1 << 3;   // F4 90.., F5..
constexpr char kSurrogate = 1 << 4;  // ED A0..BF
constexpr char kOverlong2 = 1 << 5;  // C0, C1
constexpr char kOverlong4 = 1 << 6;  // F0 80..8F; also F5.. with 80..8F
constexpr char kTwoConts = -0x80;    // two continuations: right only as byte 3 or 4, see MustContinue
constexpr char kAnyLow = kTooShort | kTooLong | kTwoConts;
constexpr char kPastF4 = kAnyLow | kTooLarge | kOverlong4;
constexpr char kContinuation = kTooLong | kOverlong2 | kTwoConts;

struct Utf8Check {
  __m128i previous = _mm_setzero_si128();
  __m128i error = _mm_setzero_si128();

  void Next(__m128i bytes) {
    if (_mm_movemask_epi8(_mm_or_si128(bytes, previous)) == 0) return;  // ASCII goes on
    const __m128i first_high =
        _mm_setr_epi8(kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong,
                      kTwoConts, kTwoConts, kTwoConts, kTwoConts, kTooShort | kOverlong2, kTooShort,
                      kTooShort | kOverlong3 | kSurrogate, kTooShort | kTooLarge | kOverlong4);
    const __m128i first_low =
        _mm_setr_epi8(kAnyLow | kOverlong2 | kOverlong3 | kOverlong4, kAnyLow | kOverlong2, kAnyLow, kAnyLow,
                      kAnyLow | kTooLarge, kPastF4, kPastF4, kPastF4, kPastF4, kPastF4, kPastF4, kPastF4,
                      kPastF4, kPastF4 | kSurrogate, kPastF4, kPastF4);
    const __m128i second_high =
        _mm_setr_epi8(kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort,
                      kContinuation | kOverlong3 | kOverlong4, kContinuation | kOverlong3 | kTooLarge,
                      kContinuation | kSurrogate | kTooLarge, kContinuation | kSurrogate | kTooLarge,
                      kTooShort, kTooShort, kTooShort, kTooShort);
    const __m128i nibble = _mm_set1_epi8(0x0F);
    const __m128i before1 = _mm_alignr_epi8(bytes, previous, 15);
    const __m128i before2 = _mm_alignr_epi8(bytes, previous, 14);
    const __m128i before3 = _mm_alignr_epi8(bytes, previous, 13);
    const __m128i pair_error = _mm_and_si128(
        _mm_and_si128(_mm_shuffle_epi8(first_high, _mm_and_si128(_mm_srli_epi16(before1, 4), nibble)),
                      _mm_shuffle_epi8(first_low, _mm_and_si128(before1, nibble))),
        _mm_shuffle_epi8(second_high, _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble)));
    // The high bit where a byte must be the third or fourth of its character.
    const __m128i must_continue =
        _mm_and_si128(_mm_or_si128(_mm_subs_epu8(before2, _mm_set1_epi8(0xE0 - 0x80)),
                                   _mm_subs_epu8(before3, _mm_set1_epi8(0xF0 - 0x80))),
                      _mm_set1_epi8(-0x80));
    error = _mm_or_si128(error, _mm_xor_si128(must_continue, pair_error));
    previous = bytes;
  }
};
#endif

// The character at `p`, of [p, end). What is no character has the bytes that one U+FFFD stands for.
struct Character {
  size_t length;
  bool valid;
};
// The well-formed byte sequences of https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf table 3-7.
Character ReadCharacter(const char* p, const char* end) {
  const auto lead = static_cast<unsigned char>(*p);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < length; ++i) {
    if (p + i == end) return {i, false};
    const auto next = static_cast<unsigned char>(p[i]);
    if (next < low || next > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

}  // namespace

namespace portable {

bool ValidUtf8(const char* p, const char* end) { return FindInvalidUtf8(p, end).at == end; }

}  // namespace portable

bool ValidUtf8(const char* p, const char* end) {
#if defined(__SSSE3__)
  if (end - p < 16) return portable::ValidUtf8(p, end);
  Utf8Check check;
  for (; end - p >= 16; p += 16) check.Next(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  char last[16] = {};  // zeros behind the end tell a character that was cut off
  std::memcpy(last, p, static_cast<size_t>(end - p));
  check.Next(_mm_loadu_si128(reinterpret_cast<const __m128i*>(last)));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(check.error, _mm_setzero_si128())) == 0xFFFF;
#else
  return portable::ValidUtf8(p, end);
#endif
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

InvalidUtf8 FindInvalidUtf8(const char* p, const char* end) {
  while (p < end) {
    if (end - p >= 8 && (LoadWord(p) & kHighBits) == 0) {
      p += 8;
      continue;
    }
    const Character character = ReadCharacter(p, end);
    if (!character.valid) return {p, character.length};
    p += character.length;
  }
  return {end, 0};
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string clean;
  const char* p = text.data();
  const char* const end = p + text.size();
  for (;;) {
    const InvalidUtf8 invalid = FindInvalidUtf8(p, end);
    clean.append(p, invalid.at);
    if (invalid.at == end) return clean;
    clean.append(kReplacement);
    p = invalid.at + invalid.length;
  }
}

}  // namespace ddb::json
