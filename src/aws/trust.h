// Trust: which certificate authorities a TLS endpoint's certificate may come from: what the environment names
// (AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR), else the system's. All that is named is trusted: images of
// platforms set one of the variables, and a user, who can change no image, another. (AWS's SDKs look at their
// own first and then at nothing else.)
//
// Read once for all clients of a run: a system's hundreds of certificates take a tenth of a second. Made on
// any thread, then only read.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html
#pragma once

#include <memory>
#include <string>

#include "base/literal.h"
#include "base/result.h"

struct ssl_ctx_st;
struct x509_store_st;

namespace ddb {

class Trust {
 public:
  // `also`: PEM of authorities that are trusted besides.
  static std::shared_ptr<const Trust> FromEnvironment(const std::string& also = {});
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  // The context shares what was read.
  void GiveTo(ssl_ctx_st* context) const;

  // A config_error where `also` is, or AWS_CA_BUNDLE names, what holds no certificate: who sets it means it.
  Status Check() const;
  // The name of a variable that names what holds no certificate, although what it names may not be needed; ""
  // if there is none.
  Text unreadable() const { return unreadable_; }

 private:
  Trust();
  void Read();
  bool Add(const std::string& pem);  // false: it is no certificate, or not only certificates

  x509_store_st* const store_;  // null if OpenSSL could not make one: no certificate is trusted
  bool bundle_unreadable_ = false;
  bool also_unreadable_ = false;
  Text unreadable_ = "";
};

}  // namespace ddb
