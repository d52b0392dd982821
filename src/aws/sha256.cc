#include "aws/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace ddb {

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

Sha256Digest Sha256(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Sha256Digest digest;
  if (!context || EVP_DigestInit_ex2(context.get(), Algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
    std::abort();  // an OpenSSL without SHA-256, or no memory for 112 bytes: nothing can be signed
  }
  return digest;
}

}  // namespace ddb
