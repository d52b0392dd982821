#include "aws/trust.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

namespace ddb {
namespace {

constexpr const char* kAwsBundle = "AWS_CA_BUNDLE";

// Null where the variable is not there, or empty, which AWS's SDKs take for the same.
const char* Named(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

bool IsFolder(const char* path) {
  struct stat status{};
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

// OpenSSL looks into a folder when it looks for an authority, by the hash of its name: "0a1b2c3d.0".
bool HoldsHashes(const char* folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.size() > 9 && name[8] == '.' &&
        std::all_of(name.begin(), name.begin() + 8, [](unsigned char c) { return std::isxdigit(c) != 0; })) {
      return true;
    }
  }
  return false;
}

// A file of certificates (PEM), or a folder of them under the names of their hashes. False: it holds none.
bool Load(X509_STORE* store, const char* path) {
  if (IsFolder(path)) return HoldsHashes(path) && X509_STORE_load_path(store, path) == 1;
  return X509_STORE_load_file(store, path) == 1;
}

// A distribution other than the one that this was built on keeps its roots elsewhere.
void LoadSystemFile(X509_STORE* store) {
  for (const char* bundle : {
           X509_get_default_cert_file(),
           "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine
           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL, Amazon Linux
           "/etc/pki/tls/certs/ca-bundle.crt",                   // older RHEL
           "/etc/ssl/ca-bundle.pem",                             // SUSE
           "/etc/ssl/cert.pem",                                  // Alpine, BSD
       }) {
    if (access(bundle, R_OK) != 0) continue;
    X509_STORE_load_file(store, bundle);
    return;
  }
}

}  // namespace

std::shared_ptr<const Trust> Trust::FromEnvironment(const std::string& also) {
  const std::shared_ptr<Trust> trust(new Trust());
  if (trust->store_ != nullptr) trust->Read();
  if (!also.empty()) trust->also_unreadable_ = trust->store_ == nullptr || !trust->Add(also);
  ERR_clear_error();
  return trust;
}

Trust::Trust() : store_(X509_STORE_new()) {}

Trust::~Trust() { X509_STORE_free(store_); }

void Trust::Read() {
  const char* bundle = Named(kAwsBundle);
  const char* file = Named(X509_get_default_cert_file_env());
  const char* folder = Named(X509_get_default_cert_dir_env());
  if (bundle != nullptr) bundle_unreadable_ = !Load(store_, bundle);
  if (bundle != nullptr && file == nullptr && folder == nullptr) return;

  // As OpenSSL does: what is named, and of file and folder the one that is not named at its usual place.
  if (file != nullptr) {
    if (!Load(store_, file)) unreadable_ = "SSL_CERT_FILE";
  } else if (folder != nullptr) {
    X509_STORE_load_file(store_, X509_get_default_cert_file());
  } else {
    LoadSystemFile(store_);
  }
  X509_STORE_load_path(store_,
                       folder != nullptr ? folder : X509_get_default_cert_dir());  // or several: "a:b"
}

bool Trust::Add(const std::string& pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                BIO_free);
  int found = 0;
  while (bio != nullptr) {
    const std::unique_ptr<X509, void (*)(X509*)> one(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                     X509_free);
    if (one == nullptr) break;
    if (X509_STORE_add_cert(store_, one.get()) != 1) return false;
    ++found;
  }
  return found > 0;
}

void Trust::GiveTo(SSL_CTX* context) const {
  if (store_ != nullptr) SSL_CTX_set1_cert_store(context, store_);
}

Status Trust::Check() const {
  if (also_unreadable_) {
    return ConfigError(
        "TLS: ca_certificate holds no certificate that can be read. Give the whole PEM text, with its lines "
        "from "
        "-----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, or leave it empty.",
        "ca_certificate holds no certificate");
  }
  if (!bundle_unreadable_) return Ok();
  return ConfigError(
      "TLS: no certificate can be read from what AWS_CA_BUNDLE names. Let it name a readable file with the "
      "certificates of the trusted authorities (PEM), or a folder with such files under their hashes (as "
      "\"openssl rehash\" names them), or leave it out.",
      "AWS_CA_BUNDLE holds no certificate");
}

}  // namespace ddb
