#include "airbyte/message_signs.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "airbyte/written_names.h"
#include "base/text.h"

namespace ddb {
namespace {

// How far behind a word is looked for what tells more of it, where the text comes in pieces. Nobody lays out
// JSON with more spaces than that.
constexpr size_t kMostUndecided = 4096;
// Objects in each other that are told apart; what lies deeper counts as one.
constexpr size_t kMostScopes = 64;
// Of a name that is cut off: fewer letters may be anything's.
constexpr size_t kFewestOfRecord = 3;

constexpr std::string_view kRecord = "RECORD";

bool HasBrace(std::string_view text) { return text.find_first_of("{}") != std::string_view::npos; }

bool IsOfARecord(std::string_view letters) {
  constexpr std::array<std::string_view, 7> kMembers = {"STREAM", "NAMESPACE",     "DATA", "EMITTEDAT",
                                                        "META",   "FILEREFERENCE", "FILE"};
  return std::ranges::find(kMembers, letters) != std::end(kMembers);
}

}  // namespace

// ---- what words and braces say together

void SignSearch::Found::Open(bool is_brace) {
  const bool is_record = std::exchange(next_is_record_, false) && is_brace;
  if (scopes_.size() == kMostScopes) {
    ++too_deep_;
    return;
  }
  Scope& scope = scopes_.emplace_back();
  scope.is_list = !is_brace;
  scope.is_record = is_record;
}

// A bracket may also stand in a text: one that closes no list does, and one that an object's end leaves open
// did.
void SignSearch::Found::Close(bool is_brace) {
  if (too_deep_ > 0) {
    --too_deep_;
    return;
  }
  if (!is_brace && scopes_.size() > 1 && !scopes_.back().is_list) return;
  while (is_brace && scopes_.size() > 1 && scopes_.back().is_list) scopes_.pop_back();
  record_ = record_ || EndsAsRecord(scopes_.back());
  if (scopes_.size() > 1) {
    scopes_.pop_back();
  } else {
    ends_more_ = true;
    scopes_.back() = {};
  }
}

// What no further word in it has told otherwise.
bool SignSearch::Found::EndsAsRecord(const Scope& scope) {
  return (scope.is_record && !scope.has_other) || (scope.type_record && !scope.column);
}

void SignSearch::Found::Add(const Word& word) {
  if (word.is_name()) {
    AddName(word, Letters(word.text));
  } else if (word.is_quoted) {
    AddWord(word, Letters(word.text));
  } else if (word.text == "AirbyteRecordMessage") {
    record_class_ = true;
  }
}

void SignSearch::Found::AddName(const Word& word, std::string_view letters) {
  next_is_record_ = false;
  Scope& scope = scopes_.back();
  AddPart(word, letters, scope);
  if (letters == "TYPE") AddType(word, scope);
  scope.column |=
      letters == "NAME" || letters == "MODE" || (letters == "FIELDS" && word.value == WordsValue::kList);
  if (!word.is_quoted) return AddOfRepr(word, letters);
  scope.has_other |= !IsOfARecord(letters) || (word.value == WordsValue::kOther && letters != "EMITTEDAT");
  scope.has_other |= letters != "STREAM" && letters != "NAMESPACE" && word.value == WordsValue::kText;
  connection_status_ |= letters == "CONNECTIONSTATUS";
  if (letters == kRecord && word.holds()) {
    next_is_record_ = word.is_brace || word.value == WordsValue::kCut;
  }
  trace_ |= letters == "TRACE" && word.holds();
  is_trace_ |= letters == "TRACE" && word.holds();
  error_ |= letters == "ERROR" && word.holds();
  Judge(scope);
}

// Of a name in whatever writing: what is told of it by what stands beside it.
void SignSearch::Found::AddPart(const Word& word, std::string_view letters, Scope& scope) {
  const bool is_container = word.value == WordsValue::kObject || word.value == WordsValue::kList;
  if (letters == "DATA") {
    data_ |= word.holds();
    scope.data |= word.value == WordsValue::kObject || word.holds();
  } else if (letters == "EMITTEDAT") {
    emitted_at_ = scope.emitted_at = true;
    ends_in_emitted_at_ |= word.is_quoted && scopes_.size() == 1;
  } else if (letters == kRecord) {
    scope.record |= is_container || word.value == WordsValue::kText;
    scope.held_record |= word.holds();
  } else if (letters == "STREAM" && word.is_quoted) {
    scope.stream |= word.value == WordsValue::kText || word.value == WordsValue::kCut;
  }
  record_ |= (data_ && emitted_at_) || (scope.data && scope.emitted_at);
}

void SignSearch::Found::AddType(const Word& word, Scope& scope) {
  const std::string value = Letters(word.of_value);
  const bool is_whole = word.of_value == kRecord;
  const bool is_begun = word.is_value_cut && !word.of_value.empty() && kRecord.starts_with(word.of_value);
  enum_ |= word.is_enum;
  record_ |= word.is_enum && is_whole;
  const bool is_members = word.is_quoted || scopes_.size() > 1;  // else it is prose
  scope.type_record |= is_members && word.value == WordsValue::kText && (is_whole || is_begun);
  scope.type_like_record |= value == kRecord;
  state_ |= word.value == WordsValue::kText && value == "STATE";
  is_trace_ |= value == "TRACE";
  record_ |= scope.type_like_record && scope.record;
}

// Of a name without quotes, as languages show their objects: what stands together there only.
void SignSearch::Found::AddOfRepr(const Word& word, std::string_view letters) {
  const Scope& scope = scopes_.back();
  record_ |= scope.type_like_record && scope.record;
  if (!record_class_) return;
  record_ |= letters == "STREAM" && word.value == WordsValue::kText;
  record_ |= letters == "DATA" && word.holds();
}

void SignSearch::Found::Judge(const Scope& scope) {
  record_ |= scope.stream && (scope.data || scope.held_record);
  record_ |= (scope.type_record || scope.type_like_record) && (scope.data || scope.record);
  record_ |= scope.is_record && (scope.stream || scope.data || scope.emitted_at);
}

// Of a word in quotes that is no name.
void SignSearch::Found::AddWord(const Word& word, std::string_view letters) {
  cut_record_ |= word.is_cut && letters.size() >= kFewestOfRecord && kRecord.starts_with(letters);
  trace_ |= letters == "TRACE";
  error_ |= letters == "ERROR";
  fatal_ |= letters == "FATAL" || letters == "INCOMPLETE";
  connection_status_ |= letters == "CONNECTIONSTATUS";
  failed_ |= letters == "FAILED";
}

MessageSigns SignSearch::Found::Signs(bool has_brace) const {
  bool record = record_ || next_is_record_ || cut_record_ ||
                (may_be_torn_ && ends_more_ && ends_in_emitted_at_ && !is_trace_);
  for (const Scope& scope : scopes_) record = record || EndsAsRecord(scope);
  if (!has_brace && !enum_) return {.record = record_};
  return {.record = record,
          .state = state_,
          .failure = fatal_ || (trace_ && error_) || (connection_status_ && failed_)};
}

// ---- a text

// How much of it has been decided: all of the last piece.
size_t SignSearch::Read(std::string_view text, bool is_last, Found& found, bool& in_word) const {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    if (*p == '{' || *p == '[') found.Open(*p == '{');
    if (*p == '}' || *p == ']') found.Close(*p == '}');
    if (!MayBeginQuote(*p) && (in_word || !IsLetterOfAWord(*p))) {
      in_word = IsAlnum(*p) || *p == '_';
      ++p;
      continue;
    }
    const Word word = LookAtWord(p, end);
    const auto left = static_cast<size_t>(end - p);
    const bool is_certain = static_cast<size_t>(end - word.seen) >= kMostOfAQuote;
    if (!is_last && !is_certain && left <= kMostUndecided) return text.size() - left;
    if (!word.text.empty()) found.Add(word);
    in_word = !MayBeginQuote(*p) || !word.text.empty();
    p = word.next;
  }
  return text.size();
}

void SignSearch::Feed(std::string_view piece) {
  has_brace_ = has_brace_ || HasBrace(piece);
  if (undecided_.empty()) {
    undecided_ = piece.substr(Read(piece, /*is_last=*/false, found_, in_word_));
    return;
  }
  undecided_ += piece;
  undecided_.erase(0, Read(undecided_, /*is_last=*/false, found_, in_word_));
}

MessageSigns SignSearch::Finish() const {
  Found found = found_;
  bool in_word = in_word_;
  Read(undecided_, /*is_last=*/true, found, in_word);
  return found.Signs(has_brace_);
}

MessageSigns FindMessageSigns(std::string_view text, bool is_json) {
  SignSearch search(is_json);
  search.Feed(text);
  return search.Finish();
}

}  // namespace ddb
