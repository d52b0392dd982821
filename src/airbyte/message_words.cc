#include "airbyte/message_words.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.h"

namespace ddb {
namespace {

// "connection_status", "AirbyteRecordMessage"; a longer word is none of those that matter.
constexpr size_t kMostOfAWord = 20;
// What a language writes before an object's brace: io.airbyte.protocol.models.AirbyteRecordMessage@4f3f5b24
constexpr ptrdiff_t kMostOfAPrefix = 100;

std::string_view Rest(const char* p, const char* end) { return {p, static_cast<size_t>(end - p)}; }

// Behind the quote at `p`; `p`: there is none. Encoders write quotes in a string also as \u0022, nginx and
// Python as \x22, and those for HTML as these.
const char* BehindQuote(const char* p, const char* end) {
  if (p == end) return p;
  if (*p == '"' || *p == '\'') return p + 1;
  if (*p != '\\' && *p != '&') return p;
  if (*p == '\\' && (p + 1 == end || (p[1] != 'u' && p[1] != 'x'))) return p;
  constexpr std::array<std::string_view, 9> kQuotes = {"\\u0022", "\\u0027", "\\x22", "\\x27", "&quot;",
                                                       "&apos;",  "&#34;",   "&#39;", "&#x27;"};
  const std::string_view text = Rest(p, end);
  const auto* const quote =
      std::ranges::find_if(kQuotes, [text](std::string_view q) { return text.starts_with(q); });
  return quote == std::end(kQuotes) ? p : p + quote->size();
}

// Spaces, those that are escaped among them, and the backslashes of however many encodings.
const char* SkipBlanks(const char* p, const char* end) {
  while (p < end) {
    if (*p == ' ' || *p == '\t' || *p == '\r') {
      ++p;
    } else if (*p == '\\' && BehindQuote(p, end) == p) {
      const bool is_space = p + 1 < end && (p[1] == 'n' || p[1] == 't' || p[1] == 'r');
      p += is_space ? 2 : 1;
    } else {
      break;
    }
  }
  return p;
}

const char* SkipQuotes(const char* p, const char* end) {
  for (;;) {
    const char* const next = BehindQuote(SkipBlanks(p, end), end);
    if (next == p) return p;
    p = next;
  }
}

const char* SkipLetters(const char* p, const char* end) {
  while (p < end && IsLetterOfAWord(*p)) ++p;
  return p;
}

constexpr bool IsOfAPrefix(char c) {
  return IsAlnum(c) || c == '_' || c == '.' || c == '@' || c == '$' || c == ':' || c == '*';
}

bool IsNull(std::string_view value) {
  constexpr std::array<std::string_view, 6> kNulls = {"null", "None", "nil", "undefined", "NULL", "none"};
  return std::ranges::find(kNulls, value) != std::end(kNulls);
}

void SetLetters(Word& word, const char* p, const char* end) {
  const char* const behind = SkipLetters(p, end);
  word.of_value = Rest(p, behind).substr(0, kMostOfAWord + 1);
  word.is_value_cut = behind == end;
  word.seen = std::max(word.seen, behind);
}

// `p` at the brace, bracket or parenthesis.
void SetContainer(Word& word, const char* p, const char* end) {
  word.value = *p == '[' ? WordsValue::kList : WordsValue::kObject;
  word.is_brace = *p == '{';
  const char* const content = SkipQuotes(p + 1, end);
  word.seen = content;
  word.is_empty = content < end && (*content == '}' || *content == ']' || *content == ')');
}

// As Python shows an enum: <Type.RECORD: 'RECORD'>. `p` at its '<'. False: it is none.
bool SetEnum(Word& word, const char* p, const char* end) {
  const char* colon = p + 1;
  while (colon < end && colon - p < kMostOfAPrefix && (IsLetterOfAWord(*colon) || *colon == '.')) ++colon;
  word.seen = colon;
  if (colon == end || *colon != ':') return false;
  const char* const letters = SkipQuotes(colon + 1, end);
  word.seen = letters;
  if (letters == SkipBlanks(colon + 1, end)) return false;
  word.value = WordsValue::kText;
  word.is_enum = true;
  SetLetters(word, letters, end);
  return true;
}

// Of a value without quotes. A language may write its type before it.
void SetBareValue(Word& word, const char* p, const char* end) {
  if (*p == '<' && SetEnum(word, p, end)) return;
  word.value = WordsValue::kOther;
  SetLetters(word, p, end);
  if (IsNull(word.of_value) || Rest(p, end).starts_with("<null>")) {
    word.value = WordsValue::kNull;
    return;
  }
  const char* behind = p;
  while (behind < end && behind - p < kMostOfAPrefix && IsOfAPrefix(*behind)) ++behind;
  const char* const brace = behind < end && *behind == ' ' ? behind + 1 : behind;
  word.seen = std::max(word.seen, brace);
  if (brace < end && behind > p && (*brace == '{' || *brace == '[' || *brace == '(')) {
    SetContainer(word, brace, end);
    word.is_brace = false;
  }
}

// `p` behind the colon.
void SetValue(Word& word, const char* p, const char* end) {
  const char* const bare = SkipBlanks(p, end);
  const char* const value = SkipQuotes(p, end);  // in a string or not
  word.seen = value;
  if (value == end) {
    word.value = WordsValue::kCut;
  } else if (*value == '{' || *value == '[') {
    SetContainer(word, value, end);
  } else if (value != bare) {
    word.value = WordsValue::kText;
    SetLetters(word, value, end);
  } else {
    SetBareValue(word, value, end);
  }
}

}  // namespace

Word LookAtWord(const char* p, const char* end) {
  Word word;
  const char* const inside = BehindQuote(p, end);
  const bool opens = inside != p;
  if (!opens && !IsLetterOfAWord(*p)) {  // a backslash; an escaped space may end a word
    const bool is_space = p + 1 < end && *p == '\\' && (p[1] == 'n' || p[1] == 't' || p[1] == 'r');
    word.next = p + (is_space ? 2 : 1);
    word.seen = p;
    return word;
  }
  const char* const first = opens ? SkipBlanks(inside, end) : p;
  const char* const behind = SkipLetters(first, end);
  const auto size = static_cast<size_t>(behind - first);
  word.next = opens ? inside : behind;
  word.seen = behind;
  const bool goes_on = behind < end && IsAlnum(*behind);  // a digit
  if (size == 0 || size > kMostOfAWord || goes_on) return word;
  const char* const close = SkipBlanks(behind, end);
  const char* const closed = BehindQuote(close, end);
  word.seen = std::max(close, closed);
  if (opens && closed == close && close != end) return word;
  word.text = Rest(first, behind);
  word.is_quoted = opens || closed != close;
  word.next = behind;
  word.is_cut = closed == close && close == end;
  const char* colon = closed == close ? close : SkipQuotes(closed, end);
  word.seen = colon;
  if (colon == end || (*colon != ':' && *colon != '=')) return word;
  ++colon;
  if (colon < end && *colon == '>') ++colon;
  SetValue(word, colon, end);
  return word;
}

}  // namespace ddb
