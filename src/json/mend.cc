#include "json/mend.h"

#include "json/scan.h"
#include "json/utf8.h"

namespace ddb::json {

std::string Mend(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  const char* p = text.data();
  const char* const end = p + text.size();
  const char* copied = p;  // so far
  const auto copy_to = [&](const char* here) {
    out += ReplaceInvalidUtf8({copied, static_cast<size_t>(here - copied)});
    copied = here;
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

}  // namespace ddb::json
