// key: the canonical bytes of a record's key, equal exactly when DynamoDB takes two keys for the same:
// numbers by value, strings by their text whatever the escapes. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace ddb {

// Appends one part, given as the field's raw, valid JSON without whitespace around it; parts are told apart
// from each other, so that several in a row are a key too. A value counts as it is stored: a number that
// DynamoDB cannot hold is its text. False for an object or a list, which can be no key.
bool AppendKeyPart(std::string_view json, std::string& key);

}  // namespace ddb
