#include "json/scan.h"

#include <cstring>
#include <vector>

#if defined(__SSSE3__)
#include <tmmintrin.h>
#endif

namespace ddb::json {
namespace {

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// -1: not a hexadecimal digit.
int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Of four digits that SkipEscape has passed.
unsigned HexUnit(const char* p) {
  unsigned unit = 0;
  for (int i = 0; i < 4; ++i) unit = unit * 16 + static_cast<unsigned>(HexValue(p[i]));
  return unit;
}

void AppendUtf8(unsigned code, std::string& out) {
  const auto add = [&out](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | code >> 6);
    add(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3F));
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  }
}

uint64_t LoadWord(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

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
const char* SkipName(const char* p, const char* end) {
  p = SkipWhitespace(p, end);
  if (p == end || *p != '"') return nullptr;
  p = SkipString(p + 1, end).next;
  if (p == nullptr) return nullptr;
  p = SkipWhitespace(p, end);
  return p < end && *p == ':' ? p + 1 : nullptr;
}

const char* SkipScalar(const char* p, const char* end) {
  if (*p == '"') return SkipString(p + 1, end).next;
  if (*p == '-' || IsDigit(*p)) return SkipNumber(p, end);
  return SkipLiteral(p, end);
}

#if defined(__SSSE3__)
// What is wrong with a pair of neighbouring bytes, as bits; a pair is wrong when the three tables agree on a
// bit. After J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte",
// https://arxiv.org/abs/2010.03090 .
constexpr char kTooShort = 1 << 0;   // lead byte without continuation
constexpr char kTooLong = 1 << 1;    // continuation behind ASCII
constexpr char kOverlong3 = 1 << 2;  // E0 80..9F
constexpr char kTooLarge = 1 << 3;   // F4 90.., F5..
constexpr char kSurrogate = 1 << 4;  // ED A0..BF
constexpr char kOverlong2 = 1 << 5;  // C0, C1
constexpr char kOverlong4 = 1 << 6;  // F0 80..8F; also F5.. with 80..8F
constexpr char kTwoConts = -0x80;    // two continuations: right only as byte 3 or 4, see MustContinue
constexpr char kAnyLow = kTooShort | kTooLong | kTwoConts;
constexpr char kPastF4 = kAnyLow | kTooLarge | kOverlong4;
constexpr char kContinuation = kTooLong | kOverlong2 | kTwoConts;

struct Utf8Check {
  __m128i previous = _mm_setzero_si128();
  __m128i error = _mm_setzero_si128();

  void Next(__m128i bytes) {
    if (_mm_movemask_epi8(_mm_or_si128(bytes, previous)) == 0) return;  // ASCII goes on
    const __m128i first_high =
        _mm_setr_epi8(kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong,
                      kTwoConts, kTwoConts, kTwoConts, kTwoConts, kTooShort | kOverlong2, kTooShort,
                      kTooShort | kOverlong3 | kSurrogate, kTooShort | kTooLarge | kOverlong4);
    const __m128i first_low =
        _mm_setr_epi8(kAnyLow | kOverlong2 | kOverlong3 | kOverlong4, kAnyLow | kOverlong2, kAnyLow, kAnyLow,
                      kAnyLow | kTooLarge, kPastF4, kPastF4, kPastF4, kPastF4, kPastF4, kPastF4, kPastF4,
                      kPastF4, kPastF4 | kSurrogate, kPastF4, kPastF4);
    const __m128i second_high =
        _mm_setr_epi8(kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort,
                      kContinuation | kOverlong3 | kOverlong4, kContinuation | kOverlong3 | kTooLarge,
                      kContinuation | kSurrogate | kTooLarge, kContinuation | kSurrogate | kTooLarge,
                      kTooShort, kTooShort, kTooShort, kTooShort);
    const __m128i nibble = _mm_set1_epi8(0x0F);
    const __m128i before1 = _mm_alignr_epi8(bytes, previous, 15);
    const __m128i before2 = _mm_alignr_epi8(bytes, previous, 14);
    const __m128i before3 = _mm_alignr_epi8(bytes, previous, 13);
    const __m128i pair_error = _mm_and_si128(
        _mm_and_si128(_mm_shuffle_epi8(first_high, _mm_and_si128(_mm_srli_epi16(before1, 4), nibble)),
                      _mm_shuffle_epi8(first_low, _mm_and_si128(before1, nibble))),
        _mm_shuffle_epi8(second_high, _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble)));
    // The high bit where a byte must be the third or fourth of its character.
    const __m128i must_continue =
        _mm_and_si128(_mm_or_si128(_mm_subs_epu8(before2, _mm_set1_epi8(0xE0 - 0x80)),
                                   _mm_subs_epu8(before3, _mm_set1_epi8(0xF0 - 0x80))),
                      _mm_set1_epi8(-0x80));
    error = _mm_or_si128(error, _mm_xor_si128(must_continue, pair_error));
    previous = bytes;
  }
};
#endif

}  // namespace

namespace portable {

const char* FindStringSpecial(const char* p, const char* end, bool& non_ascii) {
  for (;;) {
    while (end - p >= 8) {  // a word that may hold a special byte is left to the loop below
      const uint64_t word = LoadWord(p);
      const uint64_t quote = word ^ kOnes * '"';
      const uint64_t backslash = word ^ kOnes * '\\';
      const uint64_t special =
          ((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash);
      if ((special & kHighBits) != 0) break;
      non_ascii |= (word & kHighBits) != 0;
      p += 8;
    }
    for (int i = 0; i < 8; ++i, ++p) {
      if (p >= end) return end;
      const auto byte = static_cast<unsigned char>(*p);
      if (byte < 0x20 || byte == '"' || byte == '\\') return p;
      non_ascii |= byte >= 0x80;
    }
  }
}

// The well-formed byte sequences of https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf table 3-7.
bool ValidUtf8(const char* p, const char* end) {
  while (p < end) {
    if (end - p >= 8 && (LoadWord(p) & kHighBits) == 0) {
      p += 8;
      continue;
    }
    const auto lead = static_cast<unsigned char>(*p++);
    if (lead < 0x80) continue;
    if (lead < 0xC2 || lead > 0xF4) return false;
    const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if (end - p < more) return false;
    const auto second = static_cast<unsigned char>(*p);
    const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < low || second > high) return false;
    for (int i = 1; i < more; ++i) {
      if ((static_cast<unsigned char>(p[i]) & 0xC0) != 0x80) return false;
    }
    p += more;
  }
  return true;
}

}  // namespace portable

bool ValidUtf8(const char* p, const char* end) {
#if defined(__SSSE3__)
  if (end - p < 16) return portable::ValidUtf8(p, end);
  Utf8Check check;
  for (; end - p >= 16; p += 16) check.Next(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  char last[16] = {};  // zeros behind the end tell a character that was cut off
  std::memcpy(last, p, static_cast<size_t>(end - p));
  check.Next(_mm_loadu_si128(reinterpret_cast<const __m128i*>(last)));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(check.error, _mm_setzero_si128())) == 0xFFFF;
#else
  return portable::ValidUtf8(p, end);
#endif
}

const char* SkipEscape(const char* p, const char* end) {
  if (end - p < 2) return nullptr;
  switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return p + 2;
    case 'u':
      if (end - p < 6) return nullptr;
      for (int i = 2; i < 6; ++i) {
        if (HexValue(p[i]) < 0) return nullptr;
      }
      return p + 6;
    default:
      return nullptr;
  }
}

bool DecodeString(std::string_view raw, std::string& out) {
  out.clear();
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while (p < end) {
    const void* hit = std::memchr(p, '\\', static_cast<size_t>(end - p));
    const char* escape = hit == nullptr ? end : static_cast<const char*>(hit);
    out.append(p, escape);
    if (escape == end) break;
    p = escape + 2;
    switch (escape[1]) {
      case 'b':
        out.push_back('\b');
        break;
      case 'f':
        out.push_back('\f');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'u': {
        unsigned code = HexUnit(p);
        p += 4;
        if (code >= 0xDC00 && code <= 0xDFFF) return false;
        if (code >= 0xD800 && code <= 0xDBFF) {
          if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return false;
          const unsigned low = HexUnit(p + 2);
          if (low < 0xDC00 || low > 0xDFFF) return false;
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          p += 6;
        }
        AppendUtf8(code, out);
        break;
      }
      default:  // quote, backslash, slash
        out.push_back(escape[1]);
    }
  }
  return true;
}

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
  const auto is = [p, end](std::string_view word) {
    return static_cast<size_t>(end - p) >= word.size() && std::memcmp(p, word.data(), word.size()) == 0;
  };
  if (is("null") || is("true")) return p + 4;
  if (is("false")) return p + 5;
  return nullptr;
}

const char* SkipValue(const char* p, const char* end) {
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
        if (object && (p = SkipName(p, end)) == nullptr) return nullptr;
        continue;
      }
      levels.Pop();
      ++p;
    } else if ((p = SkipScalar(p, end)) == nullptr) {
      return nullptr;
    }
    for (;;) {  // behind a value
      if (levels.empty()) return p;
      p = SkipWhitespace(p, end);
      if (p == end) return nullptr;
      const char c = *p++;
      const bool object = levels.top_is_object();
      if (c == ',') {
        if (object && (p = SkipName(p, end)) == nullptr) return nullptr;
        break;
      }
      if (c != (object ? '}' : ']')) return nullptr;
      levels.Pop();
    }
  }
}

}  // namespace ddb::json
