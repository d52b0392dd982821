// Texts of the config that are lists of pairs: "team=data, cost center=42". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace ddb {

struct TextPair {
  std::string name;   // trimmed; "" where there is none
  std::string value;  // the same
  bool has_equals = false;
};

// Takes the first pair off `rest`; nothing is left when it is empty. `at_last`: the last = divides, as names
// may hold one.
inline TextPair TakePair(std::string_view& rest, bool at_last) {
  const size_t comma = rest.find(',');
  const std::string_view one = rest.substr(0, comma);
  rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  const size_t equals = at_last ? one.rfind('=') : one.find('=');
  if (equals == std::string_view::npos) return {Trimmed(one), "", false};
  return {Trimmed(one.substr(0, equals)), Trimmed(one.substr(equals + 1)), true};
}

}  // namespace ddb
