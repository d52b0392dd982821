// The kernels behind sha256.h, for it to choose from and for tests to compare. Pure; any thread.
#pragma once

#include <array>
#include <string_view>

#include "aws/sha256.h"

namespace ddb::sha256 {

Sha256Digest ByOpenSsl(std::string_view bytes);

// Whether this CPU can run the functions below.
bool HasShaExtensions();
Sha256Digest ByShaExtensions(std::string_view bytes);
std::array<Sha256Digest, 2> PairByShaExtensions(std::string_view first, std::string_view second);

}  // namespace ddb::sha256
