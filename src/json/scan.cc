#include "json/scan.h"

#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "json/special_bytes.h"

namespace ddb::json {
namespace {

// Which of the open containers are objects: a bit per level, the innermost one lowest. Allocates only past 64
// levels.
class LevelStack {
 public:
  bool empty() const { return depth_ == 0; }
  bool top_is_object() const { return (bits_ & 1) != 0; }
  void Push(bool object) {
    if (depth_ != 0 && depth_ % 64 == 0) outer_.push_back(bits_);
    bits_ = bits_ << 1 | static_cast<uint64_t>(object);
    ++depth_;
  }
  void Pop() {
    bits_ >>= 1;
    --depth_;
    if (depth_ != 0 && depth_ % 64 == 0) {
      bits_ = outer_.back();
      outer_.pop_back();
    }
  }

 private:
  size_t depth_ = 0;
  uint64_t bits_ = 0;
  std::vector<uint64_t> outer_;
};

// `p` at a member's name or whitespace before it: behind the colon.
const char* SkipName(const char* p, const char* end, Grammar grammar) {
  return ReadName(SkipWhitespace(p, end), end, grammar).value;
}

const char* SkipScalar(const char* p, const char* end, Grammar grammar) {
  if (*p == '"') return SkipString(p + 1, end, grammar).next;
  const char* const next = *p == '-' || IsDigit(*p) ? SkipNumber(p, end) : SkipLiteral(p, end);
  return next == nullptr && grammar == Grammar::kLenient ? SkipNonNumber(p, end) : next;
}

// Behind the first of the words that stands at `p`.
const char* SkipWord(const char* p, const char* end, std::initializer_list<std::string_view> words) {
  const std::string_view rest(p, static_cast<size_t>(end - p));
  for (const std::string_view word : words) {
    if (rest.starts_with(word)) return p + word.size();
  }
  return nullptr;
}

}  // namespace

namespace portable {

const char* FindStringSpecial(const char* p, const char* end, bool& non_ascii) {
  for (;;) {
    for (; end - p >= 8; p += 8) {  // a word that may hold a special byte is left to the loop below
      const uint64_t word = LoadWord(p);
      if (HasSpecialByte(word)) break;
      non_ascii |= (word & kHighBits) != 0;
    }
    for (int i = 0; i < 8; ++i, ++p) {
      if (p >= end) return end;
      if (IsSpecial(*p)) return p;
      non_ascii |= static_cast<unsigned char>(*p) >= 0x80;
    }
  }
}

}  // namespace portable

const char* SkipNumber(const char* p, const char* end) {
  const auto digits = [end](const char* at) {
    while (at < end && IsDigit(*at)) ++at;
    return at;
  };
  if (p < end && *p == '-') ++p;
  if (p >= end || !IsDigit(*p)) return nullptr;
  p = *p == '0' ? p + 1 : digits(p);
  if (p < end && *p == '.') {
    const char* const fraction = p + 1;
    p = digits(fraction);
    if (p == fraction) return nullptr;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p < end && (*p == '+' || *p == '-')) ++p;
    const char* const exponent = p;
    p = digits(exponent);
    if (p == exponent) return nullptr;
  }
  return p;
}

const char* SkipLiteral(const char* p, const char* end) {
  return SkipWord(p, end, {"null", "true", "false"});
}

const char* SkipNonNumber(const char* p, const char* end) {
  return SkipWord(p, end, {"NaN", "Infinity", "-Infinity"});
}

const char* SkipValue(const char* p, const char* end, Grammar grammar) {
  LevelStack levels;
  for (;;) {
    p = SkipWhitespace(p, end);
    if (p == end) return nullptr;
    if (*p == '{' || *p == '[') {
      const bool object = *p == '{';
      levels.Push(object);
      p = SkipWhitespace(p + 1, end);
      if (p == end) return nullptr;
      if (*p != (object ? '}' : ']')) {
        if (object && (p = SkipName(p, end, grammar)) == nullptr) return nullptr;
        continue;
      }
      levels.Pop();
      ++p;
    } else if ((p = SkipScalar(p, end, grammar)) == nullptr) {
      return nullptr;
    }
    for (;;) {  // behind a value
      if (levels.empty()) return p;
      p = SkipWhitespace(p, end);
      if (p == end) return nullptr;
      const char c = *p++;
      const bool object = levels.top_is_object();
      if (c == ',') {
        if (object && (p = SkipName(p, end, grammar)) == nullptr) return nullptr;
        break;
      }
      if (c != (object ? '}' : ']')) return nullptr;
      levels.Pop();
    }
  }
}

const char* SkipShape(const char* p, const char* end) {
  const char* const begin = p;
  LevelStack levels;
  bool is_text = false;  // all of it
  for (; p < end; ++p) {
    const char c = *p;
    if (c == '"' || c == '\'') {
      if (levels.empty() && p != begin) return nullptr;
      is_text = levels.empty();
      for (++p; p < end && *p != c; ++p) {
        if (*p == '\\') ++p;
      }
      if (p >= end) return nullptr;
    } else if (c == '{' || c == '[') {
      if (levels.empty() && p != begin) return nullptr;
      levels.Push(c == '{');
    } else if (c == '}' || c == ']') {
      if (levels.empty()) return p;
      if (levels.top_is_object() != (c == '}')) return nullptr;
      levels.Pop();
      if (levels.empty()) return p + 1;
    } else if (levels.empty() && (c == ',' || (is_text && SkipWhitespace(p, end) == p))) {
      return c == ',' ? p : nullptr;
    }
  }
  return nullptr;
}

}  // namespace ddb::json
