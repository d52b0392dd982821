// HashDigits: what keeps two long or unusable names apart: the first hexadecimal digits of their SHA-256.
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ddb {

inline constexpr size_t kMaxHashDigits = 64;
inline constexpr size_t kHashDigits = 8;  // as a rule

// `digits`: at most kMaxHashDigits.
std::string HashDigits(std::string_view text, size_t digits);

}  // namespace ddb
