// SHA-256 of bytes that lie in one run: request bodies and what the signer derives from them. Pure; any
// thread.
//
// On x86 with the SHA extensions the kernel is ours, because one hash alone keeps only half of the unit busy:
// two interleaved take little more time than one (docs/decisions/0008-two-way-sha.md). Elsewhere it is
// OpenSSL's.
#pragma once

#include <array>
#include <string_view>

namespace ddb {

using Sha256Digest = std::array<unsigned char, 32>;

Sha256Digest Sha256(std::string_view bytes);
// The same as two calls; with runs of similar length up to twice as fast.
std::array<Sha256Digest, 2> Sha256Pair(std::string_view first, std::string_view second);

}  // namespace ddb
