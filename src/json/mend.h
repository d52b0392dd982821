// mend: text that json::Grammar::kLenient takes, as JSON that every reader takes: U+FFFD for what is no
// UTF-8, and NaN and the infinities as text. For what goes out again as it came: STATEs. Rare. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ddb::json {

// `text` is valid by Grammar::kLenient, and followed by kPadding readable bytes. With room for so many bytes
// more.
std::string Mend(std::string_view text, size_t more = 0);

// No more bytes has what Mend makes of it; 0: nothing is to be mended. Of any text.
size_t MostMended(std::string_view text);

}  // namespace ddb::json
