// Trust: which certificate authorities a TLS endpoint's certificate may come from: what the environment names
// (AWS_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR), else the system's. All that is named is trusted: images of
// platforms set one of the variables, and a user, who can change no image, another. (AWS's SDKs look at their
// own first and then at nothing else.) Any thread.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html
#pragma once

#include "base/literal.h"
#include "base/result.h"

struct ssl_ctx_st;

namespace ddb {

void LoadTrust(ssl_ctx_st* context);

// A config_error where AWS_CA_BUNDLE names what holds no certificate: who sets it means it.
Status CheckTrust();
// The name of a variable that names what holds no certificate, although what it names may not be needed; ""
// if there is none.
Text UnreadableTrust();

}  // namespace ddb
