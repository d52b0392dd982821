// Certificates made at test time: an authority and server certificates of every kind that must be refused.
// Tests only.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace ddb::testkit {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

struct Identity {
  Key key;
  Certificate certificate;
};

// Valid from `begin` to `end`, in seconds from now. Without an issuer: an authority, signed by itself.
// `between`: an authority in spite of its issuer.
inline Identity MakeIdentity(const Identity* issuer, const std::string& alternative_names, long begin = -3600,
                             long end = 3600, bool between = false) {
  Identity made{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  X509* const cert = made.certificate.get();
  static long serial = 0;
  X509_set_version(cert, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(cert), begin);
  X509_gmtime_adj(X509_getm_notAfter(cert), end);
  X509_set_pubkey(cert, made.key.get());
  const std::string name = (issuer ? "server " : "authority ") + std::to_string(serial);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* const signer = issuer ? issuer->certificate.get() : cert;
  X509_set_issuer_name(cert, X509_get_subject_name(signer));
  X509V3_CTX context;
  X509V3_set_ctx(&context, signer, cert, nullptr, nullptr, 0);
  const auto extend = [&](int nid, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, issuer && !between ? "CA:FALSE" : "critical,CA:TRUE");
  if (issuer) extend(NID_subject_alt_name, alternative_names);
  X509_sign(cert, issuer ? issuer->key.get() : made.key.get(), EVP_sha256());
  return made;
}

// Makes an authority the one that the system trusts, for the lifetime of this.
class Trusted {
 public:
  explicit Trusted(const Identity& authority) {
    const int fd = mkstemp(path_);
    std::FILE* const file = fdopen(fd, "w");
    PEM_write_X509(file, authority.certificate.get());
    std::fclose(file);
    setenv("SSL_CERT_FILE", path_, 1);
  }
  ~Trusted() {
    unsetenv("SSL_CERT_FILE");
    unlink(path_);
  }
  Trusted(const Trusted&) = delete;
  Trusted& operator=(const Trusted&) = delete;

 private:
  char path_[32] = "/tmp/trusted-XXXXXX";
};

}  // namespace ddb::testkit
