#include "json/view.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace ddb::json {
namespace {

std::optional<int64_t> ToInteger(std::string_view digits) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// A valid JSON number with a fraction or an exponent.
std::optional<int64_t> ShiftedInteger(std::string_view text) {
  constexpr size_t kMostDigits = 19;  // of an int64_t
  std::string digits;
  if (text.front() == '-') {
    digits = "-";
    text.remove_prefix(1);
  }
  const size_t sign = digits.size();
  const size_t exponent_at = std::min(text.find_first_of("eE"), text.size());
  int64_t exponent = 0;
  if (exponent_at < text.size()) {
    std::string_view written = text.substr(exponent_at + 1);
    if (written.front() == '+') written.remove_prefix(1);
    exponent = ToInteger(written).value_or(INT32_MIN);
  }
  const std::string_view mantissa = text.substr(0, exponent_at);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  digits += mantissa.substr(0, point);
  if (point < mantissa.size()) digits += mantissa.substr(point + 1);
  exponent -= static_cast<int64_t>(mantissa.size() - std::min(point + 1, mantissa.size()));
  while (digits.size() > sign && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (digits.size() == sign) return 0;
  if (exponent < 0 || exponent > static_cast<int64_t>(kMostDigits)) return std::nullopt;
  return ToInteger(digits.append(static_cast<size_t>(exponent), '0'));
}

}  // namespace

std::optional<View> View::Parse(std::string_view text) {
  const char* const end = text.data() + text.size();
  const char* const begin = SkipWhitespace(text.data(), end);
  if (begin == end) return std::nullopt;
  const char* const behind = SkipValue(begin, end);
  if (behind == nullptr || SkipWhitespace(behind, end) != end) return std::nullopt;
  return View(std::string_view(begin, static_cast<size_t>(behind - begin)));
}

View View::Member(std::string_view name) const {
  View found;
  ForEachMember([&](std::string_view each, View value) {
    if (each == name) found = value;
  });
  return found;
}

std::optional<std::string> View::Text() const {
  if (!is_text()) return std::nullopt;
  const std::string_view raw = text_.substr(1, text_.size() - 2);
  std::string text;
  if (raw.find('\\') == std::string_view::npos) return std::string(raw);
  if (!Unescape(raw, text)) return std::nullopt;
  return text;
}

std::optional<int64_t> View::Whole() const {
  const char first = text_.front();
  if (first != '-' && (first < '0' || first > '9')) return std::nullopt;
  if (text_.find_first_of(".eE") != std::string_view::npos) return ShiftedInteger(text_);
  return ToInteger(text_);
}

}  // namespace ddb::json
