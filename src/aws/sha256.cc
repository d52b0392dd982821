#include "aws/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "aws/sha256_kernels.h"

namespace ddb {

namespace sha256 {

namespace {

// Fetched once: an implicit fetch costs more than the hash of a short text.
const EVP_MD* Algorithm() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

Sha256Digest ByOpenSsl(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Sha256Digest digest;
  if (!context || EVP_DigestInit_ex2(context.get(), Algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
    std::abort();  // an OpenSSL without SHA-256, or no memory for 112 bytes: nothing can be signed
  }
  return digest;
}

}  // namespace sha256

Sha256Digest Sha256(std::string_view bytes) {
  static const bool extensions = sha256::HasShaExtensions();
  return extensions ? sha256::ByShaExtensions(bytes) : sha256::ByOpenSsl(bytes);
}

std::array<Sha256Digest, 2> Sha256Pair(std::string_view first, std::string_view second) {
  static const bool extensions = sha256::HasShaExtensions();
  if (extensions) return sha256::PairByShaExtensions(first, second);
  return {sha256::ByOpenSsl(first), sha256::ByOpenSsl(second)};
}

}  // namespace ddb
