#include "base/text.h"

namespace ddb {
namespace {

// Bytes of the space that `text` begins with, 0 if it begins with none.
size_t SpaceInFront(std::string_view text) {
  if (text.empty()) return 0;
  if (static_cast<unsigned char>(text.front()) <= ' ') return 1;
  // No-break space; ideographic space; byte order mark; U+2000 to U+200F; line separator to U+202F; word
  // joiner.
  if (text.starts_with("\xC2\xA0")) return 2;
  if (text.starts_with("\xE3\x80\x80") || text.starts_with("\xEF\xBB\xBF")) return 3;
  if (text.size() >= 3 && text.starts_with("\xE2\x80")) {
    const auto last = static_cast<unsigned char>(text[2]);
    if (last <= 0x8F || (last >= 0xA8 && last <= 0xAF)) return 3;
  }
  return text.starts_with("\xE2\x81\xA0") ? 3 : 0;
}

// The same of its end.
size_t SpaceBehind(std::string_view text) {
  for (const size_t size : {size_t{1}, size_t{2}, size_t{3}}) {
    if (size <= text.size() && SpaceInFront(text.substr(text.size() - size)) == size) return size;
  }
  return 0;
}

}  // namespace

std::string Trimmed(std::string_view text) {
  while (const size_t size = SpaceInFront(text)) text.remove_prefix(size);
  while (const size_t size = SpaceBehind(text)) text.remove_suffix(size);
  return std::string(text);
}

}  // namespace ddb
