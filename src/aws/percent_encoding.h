// percent_encoding: a part of a URL or of a form as SigV4 and the services want it: %XX for each byte but
// letters, digits and "-._~". Pure; any thread.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <string>
#include <string_view>

#include "base/text.h"

namespace ddb {

inline void AppendPercentEncoded(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (IsAlnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    (out += '%') += ToUpper(kHexDigits[byte >> 4]);
    out += ToUpper(kHexDigits[byte & 15]);
  }
}

}  // namespace ddb
