#include "aws/client_certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace ddb {
namespace {

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;

Bio Open(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

// In place of OpenSSL's own, which would ask on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

Error Bad(const char* what) {
  return ConfigError(std::string("TLS: client_certificate ") + what +
                         ". Give the PEM text of the certificate and, behind it, of its private key without "
                         "a password, with the "
                         "lines -----BEGIN ...----- and -----END ...----- of each, or leave it empty.",
                     "client_certificate cannot be used");
}

}  // namespace

Result<std::shared_ptr<const ClientCertificate>> ClientCertificate::Parse(const std::string& pem) {
  const std::shared_ptr<ClientCertificate> made(new ClientCertificate());
  const Bio certificates = Open(pem), keys = Open(pem);
  while (certificates != nullptr) {
    X509* const one = PEM_read_bio_X509(certificates.get(), nullptr, NoPassword, nullptr);
    if (one == nullptr) break;
    made->certificates_.push_back(one);
  }
  if (keys != nullptr) made->key_ = PEM_read_bio_PrivateKey(keys.get(), nullptr, NoPassword, nullptr);
  const bool fit = !made->certificates_.empty() && made->key_ != nullptr &&
                   X509_check_private_key(made->certificates_[0], made->key_) == 1;
  ERR_clear_error();
  if (made->certificates_.empty()) return Bad("holds no certificate that can be read");
  if (made->key_ == nullptr) {
    return Bad(pem.find("ENCRYPTED") != std::string::npos ? "holds a private key that has a password"
                                                          : "holds no private key that can be read");
  }
  if (!fit) return Bad("holds a private key that is not the one of its first certificate");
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> trial(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (trial == nullptr || !made->GiveTo(trial.get()))
    return Bad("is not taken by TLS (is its key too short?)");
  return std::shared_ptr<const ClientCertificate>(made);
}

ClientCertificate::~ClientCertificate() {
  for (X509* const one : certificates_) X509_free(one);
  EVP_PKEY_free(key_);
}

bool ClientCertificate::GiveTo(SSL_CTX* context) const {
  bool given =
      SSL_CTX_use_certificate(context, certificates_[0]) == 1 && SSL_CTX_use_PrivateKey(context, key_) == 1;
  for (size_t i = 1; given && i < certificates_.size(); ++i)
    given = SSL_CTX_add1_chain_cert(context, certificates_[i]) == 1;
  ERR_clear_error();
  return given;
}

}  // namespace ddb
