// number: a JSON number's text -> the one text that this program writes for its value, never through a
// double: no leading or trailing zeros, -0 is 0, plain notation up to 40 digits, else d.dddE+-n. Two texts
// are equal exactly when the numbers are. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "items/item_size.h"

namespace ddb {

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
inline constexpr int kMaxNumberDigits = 38;        // significant: leading and trailing zeros do not count
inline constexpr int kMaxNumberExponent = 126;     // as 0.DDD x 10^e: 9.99..E+125
inline constexpr int kMinNumberExponent = -129;    // 1E-130
inline constexpr size_t kMaxCanonicalNumber = 48;  // bytes that NormalizeNumber may write

enum class NumberFit : uint8_t { kFits, kPrecision, kRange, kInvalid };

struct Number {
  const char* next = nullptr;  // behind the number; set unless kInvalid
  NumberFit fit = NumberFit::kInvalid;
  uint8_t length = 0;  // bytes written; with kFits only
  SizeBounds size;
};

// `p` at '-' or a digit. Any exponent, of any length. Writes at most kMaxCanonicalNumber bytes to `out`.
Number NormalizeNumber(const char* p, const char* end, char* out);

}  // namespace ddb
