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

// A null counts as absent, and 10.0 is the whole number 10 (JSON has one kind of number).
void Regularize(nlohmann::json& config);
// The first thing that is wrong with a regular config. Messages name keys and words of the spec, never a
// value.
Status CheckAgainstSchema(const nlohmann::json& config);
// "a", "capacity.b"; the first 20.
std::vector<std::string> UnknownKeys(const nlohmann::json& config);

// "an object", "text", ...
std::string_view KindOf(const nlohmann::json& value);
// `key` of the config's top level, and what is wrong with it.
Error FieldError(const std::string& key, const std::string& reason,
                 std::source_location where = std::source_location::current());

}  // namespace ddb
