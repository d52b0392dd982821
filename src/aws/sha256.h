// SHA-256 of bytes that lie in one run: request bodies and what the signer derives from them. Pure; any
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ddb {

using Sha256Digest = std::array<unsigned char, 32>;

Sha256Digest Sha256(std::string_view bytes);

}  // namespace ddb
