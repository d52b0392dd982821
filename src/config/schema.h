// The config against the spec's own schema (JSON Schema draft 7, of which it has the words that the
// platform's form knows): one validator, which finds what is wrong together with the words that say it. A
// test holds it to another validator's answers. Pure; main thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ddb {

const nlohmann::json& ConfigSchema();

// A null counts as absent; texts lose the spaces around them; 10.0 is the whole number 10 (JSON has one kind
// of number), and so is "10" where the schema has a whole number; "true" is true where it has a truth value.
void Regularize(nlohmann::json& config);
// The first thing that is wrong with a regular config. Messages name keys and words of the spec, never a
// value.
Status CheckAgainstSchema(const nlohmann::json& config);
struct UnknownKey {
  std::string path;  // "a", "capacity.b"; cut where it is long
  std::string
      meant;  // the path of the known key that it is a slip of and that is not given; "": there is none
};
std::vector<UnknownKey> FindUnknownKeys(const nlohmann::json& config);

// The members of an object's schema by name.
const nlohmann::json& Properties(const nlohmann::json& schema);
// The schema that the members of `object` follow: of a oneOf, the option that its discriminator names. Null
// when there is none.
const nlohmann::json* MemberSchema(const nlohmann::json& object, const nlohmann::json& schema);

// "an object", "text", ...
std::string_view KindOf(const nlohmann::json& value);
// `key` of the config ("authentication.role_arn", where it is not of the top level), and what is wrong with
// it.
Error FieldError(const std::string& key, const std::string& reason,
                 std::source_location where = std::source_location::current());

}  // namespace ddb
