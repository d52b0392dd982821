// What was given in place of a configured catalog: the catalog that `discover` prints, a config, one in a
// wrapper, no JSON at all. Sentences for the user, to stand behind "The configured catalog cannot be used: ".
// Pure; main thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json/view.h"

namespace ddb {

// Of a name in one of these sentences, or in a warning about the catalog.
inline constexpr size_t kShownNameBytes = 100;

// "" where `top` may be a configured catalog.
std::string InsteadOfACatalog(const json::View& top);

// Of a text that a parser has refused.
std::string NotJson(std::string_view text);

}  // namespace ddb
