// ClientCertificate: what this program shows to an endpoint that asks who connects (mutual TLS): a
// certificate with those of the authorities between, and its key. Read once for all clients of a run, then
// only read; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct evp_pkey_st;
struct ssl_ctx_st;
struct x509_st;

namespace ddb {

class ClientCertificate {
 public:
  // PEM of both, in any order; the first certificate is the program's own. A config_error where one is
  // missing, where they do not belong together, and where the key has a password, for which nobody can be
  // asked.
  static Result<std::shared_ptr<const ClientCertificate>> Parse(const std::string& pem);
  ~ClientCertificate();
  ClientCertificate(const ClientCertificate&) = delete;
  ClientCertificate& operator=(const ClientCertificate&) = delete;

  // False: this OpenSSL does not take it (a key that is too short, say).
  bool GiveTo(ssl_ctx_st* context) const;

 private:
  ClientCertificate() = default;

  std::vector<x509_st*> certificates_;
  evp_pkey_st* key_ = nullptr;
};

}  // namespace ddb
