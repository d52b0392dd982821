#include "airbyte/message_signs.h"

#include "airbyte/written_names.h"
#include "base/text.h"

namespace ddb {
namespace {

// "connection_status"; a longer word is none of those that matter.
constexpr size_t kMostOfAWord = 20;
// How far behind a word is looked for what tells more of it, where the text comes in pieces. Nobody lays out
// JSON with more spaces than that.
constexpr size_t kMostUndecided = 4096;
// Of a quote, as \u0022.
constexpr size_t kMostOfAQuote = 6;

constexpr bool IsLetter(char c) { return IsAlpha(c) || c == '_'; }
constexpr bool MayBeginQuote(char c) { return c == '"' || c == '\'' || c == '\\' || c == '&'; }
bool HasBrace(std::string_view text) { return text.find_first_of("{}") != std::string_view::npos; }

// Behind the quote at `p`; `p`: there is none. Some encoders write all quotes in a string as \u0022, and
// those for HTML as &quot;.
const char* BehindQuote(const char* p, const char* end) {
  if (p == end) return p;
  if (*p == '"' || *p == '\'') return p + 1;
  if (*p != '\\' && *p != '&') return p;
  const std::string_view text(p, static_cast<size_t>(end - p));
  const bool is_quote =
      text.starts_with("\\u0022") || text.starts_with("\\u0027") || text.starts_with("&quot;");
  return is_quote ? p + kMostOfAQuote : p;
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

}  // namespace

// ---- one quoted word

struct SignSearch::Quoted {
  Words::Word word;
  const char* next;  // where the next one may begin
  const char* seen;  // no byte behind it was looked at, but for a quote's
};

// `p` at what may begin a quote.
SignSearch::Quoted SignSearch::LookAt(const char* p, const char* end) {
  const char* const inside = BehindQuote(p, end);
  if (inside == p) return {{}, p + 1, p};
  const char* const word = SkipBlanks(inside, end);
  const char* behind = word;
  while (behind < end && IsLetter(*behind) && behind - word <= static_cast<ptrdiff_t>(kMostOfAWord)) ++behind;
  const auto size = static_cast<size_t>(behind - word);
  if (size == 0 || size > kMostOfAWord) return {{}, inside, behind};
  const char* const close = SkipBlanks(behind, end);
  const char* const closed = BehindQuote(close, end);
  if (closed == close && close != end) return {{}, inside, close};
  Quoted quoted{{.text = {word, size}, .may_be_key = closed == close}, close, closed};
  const char* colon = SkipQuotes(closed, end);
  quoted.seen = colon;
  if (colon == end || (*colon != ':' && *colon != '=')) return quoted;
  quoted.word.is_key = true;
  ++colon;
  if (colon < end && *colon == '>') ++colon;
  const char* const value = SkipQuotes(colon, end);  // in a string or not
  quoted.seen = value;
  quoted.word.holds = value == end;
  if (value == end || (*value != '{' && *value != '[')) return quoted;
  const char* const content = SkipQuotes(value + 1, end);
  quoted.seen = content;
  quoted.word.holds = content == end || (*content != '}' && *content != ']');
  quoted.word.holds_list = *value == '[';
  return quoted;
}

// ---- what the words say together

void SignSearch::Words::Add(const Word& word) {
  const std::string letters = Letters(word.text);
  if (word.is_key) {
    AddKey(letters, word);
  } else {
    AddValue(letters, word);
  }
  is_type_next_ = word.is_key && letters == "TYPE";
}

void SignSearch::Words::AddKey(std::string_view letters, const Word& word) {
  emitted_at_ |= letters == "EMITTEDAT";
  connection_status_ |= letters == "CONNECTIONSTATUS";
  if (!word.holds) return;
  record_ |= letters == "RECORD";
  fields_ |= letters == "FIELDS" && word.holds_list;
  data_ |= letters == "DATA";
  trace_ |= letters == "TRACE";
  error_ |= letters == "ERROR";
}

void SignSearch::Words::AddValue(std::string_view letters, const Word& word) {
  record_ |= word.may_be_key && letters == "RECORD";
  if (word.text == "RECORD") (is_type_next_ ? record_type_ : record_) = true;
  state_ |= is_type_next_ && letters == "STATE";
  trace_ |= letters == "TRACE";
  error_ |= letters == "ERROR";
  fatal_ |= letters == "FATAL" || letters == "INCOMPLETE";
  connection_status_ |= letters == "CONNECTIONSTATUS";
  failed_ |= letters == "FAILED";
}

MessageSigns SignSearch::Words::Signs() const {
  const bool is_schema = fields_ && !emitted_at_;
  return {.record = HoldRecord() || (record_type_ && !is_schema),
          .schema = record_type_ && is_schema,
          .state = state_,
          .failure = fatal_ || (trace_ && error_) || (connection_status_ && failed_)};
}

// ---- a text

// How much of it has been decided: all of the last piece.
size_t SignSearch::Read(std::string_view text, bool is_last, Words& words) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    if (!MayBeginQuote(*p)) {
      ++p;
      continue;
    }
    const Quoted quoted = LookAt(p, end);
    const auto left = static_cast<size_t>(end - p);
    const bool is_certain = static_cast<size_t>(end - quoted.seen) >= kMostOfAQuote;
    if (!is_last && !is_certain && left <= kMostUndecided) return text.size() - left;
    if (!quoted.word.text.empty()) words.Add(quoted.word);
    p = quoted.next;
  }
  return text.size();
}

void SignSearch::Feed(std::string_view piece) {
  has_brace_ = has_brace_ || HasBrace(piece);
  if (undecided_.empty()) {
    undecided_ = piece.substr(Read(piece, /*is_last=*/false, words_));
    return;
  }
  undecided_ += piece;
  undecided_.erase(0, Read(undecided_, /*is_last=*/false, words_));
}

MessageSigns SignSearch::Finish() const {
  if (!has_brace_) return {};
  Words words = words_;
  Read(undecided_, /*is_last=*/true, words);
  return words.Signs();
}

MessageSigns FindMessageSigns(std::string_view text) {
  if (!HasBrace(text)) return {};
  SignSearch search;
  search.Feed(text);
  return search.Finish();
}

}  // namespace ddb
