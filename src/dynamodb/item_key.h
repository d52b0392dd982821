// The key of an item in a form that is equal exactly when DynamoDB takes two keys as one: strings by their
// bytes, numbers by value. Only for the rare path in which a reply's entries are matched with what was sent.
// Pure.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/table.h"

namespace ddb {

// "1000", "1e3" and "1000.0" give one text; nullopt for what is no number in DynamoDB.
std::optional<std::string> CanonicalNumber(std::string_view text);

// `item`: a map of attributes that holds the key's, e.g. PutRequest.Item or DeleteRequest.Key.
std::optional<std::string> CanonicalKey(const simdjson::dom::element& item, const TableKeys& keys);

}  // namespace ddb
