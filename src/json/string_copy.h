// string_copy: the encoder's innermost loop: copies a JSON string's inside while it looks for the byte that
// ends the run: a quote, a backslash or a control character. Kernels for SSE2 (inline for the first 32 bytes,
// which is most strings), AVX2 (long runs, chosen at run time) and a portable twin; tests compare them.
//
// A kernel reads and writes up to kStringSlack bytes past the run. Any thread.
#pragma once

#include <bit>
#include <cstddef>

#include "json/padding.h"
#include "json/special_bytes.h"

namespace ddb::json {

inline constexpr size_t kStringSlack = 32;
static_assert(kStringSlack <= kPadding);

// The long kernels copy from `p` up to the first special byte, or stop at or behind `end`. Returned is
// (bytes copied) << 1 | (a byte over 0x7F was seen, perhaps just behind the run).
using CopyRun = size_t(const char* p, const char* end, char* out);
CopyRun CopyRunPortable;
#if defined(__SSE2__)
CopyRun CopyRunSse2;
CopyRun CopyRunAvx2;  // only where HasAvx2()
bool HasAvx2();
#endif

// Eight bytes at a time, in plain C++.
struct PortableKernel {
  bool non_ascii = false;

  // Advances `p` and `out` to the special byte, or to `end` or behind it.
  [[gnu::always_inline]] void Copy(const char*& p, const char* end, char*& out) {
    const size_t run = CopyRunPortable(p, end, out);
    non_ascii |= (run & 1) != 0;
    p += run >> 1;
    out += run >> 1;
  }
  bool saw_non_ascii() const { return non_ascii; }
};

#if defined(__SSE2__)
template <CopyRun* kLongRun>
struct VectorKernel {
  __m128i seen = _mm_setzero_si128();
  size_t seen_long = 0;

  [[gnu::always_inline]] void Copy(const char*& p, const char* end, char*& out) {
    for (int block = 0; block < 2; ++block) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
      seen = _mm_or_si128(seen, bytes);
      const unsigned special = SpecialBytes(bytes);
      if (special != 0) {
        const int run = std::countr_zero(special);
        p += run;
        out += run;
        return;
      }
      p += 16;
      out += 16;
      if (p >= end) return;
    }
    const size_t run = kLongRun(p, end, out);
    seen_long |= run;
    p += run >> 1;
    out += run >> 1;
  }
  bool saw_non_ascii() const { return _mm_movemask_epi8(seen) != 0 || (seen_long & 1) != 0; }
};
using Sse2Kernel = VectorKernel<CopyRunSse2>;
using Avx2Kernel = VectorKernel<CopyRunAvx2>;
#endif

}  // namespace ddb::json
