// Keys of a config that the schema does not have: which key was probably meant by one. A slip in the name of
// an optional key would otherwise be a warning, and the sync go where nobody sent it: without its endpoint,
// to AWS, signed with the keys of another service. Pure; main thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ddb {

struct UnknownKey {
  std::string path;   // "a", "capacity.b"; cut where it is long
  std::string meant;  // the path of the known key that it resembles and that is not given; "" where there is
                      // none
};

std::vector<UnknownKey> FindUnknownKeys(const nlohmann::json& config);

// Of `known`, the one that `key` is a slip of, "" where it resembles none: other letters in a few places,
// another case or other separators, a part left out or added.
std::string_view MeantKey(std::string_view key, const std::vector<std::string_view>& known);

}  // namespace ddb
