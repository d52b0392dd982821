// SHA-256 by the x86 SHA extensions, one message or two interleaved. Encoded as SSE: code with wide registers
// that runs before it must leave their upper halves clean.
// https://www.intel.com/content/www/us/en/developer/articles/technical/intel-sha-extensions.html
#include "aws/sha256_kernels.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace ddb::sha256 {

namespace {

#define DDB_SHA_TARGET __attribute__((target("sha,sse4.1")))
#define DDB_SHA_INLINE __attribute__((target("sha,sse4.1"), always_inline)) inline

constexpr size_t kBlock = 64;

// FIPS 180-4, 4.2.2 and 5.3.3.
alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
// a b e f and c d g h of the initial state, highest word first as the instructions want them.
alignas(16) constexpr uint32_t kInitialAbef[4] = {0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667};
alignas(16) constexpr uint32_t kInitialCdgh[4] = {0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372};

// One message: what is hashed so far, and the blocks that are left.
struct Lane {
  __m128i abef;
  __m128i cdgh;
  const char* next = nullptr;  // in the message, then in `tail`
  size_t blocks = 0;
  size_t tail_blocks = 0;
  char tail[2 * kBlock];  // the message's last bytes and the padding

  DDB_SHA_TARGET explicit Lane(std::string_view message)
      : abef(_mm_load_si128(reinterpret_cast<const __m128i*>(kInitialAbef))),
        cdgh(_mm_load_si128(reinterpret_cast<const __m128i*>(kInitialCdgh))),
        next(message.data()),
        blocks(message.size() / kBlock) {
    const size_t left = message.size() % kBlock;
    tail_blocks = left + 1 + sizeof(uint64_t) <= kBlock ? 1 : 2;
    if (left > 0) std::memcpy(tail, message.data() + blocks * kBlock, left);
    tail[left] = static_cast<char>(0x80);
    std::memset(tail + left + 1, 0, tail_blocks * kBlock - left - 1);
    const uint64_t bits = __builtin_bswap64(static_cast<uint64_t>(message.size()) * 8);
    std::memcpy(tail + tail_blocks * kBlock - sizeof(bits), &bits, sizeof(bits));
    Skip(0);
  }

  void Skip(size_t n) {
    next += n * kBlock;
    blocks -= n;
    if (blocks > 0 || tail_blocks == 0) return;
    next = tail;
    blocks = std::exchange(tail_blocks, 0);
  }

  DDB_SHA_TARGET Sha256Digest Digest() const {
    const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    const __m128i dcba = _mm_blend_epi16(feba, dchg, 0xf0);
    const __m128i hgfe = _mm_alignr_epi8(dchg, feba, 8);
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    Sha256Digest digest;
    auto* const out = reinterpret_cast<__m128i*>(digest.data());
    _mm_storeu_si128(out, _mm_shuffle_epi8(dcba, swap));
    _mm_storeu_si128(out + 1, _mm_shuffle_epi8(hgfe, swap));
    return digest;
  }
};

template <size_t kLanes>
struct Work {
  __m128i abef[kLanes];
  __m128i cdgh[kLanes];
  __m128i words[kLanes][4];  // 16 words of the message schedule
};

// Rounds 4 * kGroup to 4 * kGroup + 3 of all lanes, and the words that later rounds need. A lane's
// instructions wait for each other, the lanes do not.
template <size_t kGroup, size_t kLanes>
DDB_SHA_INLINE void Rounds(Work<kLanes>& w) {
  const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRound + 4 * kGroup));
  __m128i sum[kLanes];
  for (size_t i = 0; i < kLanes; ++i) {
    sum[i] = _mm_add_epi32(w.words[i][kGroup % 4], constants);
    w.cdgh[i] = _mm_sha256rnds2_epu32(w.cdgh[i], w.abef[i], sum[i]);
  }
  if constexpr (kGroup >= 3 && kGroup < 15) {
    for (size_t i = 0; i < kLanes; ++i) {
      __m128i& made = w.words[i][(kGroup + 1) % 4];
      const __m128i current = w.words[i][kGroup % 4];
      made = _mm_add_epi32(made, _mm_alignr_epi8(current, w.words[i][(kGroup + 3) % 4], 4));
      made = _mm_sha256msg2_epu32(made, current);
    }
  }
  for (size_t i = 0; i < kLanes; ++i) {
    w.abef[i] = _mm_sha256rnds2_epu32(w.abef[i], w.cdgh[i], _mm_shuffle_epi32(sum[i], 0x0e));
  }
  if constexpr (kGroup >= 1 && kGroup <= 12) {
    for (size_t i = 0; i < kLanes; ++i) {
      __m128i& before = w.words[i][(kGroup + 3) % 4];
      before = _mm_sha256msg1_epu32(before, w.words[i][kGroup % 4]);
    }
  }
}

template <size_t kLanes, size_t... kGroups>
DDB_SHA_INLINE void Block(Work<kLanes>& w, const char* const (&from)[kLanes],
                          std::index_sequence<kGroups...>) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i abef[kLanes], cdgh[kLanes];
  for (size_t i = 0; i < kLanes; ++i) {
    abef[i] = w.abef[i];
    cdgh[i] = w.cdgh[i];
    const auto* const in = reinterpret_cast<const __m128i*>(from[i]);
    for (size_t k = 0; k < 4; ++k) w.words[i][k] = _mm_shuffle_epi8(_mm_loadu_si128(in + k), swap);
  }
  (Rounds<kGroups>(w), ...);
  for (size_t i = 0; i < kLanes; ++i) {
    w.abef[i] = _mm_add_epi32(w.abef[i], abef[i]);
    w.cdgh[i] = _mm_add_epi32(w.cdgh[i], cdgh[i]);
  }
}

// The next `n` blocks of every lane.
template <typename... Lanes>
DDB_SHA_TARGET void Hash(size_t n, Lanes&... lanes) {
  constexpr size_t kLanes = sizeof...(Lanes);
  Work<kLanes> w{{lanes.abef...}, {lanes.cdgh...}, {}};
  for (size_t block = 0; block < n; ++block) {
    Block(w, {lanes.next + block * kBlock...}, std::make_index_sequence<16>());
  }
  size_t i = 0;
  ((lanes.abef = w.abef[i], lanes.cdgh = w.cdgh[i], lanes.Skip(n), ++i), ...);
}

}  // namespace

bool HasShaExtensions() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || !(ecx & bit_SSSE3) || !(ecx & bit_SSE4_1)) return false;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & bit_SHA) != 0;
}

Sha256Digest ByShaExtensions(std::string_view bytes) {
  Lane lane(bytes);
  while (lane.blocks > 0) Hash(lane.blocks, lane);
  return lane.Digest();
}

std::array<Sha256Digest, 2> PairByShaExtensions(std::string_view first, std::string_view second) {
  Lane a(first), b(second);
  while (a.blocks > 0 && b.blocks > 0) Hash(std::min(a.blocks, b.blocks), a, b);
  while (a.blocks > 0) Hash(a.blocks, a);
  while (b.blocks > 0) Hash(b.blocks, b);
  return {a.Digest(), b.Digest()};
}

}  // namespace ddb::sha256

#else

namespace ddb::sha256 {

bool HasShaExtensions() { return false; }
Sha256Digest ByShaExtensions(std::string_view bytes) { return ByOpenSsl(bytes); }
std::array<Sha256Digest, 2> PairByShaExtensions(std::string_view first, std::string_view second) {
  return {ByOpenSsl(first), ByOpenSsl(second)};
}

}  // namespace ddb::sha256

#endif
