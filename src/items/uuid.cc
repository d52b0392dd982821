#include "items/uuid.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <cstring>

#include "base/entropy.h"
#include "base/text.h"

#if defined(__SSSE3__)
#include <tmmintrin.h>
#endif

namespace ddb {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr size_t kSeedBytes = 2 * kKeyBytes;  // key and first counter

// Without random ids items would overwrite each other: nothing can go on.
void Require(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

struct UuidSource::Cipher {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();

  Cipher() {
    unsigned char seed[kSeedBytes];
    FillWithEntropy(seed, sizeof seed);
    Require(context != nullptr &&
            EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nullptr, seed, seed + kKeyBytes) == 1);
  }
  ~Cipher() { EVP_CIPHER_CTX_free(context); }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;
};

UuidSource::UuidSource() : cipher_(std::make_unique<Cipher>()) {}
UuidSource::~UuidSource() = default;

void UuidSource::Refill() {
  std::memset(block_, 0, kBlock);
  int written = 0;
  Require(EVP_EncryptUpdate(cipher_->context, block_, &written, block_, kBlock) == 1 && written == kBlock);
  // The block's first bytes are the next key, so that ids already given cannot be computed from this state.
  Require(EVP_EncryptInit_ex(cipher_->context, nullptr, nullptr, block_, block_ + kKeyBytes) == 1);
  std::memset(block_, 0, kSeedBytes);
  next_ = kSeedBytes;
}

const unsigned char* UuidSource::Take() {
  if (next_ == kBlock) Refill();
  const unsigned char* const bytes = block_ + next_;
  next_ += kUuidBytes;
  return bytes;
}

void UuidSource::Write(char* out) {
  alignas(16) unsigned char bytes[kUuidBytes];
  std::memcpy(bytes, Take(), sizeof bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);  // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);  // variant 10
  FormatUuid(bytes, out);
}

uint64_t UuidSource::Random64() {
  uint64_t word;
  std::memcpy(&word, Take(), sizeof word);
  return word;
}

void FormatUuidPortable(const unsigned char* bytes, char* out) {
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = kHexDigits[bytes[i] >> 4];
    *out++ = kHexDigits[bytes[i] & 15];
  }
}

#if defined(__SSSE3__)
void FormatUuid(const unsigned char* bytes, char* out) {
  const __m128i hex = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kHexDigits));
  const __m128i nibble = _mm_set1_epi8(15);
  const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i high = _mm_shuffle_epi8(hex, _mm_and_si128(_mm_srli_epi16(all, 4), nibble));
  const __m128i low = _mm_shuffle_epi8(hex, _mm_and_si128(all, nibble));
  const __m128i first = _mm_unpacklo_epi8(high, low);   // digits 0-15
  const __m128i second = _mm_unpackhi_epi8(high, low);  // digits 16-31
  // -1 gives a zero byte, where a hyphen or the other half's digit goes.
  const __m128i a =
      _mm_shuffle_epi8(first, _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, -1, 8, 9, 10, 11, -1, 12, 13));
  const __m128i b1 =
      _mm_shuffle_epi8(first, _mm_setr_epi8(14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
  const __m128i b2 =
      _mm_shuffle_epi8(second, _mm_setr_epi8(-1, -1, -1, 0, 1, 2, 3, -1, 4, 5, 6, 7, 8, 9, 10, 11));
  const __m128i hyphens_a = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, '-', 0, 0, 0, 0, '-', 0, 0);
  const __m128i hyphens_b = _mm_setr_epi8(0, 0, '-', 0, 0, 0, 0, '-', 0, 0, 0, 0, 0, 0, 0, 0);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_or_si128(a, hyphens_a));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), _mm_or_si128(_mm_or_si128(b1, b2), hyphens_b));
  const auto last = static_cast<uint32_t>(_mm_cvtsi128_si32(_mm_srli_si128(second, 12)));
  std::memcpy(out + 32, &last, sizeof last);
}
#else
void FormatUuid(const unsigned char* bytes, char* out) { FormatUuidPortable(bytes, out); }
#endif

}  // namespace ddb
