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
// Longer plain notations are written with an exponent, so that no text is much longer than its number.
inline constexpr int kMaxPlainDigits = 40;

// The four forms that a number's text can take: value = 0.DDD x 10^exponent, with so many D (the last is no
// 0).
enum class NumberForm : uint8_t { kWhole, kPoint, kFraction, kExponent };
constexpr NumberForm FormOf(int count, int exponent) {
  if (exponent >= count && exponent <= kMaxPlainDigits) return NumberForm::kWhole;         // DDD000
  if (exponent > 0 && exponent < count) return NumberForm::kPoint;                         // DD.D
  if (exponent <= 0 && count - exponent <= kMaxPlainDigits) return NumberForm::kFraction;  // 0.00DDD
  return NumberForm::kExponent;                                                            // D.DDE+9
}

enum class NumberFit : uint8_t { kFits, kPrecision, kRange, kInvalid };

// How long NormalizeNumber's text is, and how long the shortest text that stands for it, without signs:
// DDDe9, or as it is written.
constexpr size_t WrittenLength(int count, int exponent);
constexpr size_t ShortestLength(int count, int exponent);

struct Number {
  const char* next = nullptr;  // behind the number; set unless kInvalid
  NumberFit fit = NumberFit::kInvalid;
  uint8_t length = 0;  // bytes written; with kFits only
  SizeBounds size;
};

// `p` at '-' or a digit. Any exponent, of any length. Writes at most kMaxCanonicalNumber bytes to `out`.
Number NormalizeNumber(const char* p, const char* end, char* out);

// The same of its whole part: 1.7e1 is 17, -0.5 is 0. `cut`: there was a fraction.
Number NormalizeWholePart(const char* p, const char* end, char* out, bool& cut);

// ---- implementation

namespace number_internal {
constexpr size_t Digits(int n) {
  size_t digits = 1;
  for (n = n < 0 ? -n : n; n >= 10; n /= 10) ++digits;
  return digits;
}
}  // namespace number_internal

constexpr size_t WrittenLength(int count, int exponent) {
  switch (FormOf(count, exponent)) {
    case NumberForm::kWhole:
      return static_cast<size_t>(exponent);
    case NumberForm::kPoint:
      return static_cast<size_t>(count) + 1;
    case NumberForm::kFraction:
      return static_cast<size_t>(count) + 2 + static_cast<size_t>(-exponent);
    case NumberForm::kExponent:
      break;
  }
  const size_t mantissa = static_cast<size_t>(count) + (count > 1 ? 1 : 0);
  return mantissa + 2 + number_internal::Digits(exponent - 1);  // E+9 or E-9
}

constexpr size_t ShortestLength(int count, int exponent) {
  const int power = exponent - count;
  const size_t with_power =
      static_cast<size_t>(count) + (power < 0 ? 2u : 1u) + number_internal::Digits(power);
  return with_power < WrittenLength(count, exponent) ? with_power : WrittenLength(count, exponent);
}

}  // namespace ddb
