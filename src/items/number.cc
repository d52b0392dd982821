#include "items/number.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/text.h"

namespace ddb {
namespace {

// An exponent is read no further than this; with a billion zeros around the point the sum is still exact
// where it matters.
constexpr int64_t kExponentCeiling = int64_t{1} << 50;

// The digits of a number as they are met, without leading zeros; trailing zeros are held back until a digit
// follows.
struct Digits {
  char kept[kMaxNumberDigits];
  int64_t count = 0;      // significant ones so far, also those that `kept` does not hold
  int64_t zeros = 0;      // held back
  int64_t positions = 0;  // decimal places since the first significant digit

  void Add(char c) {
    if (count == 0 && c == '0') return;
    ++positions;
    if (c == '0') {
      ++zeros;
      return;
    }
    for (; zeros > 0; --zeros) Keep('0');
    Keep(c);
  }
  void Keep(char c) {
    if (count < kMaxNumberDigits) kept[count] = c;
    ++count;
  }
};

char* Fill(char* out, char c, int n) {
  std::memset(out, c, static_cast<size_t>(n));
  return out + n;
}

char* Copy(char* out, const char* from, int n) {
  std::memcpy(out, from, static_cast<size_t>(n));
  return out + n;
}

// value = 0.DDD x 10^exponent
char* Write(const char* digits, int count, int exponent, char* out) {
  switch (FormOf(count, exponent)) {
    case NumberForm::kWhole:
      return Fill(Copy(out, digits, count), '0', exponent - count);
    case NumberForm::kPoint:
      out = Copy(out, digits, exponent);
      *out++ = '.';
      return Copy(out, digits + exponent, count - exponent);
    case NumberForm::kFraction:
      out = Fill(Copy(out, "0.", 2), '0', -exponent);
      return Copy(out, digits, count);
    case NumberForm::kExponent:
      break;
  }
  *out++ = digits[0];
  if (count > 1) {
    *out++ = '.';
    out = Copy(out, digits + 1, count - 1);
  }
  *out++ = 'E';
  if (exponent - 1 > 0) *out++ = '+';
  return std::to_chars(out, out + 8, exponent - 1).ptr;
}

// `p` behind 'e' or 'E'. Returns nullptr if no digit follows.
const char* ReadExponent(const char* p, const char* end, int64_t& exponent) {
  const bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;
  if (p >= end || !IsDigit(*p)) return nullptr;
  for (; p < end && IsDigit(*p); ++p) {
    if (exponent < kExponentCeiling) exponent = exponent * 10 + (*p - '0');
  }
  if (negative) exponent = -exponent;
  return p;
}

// A number as it was read: 0.DDD x 10^exponent.
struct Parsed {
  const char* next = nullptr;  // nullptr: it is none
  bool negative = false;
  Digits digits;
  int64_t exponent = 0;
};

Parsed Parse(const char* p, const char* end) {
  Parsed parsed;
  Digits& digits = parsed.digits;
  parsed.negative = *p == '-';
  if (parsed.negative) ++p;
  if (p >= end || !IsDigit(*p)) return parsed;
  if (*p == '0') {
    ++p;
  } else {
    for (; p < end && IsDigit(*p); ++p) digits.Add(*p);
  }
  parsed.exponent = digits.positions;
  if (p < end && *p == '.') {
    const char* const fraction = ++p;
    for (; p < end && IsDigit(*p); ++p) {
      digits.Add(*p);
      if (digits.count == 0) --parsed.exponent;
    }
    if (p == fraction) return parsed;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    int64_t shift = 0;
    p = ReadExponent(p + 1, end, shift);
    if (p == nullptr) return parsed;
    parsed.exponent += shift;
  }
  if (p < end && IsDigit(*p)) return parsed;  // a leading zero
  parsed.next = p;
  return parsed;
}

// As the one text for its value, if DynamoDB can hold it.
Number Write(const Parsed& parsed, char* out) {
  Number number{.next = parsed.next, .fit = NumberFit::kFits, .length = 1, .size = {kZeroSize, kZeroSize}};
  const int64_t exponent = parsed.exponent;
  if (parsed.digits.count == 0) {
    *out = '0';
  } else if (parsed.digits.count > kMaxNumberDigits) {
    number.fit = NumberFit::kPrecision;
  } else if (exponent < kMinNumberExponent || exponent > kMaxNumberExponent) {
    number.fit = NumberFit::kRange;
  } else {
    char* at = out;
    if (parsed.negative) *at++ = '-';
    const int count = static_cast<int>(parsed.digits.count);
    const int scale = static_cast<int>(exponent);
    number.length = static_cast<uint8_t>(Write(parsed.digits.kept, count, scale, at) - out);
    number.size = NumberSize(parsed.negative, count, scale);
  }
  return number;
}

}  // namespace

Number NormalizeNumber(const char* p, const char* end, char* out) {
  const Parsed parsed = Parse(p, end);
  return parsed.next == nullptr ? Number{} : Write(parsed, out);
}

Number NormalizeWholePart(const char* p, const char* end, char* out, bool& cut) {
  Parsed parsed = Parse(p, end);
  if (parsed.next == nullptr) return {};
  Digits& digits = parsed.digits;
  cut = digits.count > std::max<int64_t>(parsed.exponent, 0);
  if (!cut) return Write(parsed, out);
  digits.count = std::clamp<int64_t>(parsed.exponent, 0, digits.count);
  // What is left may end in zeros, and is known as far as digits are kept.
  while (digits.count > 0 && digits.count <= kMaxNumberDigits && digits.kept[digits.count - 1] == '0') {
    --digits.count;
  }
  return Write(parsed, out);
}

}  // namespace ddb
