#include "items/item_size.h"

#include <cstring>

#include "items/number.h"
#include "json/escape.h"

namespace ddb {
namespace {

void Add(SizeBounds& size, int64_t bytes) {
  size.lower += bytes;
  size.upper += bytes;
}

// `p` behind an opening quote: the closing one.
const char* ClosingQuote(const char* p) {
  while (*p != '"') p += *p == '\\' ? 2 : 1;
  return p;
}

// Of the bytes that base64 stands for.
int64_t BinarySize(std::string_view base64) {
  const bool one = base64.ends_with('='), two = base64.ends_with("==");
  return static_cast<int64_t>(base64.size()) / 4 * 3 - one - two;
}

// A scalar `{"T":...}`, `p` at its brace.
const char* MeasureScalar(const char* p, SizeBounds& size) {
  const char* const inside = p + 6;  // {"S":"
  if (p[2] == 'B' && p[3] == 'O') {  // {"BOOL":true}
    Add(size, 1);
    return p + (p[8] == 't' ? 13 : 14);
  }
  if (p[2] == 'N' && p[3] == 'U') {  // {"NULL":true}
    Add(size, 1);
    return p + 13;
  }
  const char* const quote = ClosingQuote(inside);
  if (p[2] == 'S') {
    Add(size, TextSize({inside, static_cast<size_t>(quote - inside)}));
  } else if (p[2] == 'B') {
    Add(size, BinarySize({inside, static_cast<size_t>(quote - inside)}));
  } else {
    char text[kMaxCanonicalNumber];
    const Number number = NormalizeNumber(inside, quote, text);
    size.lower += number.size.lower;
    size.upper += number.size.upper;
  }
  return quote + 2;
}

}  // namespace

SizeBounds WholeNumberSize(std::string_view text) {
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  const size_t last = text.find_last_not_of('0');
  if (last == std::string_view::npos) return {kZeroSize, kZeroSize};
  return NumberSize(negative, static_cast<int>(last) + 1, static_cast<int>(text.size()));
}

int64_t TextSize(std::string_view raw) {
  auto size = static_cast<int64_t>(raw.size());
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while ((p = static_cast<const char*>(std::memchr(p, '\\', static_cast<size_t>(end - p)))) != nullptr) {
    const json::Escape escape = json::ReadEscape(p, end);
    size -= escape.length - escape.utf8_length;
    p += escape.length;
  }
  return size;
}

const char* MeasureName(const char* p, SizeBounds& size) {
  const char* const quote = ClosingQuote(++p);
  Add(size, TextSize({p, static_cast<size_t>(quote - p)}));
  return quote + 2;
}

const char* MeasureValue(const char* p, SizeBounds& size) {
  uint64_t open = 1;  // a bit per open container, 1: a map; the top bit is a sentinel
  for (;;) {
    const bool map = p[2] == 'M';
    if (map || p[2] == 'L') {
      Add(size, 3);
      p += 6;  // {"M":{
      if (*p != (map ? '}' : ']')) {
        open = open << 1 | static_cast<uint64_t>(map);
        Add(size, 1);
        if (map) p = MeasureName(p, size);
        continue;
      }
      p += 2;
    } else {
      p = MeasureScalar(p, size);
    }
    while (open != 1 && *p != ',') {
      p += 2;  // }} or ]}
      open >>= 1;
    }
    if (open == 1) return p;
    ++p;
    Add(size, 1);
    if ((open & 1) != 0) p = MeasureName(p, size);
  }
}

SizeBounds ItemSize(std::string_view item) {
  SizeBounds size;
  const char* p = item.data();
  while (*p != '}') p = MeasureValue(MeasureName(p + 1, size), size);
  return size;
}

}  // namespace ddb
