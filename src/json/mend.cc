#include "json/mend.h"

#include <algorithm>

#include "json/scan.h"
#include "json/utf8.h"

namespace ddb::json {

std::string Mend(std::string_view text, size_t more) {
  std::string out;
  out.reserve(std::max(text.size(), MostMended(text)) + more);
  const char* p = text.data();
  const char* const end = p + text.size();
  const char* copied = p;  // so far
  const auto copy_to = [&](const char* here) {
    for (;;) {
      const InvalidUtf8 invalid = FindInvalidUtf8(copied, here);
      out.append(copied, invalid.at);
      copied = invalid.at + invalid.length;
      if (invalid.length == 0) return;
      out += kReplacement;
    }
  };
  while (p < end) {
    if (*p == '"') {
      p = SkipString(p + 1, end, Grammar::kLenient).next;
    } else if (const char* const behind = SkipNonNumber(p, end); behind != nullptr) {
      copy_to(p);
      out.append(1, '"').append(p, behind).append(1, '"');
      p = copied = behind;
    } else {
      ++p;
    }
  }
  copy_to(end);
  return out;
}

size_t MostMended(std::string_view text) {
  constexpr std::string_view kWords[] = {"NaN", "Infinity"};
  size_t more = 0;
  for (const std::string_view word : kWords) {
    for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size()))
      more += 2;
  }
  const bool is_utf8 = ValidUtf8(text.data(), text.data() + text.size());
  if (is_utf8 && more == 0) return 0;
  return (is_utf8 ? text.size() : text.size() * kReplacement.size()) + more;
}

}  // namespace ddb::json
