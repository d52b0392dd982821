#include "airbyte/message_signs.h"

#include <string>

#include "base/text.h"

namespace ddb {
namespace {

// "connection_status"; a longer word is none of those that matter.
constexpr size_t kMostOfAWord = 20;

constexpr bool IsLetter(char c) { return IsAlpha(c) || c == '_'; }

// Behind the quote at `p`; `p`: there is none. Some encoders write all quotes in a string as \u0022.
const char* BehindQuote(const char* p, const char* end) {
  if (p == end) return p;
  if (*p == '"' || *p == '\'') return p + 1;
  if (*p != '\\') return p;
  const std::string_view text(p, static_cast<size_t>(end - p));
  return text.starts_with("\\u0022") || text.starts_with("\\u0027") ? p + 6 : p;
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

// The value at `p` is an object or a list that is not empty, in a string or not, or it is cut off.
bool MayHold(const char* p, const char* end) {
  p = SkipQuotes(p, end);
  if (p == end) return true;
  if (*p != '{' && *p != '[') return false;
  p = SkipQuotes(p + 1, end);
  return p == end || (*p != '}' && *p != ']');
}

class Words {
 public:
  // A quoted word, which `behind` follows.
  void Add(std::string_view text, const char* behind, const char* end) {
    std::string word;
    for (const char c : text.substr(0, kMostOfAWord)) {
      if (c != '_') word.push_back(ToUpper(c));
    }
    behind = SkipQuotes(behind, end);
    const bool is_key = behind < end && (*behind == ':' || *behind == '=');  // "a": or "a"=>
    if (is_key) {
      behind += 1;
      if (behind < end && *behind == '>') ++behind;
      AddKey(word, MayHold(behind, end));
    } else {
      AddValue(word);
    }
    is_type_next_ = is_key && word == "TYPE";
  }

  MessageSigns Signs() const {
    return {.record = record_ || (data_ && emitted_at_),
            .state = state_,
            .failure = fatal_ || (trace_ && error_) || (connection_status_ && failed_)};
  }

 private:
  void AddKey(std::string_view word, bool may_hold) {
    emitted_at_ |= word == "EMITTEDAT";
    connection_status_ |= word == "CONNECTIONSTATUS";
    if (!may_hold) return;
    record_ |= word == "RECORD" || word == "RECORDS";
    data_ |= word == "DATA";
    trace_ |= word == "TRACE";
    error_ |= word == "ERROR";
  }
  void AddValue(std::string_view word) {
    record_ |= word == "RECORD";
    state_ |= is_type_next_ && word == "STATE";
    trace_ |= word == "TRACE";
    error_ |= word == "ERROR";
    fatal_ |= word == "FATAL" || word == "INCOMPLETE";
    connection_status_ |= word == "CONNECTIONSTATUS";
    failed_ |= word == "FAILED";
  }

  bool is_type_next_ = false;
  bool record_ = false;
  bool data_ = false;
  bool emitted_at_ = false;
  bool state_ = false;
  bool trace_ = false;
  bool error_ = false;
  bool fatal_ = false;
  bool connection_status_ = false;
  bool failed_ = false;
};

}  // namespace

MessageSigns FindMessageSigns(std::string_view text) {
  if (text.find_first_of("{}") == std::string_view::npos) return {};
  Words words;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const char* const inside = BehindQuote(p, end);
    if (inside == p) {
      ++p;
      continue;
    }
    const char* const word = SkipBlanks(inside, end);
    const char* behind = word;
    while (behind < end && IsLetter(*behind)) ++behind;
    const char* const close = SkipBlanks(behind, end);
    const char* const next = BehindQuote(close, end);
    p = inside;
    if (behind == word || (next == close && close != end)) continue;
    words.Add({word, static_cast<size_t>(behind - word)}, next, end);
    p = close;
  }
  return words.Signs();
}

}  // namespace ddb
