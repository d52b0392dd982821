#include "items/hash_digits.h"

#include <openssl/sha.h>

#include "base/text.h"

namespace ddb {

static_assert(kMaxHashDigits == 2 * SHA256_DIGEST_LENGTH);

std::string HashDigits(std::string_view text, size_t digits) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hex;
  AppendHex(digest, hex);
  hex.resize(digits);
  return hex;
}

}  // namespace ddb
