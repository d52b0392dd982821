// WhyNotJson: what a file that a person wrote and that is not JSON most probably is, in words that say what
// to change. Asked only after a parser has refused the text. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace ddb::json {

// To stand behind "It is not valid JSON: "; "" where nothing is recognised. Tells lines, never their text.
std::string WhyNotJson(std::string_view text);

}  // namespace ddb::json
