// header_text: of what the lines of HTTP consist that are neither names nor bodies: values of headers and of
// proxies' settings, reason phrases, chunks' extensions. Pure; any thread.
// https://www.rfc-editor.org/rfc/rfc9110#section-5.5
#pragma once

#include <string_view>

namespace ddb {

constexpr bool IsTextChar(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

constexpr std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace ddb
