#include "aws/trust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

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

// A file of certificates (PEM), or a folder of them under the names of their hashes.
bool Load(SSL_CTX* context, const char* path) {
  if (IsFolder(path)) return SSL_CTX_load_verify_dir(context, path) == 1;
  return SSL_CTX_load_verify_file(context, path) == 1;
}

bool HoldsCertificates(const char* path) {
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const bool loaded = context != nullptr && Load(context.get(), path);
  ERR_clear_error();
  return loaded && (!IsFolder(path) || access(path, R_OK | X_OK) == 0);
}

// A distribution other than the one that this was built on keeps its roots elsewhere.
void LoadSystemRoots(SSL_CTX* context) {
  const bool looked_there = std::getenv(X509_get_default_cert_file_env()) == nullptr;
  if (looked_there && access(X509_get_default_cert_file(), R_OK) == 0) return;
  for (const char* bundle : {
           X509_get_default_cert_file(),
           "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine
           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL, Amazon Linux
           "/etc/pki/tls/certs/ca-bundle.crt",                   // older RHEL
           "/etc/ssl/ca-bundle.pem",                             // SUSE
           "/etc/ssl/cert.pem",                                  // Alpine, BSD
       }) {
    if (access(bundle, R_OK) != 0) continue;
    SSL_CTX_load_verify_file(context, bundle);
    return;
  }
}

}  // namespace

void LoadTrust(SSL_CTX* context) {
  const char* bundle = Named(kAwsBundle);
  if (bundle != nullptr) Load(context, bundle);
  const bool by_openssl =
      Named(X509_get_default_cert_file_env()) != nullptr || Named(X509_get_default_cert_dir_env()) != nullptr;
  // OpenSSL's own: these variables, and for the one that is not there the place that was compiled in.
  if (by_openssl || bundle == nullptr) SSL_CTX_set_default_verify_paths(context);
  if (!by_openssl && bundle == nullptr) LoadSystemRoots(context);
  ERR_clear_error();
}

Status CheckTrust() {
  const char* bundle = Named(kAwsBundle);
  if (bundle == nullptr || HoldsCertificates(bundle)) return Ok();
  return ConfigError(
      "TLS: no certificate can be read from what AWS_CA_BUNDLE names. Let it name a readable file with the "
      "certificates of the trusted authorities (PEM), or leave it out.",
      "AWS_CA_BUNDLE holds no certificate");
}

Text UnreadableTrust() {
  const char* file = Named(X509_get_default_cert_file_env());
  if (file != nullptr && !HoldsCertificates(file)) return "SSL_CERT_FILE";
  return "";
}

}  // namespace ddb
