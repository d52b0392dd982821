#include "dynamodb/item_key.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace ddb {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view TakeDigits(std::string_view& text) {
  size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) ++n;
  const std::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

// The exponent behind 'e'. One that no int32 holds is clamped: it belongs to a zero, or to a number that no
// table can hold.
std::optional<int64_t> ReadExponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !std::all_of(text.begin(), text.end(), IsDigit)) return std::nullopt;
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) value = INT32_MAX;
  return negative ? -static_cast<int64_t>(value) : value;
}

// One attribute of the key: {"S":"..."} and so on, of the type that the schema says.
bool AppendValue(const simdjson::dom::element& item, const KeyAttribute& attribute, std::string& out) {
  simdjson::dom::object object;
  std::string_view text;
  if (item[attribute.name].get(object)) return false;
  if (object[std::string_view(&attribute.type, 1)].get(text)) return false;
  if (attribute.type != 'N') {
    // The length in front keeps ("a", "bc") and ("ab", "c") apart.
    out.append(std::to_string(text.size())).append(":").append(text);
    return true;
  }
  const std::optional<std::string> number = CanonicalNumber(text);
  if (!number) return false;
  out.append(*number).append(";");
  return true;
}

}  // namespace

std::optional<std::string> CanonicalNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::string_view whole = TakeDigits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = TakeDigits(text);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  int64_t exponent = 0;
  if (!text.empty()) {
    if (text[0] != 'e' && text[0] != 'E') return std::nullopt;
    const std::optional<int64_t> read = ReadExponent(text.substr(1));
    if (!read) return std::nullopt;
    exponent = *read;
  }
  std::string digits(whole);
  digits += fraction;
  exponent -= static_cast<int64_t>(fraction.size());
  const size_t last = digits.find_last_not_of('0');
  if (last == std::string::npos) return "0";
  exponent += static_cast<int64_t>(digits.size() - 1 - last);
  digits.resize(last + 1);
  digits.erase(0, digits.find_first_not_of('0'));
  return (negative ? "-" : "") + digits + "e" + std::to_string(exponent);
}

std::optional<std::string> CanonicalKey(const simdjson::dom::element& item, const TableKeys& keys) {
  std::string out;
  if (!AppendValue(item, keys.hash, out)) return std::nullopt;
  if (keys.range && !AppendValue(item, *keys.range, out)) return std::nullopt;
  return out;
}

}  // namespace ddb
