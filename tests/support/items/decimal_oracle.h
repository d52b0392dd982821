// For tests: a number's value, read another way than the product does.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

namespace ddb::testkit {

// (digits, power of ten) by string operations.
struct Decimal {
  std::string sign;
  std::string digits;
  long power = 0;  // of the last digit
  static constexpr long kFar = 1'000'000'000;

  explicit Decimal(std::string text) {
    if (text[0] == '-') sign = "-";
    text.erase(0, sign.size());
    if (const size_t e = text.find_first_of("eE"); e != std::string::npos) {
      power = std::clamp(std::strtol(text.c_str() + e + 1, nullptr, 10), -kFar, kFar);
      text.resize(e);
    }
    if (const size_t point = text.find('.'); point != std::string::npos) {
      power -= static_cast<long>(text.size() - point - 1);
      text.erase(point, 1);
    }
    while (!text.empty() && text.back() == '0') {
      text.pop_back();
      ++power;
    }
    text.erase(0, text.find_first_not_of('0'));
    digits = text;
    if (digits.empty()) *this = Decimal("0", 0);
  }
  bool zero() const { return digits == "0"; }
  bool fits() const {
    const long leading = power + static_cast<long>(digits.size()) - 1;
    return zero() || (digits.size() <= 38 && leading >= -130 && leading <= 125);
  }
  std::string Text() const { return "N" + sign + digits + "e" + std::to_string(power); }

 private:
  Decimal(std::string d, long p) : digits(std::move(d)), power(p) {}
};

}  // namespace ddb::testkit
