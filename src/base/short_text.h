// ShortText: a name as messages show it. Names come from the source, which may send one of many megabytes.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ddb {

inline constexpr size_t kShortTextBytes = 200;

// At most `max_bytes` of `text`, cut between UTF-8 characters, with "..." where something was cut.
inline std::string ShortText(std::string_view text, size_t max_bytes = kShortTextBytes) {
  if (text.size() <= max_bytes) return std::string(text);
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)).append("...");
}

}  // namespace ddb
