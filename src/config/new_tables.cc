#include "config/new_tables.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "config/pairs.h"
#include "config/schema.h"

namespace ddb {
namespace {

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html
constexpr size_t kMostTags = 50;
constexpr size_t kMostTagKey = 128;    // characters
constexpr size_t kMostTagValue = 256;  // characters

size_t CharactersOf(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

// "team=data, cost center=42".
Status ReadTags(std::string_view rest, NewTables& tables) {
  constexpr const char* kKey = "new_tables";
  while (!rest.empty()) {
    const auto [key, value, has_equals] = TakePair(rest, /*at_last=*/false);
    if (key.empty() || !has_equals)
      return FieldError(kKey, "has tags that are not of the form key=value, with commas between them");
    if (CharactersOf(key) > kMostTagKey || CharactersOf(value) > kMostTagValue)
      return FieldError(kKey, "has a tag whose key is longer than 128 characters, or its value than 256");
    if (ToLower(key).starts_with("aws:"))
      return FieldError(kKey, "has a tag whose key begins with aws:, which only AWS itself may give");
    const auto same = [&key](const auto& other) { return other.first == key; };
    if (std::ranges::any_of(tables.tags, same)) return FieldError(kKey, "has a tag's key twice");
    tables.tags.emplace_back(key, value);
  }
  if (tables.tags.size() > kMostTags) return FieldError(kKey, "has more than 50 tags");
  return Ok();
}

}  // namespace ddb
