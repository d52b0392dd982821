// For tests: what a record should become, read with simdjson, and what an item holds, both as one canonical
// text, in which numbers are compared by value. Throws simdjson_error on what simdjson does not take.
#pragma once

#include <simdjson.h>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "support/items/decimal_oracle.h"

namespace ddb::testkit {

namespace od = simdjson::ondemand;

inline constexpr int kMaxLevels = 31;

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

}  // namespace ddb::testkit
