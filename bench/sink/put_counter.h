// PutCounter: how often `"PutRequest"` stands in a body that comes in pieces. One per connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace bench {

class PutCounter {
 public:
  void Reset() { kept_ = 0; }
  // How many more there are with this piece.
  size_t Add(std::string_view piece) {
    char seam[2 * (kLength - 1)];
    const size_t front = piece.size() < kLength - 1 ? piece.size() : kLength - 1;
    std::memcpy(seam, tail_, kept_);
    std::memcpy(seam + kept_, piece.data(), front);
    const size_t found = Count({seam, kept_ + front}) + Count(piece);
    // What may be the beginning of the next one.
    const std::string_view rest = front < kLength - 1 ? std::string_view(seam, kept_ + front) : piece;
    kept_ = rest.size() < kLength - 1 ? rest.size() : kLength - 1;
    std::memcpy(tail_, rest.data() + rest.size() - kept_, kept_);
    return found;
  }

 private:
  static constexpr char kText[] = "\"PutRequest\"";
  static constexpr size_t kLength = sizeof(kText) - 1;

  static size_t Count(std::string_view text) {
    size_t found = 0, i = 0;
#ifdef __SSE2__
    // Two rare letters at their distance, then the whole.
    const __m128i p = _mm_set1_epi8(kText[1]), q = _mm_set1_epi8(kText[6]);
    for (; i + 16 + kLength <= text.size(); i += 16) {
      const auto at = [&](size_t offset) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i + offset));
      };
      auto hits = static_cast<unsigned>(
          _mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(at(1), p), _mm_cmpeq_epi8(at(6), q))));
      for (; hits != 0; hits &= hits - 1) {
        found += std::memcmp(text.data() + i + __builtin_ctz(hits), kText, kLength) == 0;
      }
    }
#endif
    for (; i + kLength <= text.size(); ++i) found += std::memcmp(text.data() + i, kText, kLength) == 0;
    return found;
  }

  char tail_[kLength - 1];
  size_t kept_ = 0;
};

}  // namespace bench
