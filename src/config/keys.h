// MeantKey: which key of the config was probably meant by one that is not known. A slip in the name of
// an optional key would otherwise be a warning, and the sync go where nobody sent it: without its endpoint,
// to AWS, signed with the keys of another service. Pure; main thread.
#pragma once

#include <string_view>
#include <vector>

namespace ddb {

// Of `known`, the one that `key` is a slip of, "" where it resembles none: other letters in a few places,
// another case or other separators, a part left out or added.
std::string_view MeantKey(std::string_view key, const std::vector<std::string_view>& known);

}  // namespace ddb
