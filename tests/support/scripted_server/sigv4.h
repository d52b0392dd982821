// Checks AWS Signature Version 4 of a request the way the service does: everything is recomputed from the
// bytes that arrived.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scripted_server/http.h"

namespace scripted {

struct Credential {
  std::string access_key;
  std::string secret;
  std::string token;  // "": long-term keys, which have none
  bool expired = false;
  double expires_after_s = -1;      // since the server's start; < 0: never
  std::vector<std::string> denied;  // operations that its policy does not allow, "Name" or "Name:table"
};

// What the service answers; an empty `error` is a good signature.
struct SignatureVerdict {
  std::string error;  // UnrecognizedClientException, InvalidSignatureException, ...
  std::string message;
  const Credential* credential = nullptr;
  std::vector<std::string> violations;  // accepted, yet not as a careful client does it
};

SignatureVerdict CheckSignature(const HttpRequest& request, const std::vector<Credential>& credentials,
                                std::string_view region, int64_t now_unix_s, double server_age_s);

std::string Hex(std::string_view bytes);
std::string Sha256(std::string_view bytes);
std::string HmacSha256(std::string_view key, std::string_view bytes);

}  // namespace scripted
