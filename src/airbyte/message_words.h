// message_words: the words of a text that may be a message's names and values, in whatever writing: JSON,
// JSON in a string (encoded however many times), in HTML, or as a language shows its objects. Each with what
// stands behind it, as far as that tells whether it is a name and what it names. Pure; for message_signs.
#pragma once

#include <cstddef>
#include <string_view>

namespace ddb {

// What is looked at behind a word may be cut off by the end of a piece; a quote takes no more than that.
inline constexpr size_t kMostOfAQuote = 6;

enum class WordsValue {
  kNone,    // the word is no name
  kCut,     // the text ends before it
  kNull,    // in whatever language
  kText,    // in quotes, or an enum as Python shows it
  kOther,   // a number or a word
  kObject,  // whatever a language writes before the brace
  kList,
};

struct Word {
  std::string_view text;   // letters and '_'; "": there is none
  bool is_quoted = false;  // or was, as far as the text has it
  bool is_cut = false;     // the text ends within it, or before it is known to be no name
  WordsValue value = WordsValue::kNone;
  bool is_empty = false;       // a kObject or kList
  bool is_brace = false;       // a kObject begins with one right here
  bool is_enum = false;        // <Type.RECORD: 'RECORD'>
  bool is_value_cut = false;   // the text ends within `of_value`
  std::string_view of_value;   // what letters it begins with, of a kText or kOther
  const char* next = nullptr;  // where the next word may begin
  const char* seen = nullptr;  // no byte behind it was looked at, but for a quote's

  bool is_name() const { return value != WordsValue::kNone; }
  bool holds() const {
    const bool is_container = value == WordsValue::kObject || value == WordsValue::kList;
    return value == WordsValue::kCut || (is_container && !is_empty);
  }
};

constexpr bool IsLetterOfAWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool MayBeginQuote(char c) { return c == '"' || c == '\'' || c == '\\' || c == '&'; }

// At a letter that no letter or digit stands before, or at what may begin a quote.
Word LookAtWord(const char* p, const char* end);

}  // namespace ddb
