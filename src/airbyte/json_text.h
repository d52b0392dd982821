// json_text: the little JSON that this program writes itself (LOG, TRACE, CONNECTION_STATUS). Pure.
#pragma once

#include <string>
#include <string_view>

namespace ddb {

// `text` as a JSON string with its quotes. What is not UTF-8 becomes U+FFFD, so that a line is always valid.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace ddb
