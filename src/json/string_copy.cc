#include "json/string_copy.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace ddb::json {
size_t CopyRunPortable(const char* p, const char* end, char* out) {
  const char* const begin = p;
  uint64_t seen = 0;
  for (; p < end; p += 8, out += 8) {
    const uint64_t word = LoadWord(p);
    std::memcpy(out, &word, sizeof word);
    seen |= word;
    if (!HasSpecialByte(word)) continue;
    while (!IsSpecial(*p)) ++p;
    break;
  }
  return static_cast<size_t>(p - begin) << 1 | static_cast<size_t>((seen & kHighBits) != 0);
}

#if defined(__SSE2__)
size_t CopyRunSse2(const char* p, const char* end, char* out) {
  const char* const begin = p;
  __m128i seen = _mm_setzero_si128();
  for (; p < end; p += 16, out += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    seen = _mm_or_si128(seen, bytes);
    const unsigned special = SpecialBytes(bytes);
    if (special == 0) continue;
    p += std::countr_zero(special);
    break;
  }
  return static_cast<size_t>(p - begin) << 1 | static_cast<size_t>(_mm_movemask_epi8(seen) != 0);
}

// The registers' upper halves are cleared on the way out: legacy SSE code that runs afterwards (OpenSSL's
// HMAC) is many times slower on Intel when they are not.
__attribute__((target("avx2"))) size_t CopyRunAvx2(const char* p, const char* end, char* out) {
  const char* const begin = p;
  const __m256i last_control = _mm256_set1_epi8(0x1F);
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i backslash = _mm256_set1_epi8('\\');
  __m256i seen = _mm256_setzero_si256();
  for (; p < end; p += 32, out += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
    seen = _mm256_or_si256(seen, bytes);
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, last_control), bytes);
    const __m256i text =
        _mm256_or_si256(_mm256_cmpeq_epi8(bytes, quote), _mm256_cmpeq_epi8(bytes, backslash));
    const auto special = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_or_si256(control, text)));
    if (special == 0) continue;
    p += __builtin_ctz(special);
    break;
  }
  const bool non_ascii = _mm256_movemask_epi8(seen) != 0;
  _mm256_zeroupper();
  return static_cast<size_t>(p - begin) << 1 | static_cast<size_t>(non_ascii);
}

bool HasAvx2() { return __builtin_cpu_supports("avx2") != 0; }
#endif

}  // namespace ddb::json
