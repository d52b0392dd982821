// For tests: what a record should become, read with simdjson, and what an item holds, both as one canonical
// text, in which numbers are compared by value. Throws simdjson_error on what simdjson does not take.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace ddb::testing {

namespace od = simdjson::ondemand;

inline constexpr int kMaxLevels = 31;

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

inline std::string Trimmed(std::string_view raw) {
  const size_t last = raw.find_last_not_of(" \t\r\n");
  return std::string(raw.substr(0, last + 1));
}

inline std::string Sized(char tag, std::string_view text) {
  return tag + std::to_string(text.size()) + ":" + std::string(text);
}

// The text of a value as it was sent: {name=value} in the order of names, [values], S5:hello, N15e-1, T F 0.
// What DynamoDB cannot hold is as the documentation says, and counted.
inline std::string Expected(od::value value, int levels, size_t& changes) {
  const auto type = value.type().value();
  const bool container = type == od::json_type::object || type == od::json_type::array;
  if (container && levels == kMaxLevels) {
    ++changes;
    return Sized('S', Trimmed(type == od::json_type::object ? value.get_object().value().raw_json().value()
                                                            : value.get_array().value().raw_json().value()));
  }
  switch (type) {
    case od::json_type::object: {
      struct Member {
        std::string text;
        size_t changes;
      };
      std::map<std::string, Member> members;
      for (auto field : value.get_object()) {
        std::string name(field.unescaped_key().value());
        size_t inside = 0;
        std::string text = Expected(field.value(), levels + 1, inside);
        members[name] = {std::move(text), inside};
      }
      if (const auto empty = members.find(""); empty != members.end()) {
        Member moved = empty->second;
        members.erase(empty);
        ++moved.changes;
        members["_airbyte_empty_name"] = std::move(moved);
      }
      std::string text = "{";
      for (const auto& [name, member] : members) {
        text += Sized('K', name) + "=" + member.text;
        changes += member.changes;
      }
      return text + "}";
    }
    case od::json_type::array: {
      std::string text = "[";
      for (auto element : value.get_array()) text += Expected(element.value(), levels + 1, changes);
      return text + "]";
    }
    case od::json_type::string:
      return Sized('S', value.get_string().value());
    case od::json_type::number: {
      const std::string raw = Trimmed(value.raw_json_token());
      const Decimal decimal(raw);
      if (decimal.fits()) return decimal.Text();
      ++changes;
      return Sized('S', raw);
    }
    case od::json_type::boolean:
      return value.get_bool().value() ? "T" : "F";
    case od::json_type::null:
      return "0";
  }
  return "?";
}

inline void Require(bool holds) {
  if (!holds) throw std::logic_error("not an item that DynamoDB takes");
}

// The same of DynamoDB JSON.
inline std::string Stored(od::value attribute) {
  std::string text;
  int types = 0;
  for (auto field : attribute.get_object()) {
    ++types;
    const std::string_view type = field.unescaped_key().value();
    if (type == "M") {
      std::map<std::string, std::string> members;
      for (auto member : field.value().get_object()) {
        const std::string name(member.unescaped_key().value());
        Require(!name.empty() && members.count(name) == 0);
        members[name] = Stored(member.value());
      }
      text = "{";
      for (const auto& [name, member] : members) text += Sized('K', name) + "=" + member;
      text += "}";
    } else if (type == "L") {
      text = "[";
      for (auto element : field.value().get_array()) text += Stored(element.value());
      text += "]";
    } else if (type == "S") {
      text = Sized('S', field.value().get_string().value());
    } else if (type == "N") {
      text = Decimal(std::string(field.value().get_string().value())).Text();
    } else if (type == "BOOL") {
      text = field.value().get_bool().value() ? "T" : "F";
    } else if (type == "NULL") {
      Require(field.value().get_bool().value());
      text = "0";
    } else {
      Require(false);
    }
  }
  Require(types == 1);
  return text;
}

}  // namespace ddb::testing
