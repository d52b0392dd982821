#include "airbyte/line_skim.h"

#include <algorithm>
#include <utility>

#include "airbyte/unknown_message.h"
#include "airbyte/written_names.h"
#include "base/text.h"
#include "json/escape.h"
#include "json/scan.h"

namespace ddb {
namespace {

// Of a name or a stream no more is kept: a longer one is none that the catalog knows.
constexpr size_t kMostCaptured = 64 * 1024;
// What is fed is walked, and searched while the line has no type, in such pieces.
constexpr size_t kPiece = 64 * 1024;
// Where a record's members have their values.
constexpr size_t kLevelsOfARecord = 2;

// Of numbers and words, NaN and Infinity among them: which of them there are matters to nobody here.
constexpr bool IsScalar(char c) { return IsAlnum(c) || c == '-' || c == '+' || c == '.'; }
constexpr bool IsOfBareName(char c) { return IsAlnum(c) || c == '_'; }

}  // namespace

void LineSkim::Feed(std::string_view bytes) {
  bytes_ += bytes.size();
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPiece))) {
    const std::string_view piece = bytes.substr(0, kPiece);
    Walk(piece);
    if (is_plain()) holds_nul_ = holds_nul_ || piece.find('\0') != std::string_view::npos;
    if (!type_.is_text && state_ != State::kBroken) signs_.Feed(piece);
  }
}

void LineSkim::Walk(std::string_view piece) {
  const char* p = piece.data();
  const char* const end = p + piece.size();
  const char* text = p;  // what is not searched yet of the one that is being read
  const char* value = p;
  while (p < end && state_ != State::kBroken && state_ != State::kPlain) {
    const bool was_in_text = InText();
    const bool was_in_value = in_value_;
    const char* const at = p;
    if (state_ == State::kString) {
      p = InString(p, end);
    } else {
      Step(*p++);
    }
    if (in_value_ && !was_in_value) value = at;
    if (!in_value_ && was_in_value) SearchValue(value, p);
    if (InText() == was_in_text) continue;
    if (was_in_text) SearchText({text, static_cast<size_t>(p - text)}, /*is_end=*/true);
    text = p;
  }
  if (InText()) SearchText({text, static_cast<size_t>(end - text)}, /*is_end=*/false);
  if (in_value_ && state_ != State::kBroken) SearchValue(value, end);
}

bool LineSkim::InText() const {
  return !string_is_name_ && (state_ == State::kString || state_ == State::kEscape || state_ == State::kHex);
}

// A text is searched by itself too: its braces are not the line's, and what is torn may end with it.
void LineSkim::SearchText(std::string_view part, bool is_end) {
  if (type_.is_text) return;
  const bool is_whole = !std::exchange(text_is_begun_, !is_end) && is_end;
  if (is_whole && part.find_first_of("{}[<(") == std::string_view::npos) return;  // no sign is without one
  text_signs_.Feed(part);
  if (!is_end) return;
  holds_record_in_text_ |= text_signs_.Finish().record;
  text_signs_ = SignSearch();
}

// Up to what is no plain byte of a string, and over it.
const char* LineSkim::InString(const char* p, const char* end) {
  const char* const begin = p;
  while (p < end && *p != quote_ && *p != '\\' && static_cast<unsigned char>(*p) >= ' ') ++p;
  if (is_captured_) text_.append(begin, p);
  if (text_.size() > kMostCaptured) is_captured_ = false;
  if (p == end) return p;
  if (*p == quote_) {
    EndString();
  } else if (*p == '\\') {
    if (is_captured_) text_.push_back('\\');
    state_ = State::kEscape;
  } else {
    Break(*p);
  }
  return p + 1;
}

void LineSkim::Step(char c) {
  switch (state_) {
    case State::kEscape:
      if (is_captured_) text_.push_back(c);
      hex_left_ = 4;
      if (quote_ == '\'') {  // by another language's rules: what it says is not looked at
        is_captured_ = false;
        state_ = State::kString;
      } else if (c == 'u') {
        state_ = State::kHex;
      } else if (std::string_view("\"\\/bfnrt").find(c) != std::string::npos) {
        state_ = State::kString;
      } else {
        Break(c);
      }
      return;
    case State::kHex:
      if (is_captured_) text_.push_back(c);
      if (HexValue(c) < 0)
        Break(c);
      else if (--hex_left_ == 0)
        state_ = State::kString;
      return;
    case State::kBrokenValue:
      return StepInBroken(c);
    case State::kBareName:
      if (IsOfBareName(c)) {
        if (text_.size() < kMostCaptured) text_.push_back(c);
        return;
      }
      EndString();
      break;
    case State::kScalar:
      if (IsScalar(c)) return;
      EndValue();
      break;
    default:
      break;
  }
  if (json::IsWhitespace(c)) return;
  switch (state_) {
    case State::kLineBegin:
      state_ = c == '{' ? State::kValue : State::kPlain;
      if (c == '{') BeginValue(c);
      return;
    case State::kFirstValue:
      if (c == ']') return Close(c);
      NoteFirst();
      [[fallthrough]];
    case State::kValue:
      return BeginValue(c);
    case State::kFirstName:
      if (c == '}') return Close(c);
      NoteFirst();
      [[fallthrough]];
    case State::kName:
      return BeginName(c);
    case State::kColon:
      if (c != ':' && c != '=') break;
      state_ = c == ':' ? State::kValue : State::kArrow;
      is_broken_ |= c == '=';
      is_other_writing_ |= c == '=' && levels_.depth() <= kLevelsOfARecord;
      return;
    case State::kArrow:
      if (c != '>') break;
      state_ = State::kValue;
      return;
    case State::kBehindValue:
      if (c == ',') {
        member_ = Member::kOther;
        state_ = levels_.top_is_object() ? State::kName : State::kValue;
        return;
      }
      if (c == '}' || c == ']') return Close(c);
      break;
    default:  // behind the message
      break;
  }
  Break(c);
}

LineSkim::Member LineSkim::MemberNamed(const std::string& raw) const {
  std::string name;
  if (!is_captured_ || !json::Unescape(raw, name)) return Member::kOther;
  if (in_record_) {
    if (levels_.depth() > 2) return Member::kOther;
    return name == "stream" ? Member::kStream : name == "namespace" ? Member::kNamespace : Member::kOther;
  }
  if (levels_.depth() == 1) {
    if (const Member member = MemberOfMessage(name); member != Member::kOther) return member;
  }
  const std::string letters = Letters(name);
  if (levels_.depth() == 1 || (levels_.depth() == 2 && in_log_)) {
    if (letters == "LEVEL") return Member::kLevel;
    if (letters == "STATUS") return Member::kStatus;
  }
  if (levels_.depth() == 2 && MeansRecord(letters)) return Member::kInnerRecord;
  return letters == "STREAM"                        ? Member::kBareStream
         : letters == "DATA" || letters == "RECORD" ? Member::kBareData
                                                    : Member::kOther;
}

LineSkim::Member LineSkim::MemberOfMessage(std::string_view name) const {
  if (name == "type") return Member::kType;
  if (name == "record") return Member::kRecord;
  if (name == "log") return Member::kLog;
  if (IsTextOfALogger(name, '"')) return Member::kTextOfALogger;
  const std::string letters = Letters(name);
  return MeansRecord(letters)            ? Member::kOddRecord
         : letters == "TYPE"             ? Member::kOddType
         : letters == "STATE"            ? Member::kState
         : letters == "LOG"              ? Member::kWords
         : letters == "CONNECTIONSTATUS" ? Member::kWords
                                         : Member::kOther;
}

LineSkim::Captured* LineSkim::CapturedOf(Member member) {
  switch (member) {
    case Member::kType:
      return &type_;
    case Member::kStream:
      return &stream_;
    case Member::kNamespace:
      return &namespace_;
    case Member::kLevel:
    case Member::kStatus:
    case Member::kRecord:  // a text in its place
      return &word_;
    default:
      return nullptr;
  }
}

void LineSkim::BeginValue(char c) {
  Captured* const captured = CapturedOf(member_);
  if (captured == &stream_ || captured == &namespace_)
    has_two_streams_ |= std::exchange(captured->is_there, true);
  if (captured != nullptr) *captured = {.is_there = true, .is_text = false, .is_null = IsNull(c), .raw = {}};
  // A stream's name holds no other record, whatever it is called.
  const bool names_stream = member_ == Member::kStream || member_ == Member::kNamespace;
  if (levels_.depth() == kLevelsOfARecord && in_record_) in_value_ = !names_stream;
  has_other_ |= levels_.depth() == 1 && (c == '{' || c == '[') && member_ != Member::kRecord;
  NoteKind(c);
  opened_ = c == '{' || c == '[' ? member_ : Member::kOther;
  if (c == '"' || c == '\'') {
    BeginString(/*is_name=*/false, c);
    is_captured_ = captured != nullptr;
  } else if (c == '{' || c == '[') {
    Open(c == '{');
  } else if (IsScalar(c)) {
    state_ = State::kScalar;
  } else {
    Break(c);
  }
}

// What a value tells of the line by how it begins.
void LineSkim::NoteKind(char c) {
  switch (member_) {
    case Member::kRecord:  // the last one counts
      record_is_object_ = c == '{';
      has_two_records_ |= has_record_ && c != 'n';
      has_record_ |= c != 'n';
      has_text_of_record_ |= c == '"';
      holds_record_ |=
          IsScalar(c) && c != 'n' && c != 'f';  // the others as soon as there is something in them
      in_record_ = record_is_object_;
      stream_ = namespace_ = {};
      has_two_streams_ = false;
      break;
    case Member::kOddRecord:
      has_text_of_record_ |= c == '"';
      break;
    case Member::kType:
    case Member::kOddType:
      has_type_ = true;
      break;
    case Member::kLog:
    case Member::kTextOfALogger:
    case Member::kWords:
      has_text_of_logger_ |= c == '"' && member_ != Member::kWords;
      in_log_ = c == '{' && member_ != Member::kTextOfALogger;
      has_log_ |= in_log_;
      break;
    case Member::kBareStream:
      has_bare_stream_ |= c == '"';
      break;
    case Member::kBareData:
      has_bare_data_ |= c == '{';
      break;
    default:
      break;
  }
}

void LineSkim::BeginString(bool is_name, char quote) {
  string_is_name_ = is_name;
  quote_ = quote;
  is_broken_ |= quote == '\'';
  is_captured_ = is_name && (levels_.depth() <= 2 || (levels_.depth() <= kLevelsToARecord && !in_record_));
  text_.clear();
  state_ = State::kString;
}

void LineSkim::EndString() {
  if (string_is_name_) {
    member_ = MemberNamed(text_);
    state_ = State::kColon;
    return;
  }
  Captured* const captured = CapturedOf(member_);
  if (captured != nullptr && is_captured_)
    *captured = {.is_there = true, .is_text = true, .is_null = false, .raw = text_};
  holds_record_ |= member_ == Member::kRecord && !text_.empty();
  says_failed_ |= member_ == Member::kLevel && Letters(text_) == "FATAL";
  says_failed_ |= member_ == Member::kStatus && Letters(text_) == "FAILED";
  EndValue();
}

void LineSkim::Open(bool is_object) {
  if (!levels_.Push(is_object)) {
    state_ = State::kBroken;
    return;
  }
  member_ = Member::kOther;
  state_ = is_object ? State::kFirstName : State::kFirstValue;
}

void LineSkim::Close(char c) {
  if (levels_.top_is_object() != (c == '}')) return Break(c);
  levels_.Pop();
  if (levels_.depth() == 1) in_record_ = in_log_ = false;
  EndValue();
}

void LineSkim::NoteFirst() {
  holds_record_ |= opened_ == Member::kRecord;
  holds_odd_record_ |= opened_ == Member::kOddRecord;
  holds_inner_record_ |= opened_ == Member::kInnerRecord;
  holds_state_ |= opened_ == Member::kState;
  has_bare_data_ |= opened_ == Member::kBareData;
}

void LineSkim::EndValue() {
  member_ = Member::kOther;
  if (levels_.depth() <= kLevelsOfARecord) in_value_ = false;
  state_ = levels_.depth() == 0 ? State::kDone : State::kBehindValue;
}

// ---- what is no JSON

// In whatever writing: the quotes and the sign behind it differ.
void LineSkim::BeginName(char c) {
  if (c == '}') {  // behind a comma
    is_broken_ = true;
    return Close(c);
  }
  if (c != '"' && c != '\'' && !IsOfBareName(c)) return Break(c);
  is_other_writing_ |= c != '"' && levels_.depth() <= kLevelsOfARecord;
  BeginString(/*is_name=*/true, c == '\'' ? c : '"');
  if (c == '"' || c == '\'') return;
  is_broken_ = true;
  text_.push_back(c);
  state_ = State::kBareName;
}

// At a byte that may not stand there. Within a member of the record it is that record's alone, as long as it
// is certain where the member ends.
void LineSkim::Break(char c) {
  if (!in_value_) {
    state_ = State::kBroken;
    return;
  }
  const bool in_text = state_ == State::kString || state_ == State::kEscape || state_ == State::kHex;
  const bool is_begun = in_text || levels_.depth() > kLevelsOfARecord;
  broken_.emplace(kLevelsOfARecord, in_text ? quote_ : '\0', state_ == State::kEscape, is_begun);
  is_broken_ = true;
  state_ = State::kBrokenValue;
  StepInBroken(c);
}

void LineSkim::StepInBroken(char c) {
  switch (broken_->Step(c, levels_)) {
    case BrokenValue::Is::kGoesOn:
      return;
    case BrokenValue::Is::kOver:
      return EndValue();
    case BrokenValue::Is::kOverBefore:
      EndValue();
      return Step(c);
    case BrokenValue::Is::kUncertain:
      state_ = State::kBroken;
      return;
  }
}

void LineSkim::SearchValue(const char* begin, const char* end) {
  value_signs_.Feed({begin, static_cast<size_t>(end - begin)});
  if (in_value_) return;
  holds_record_in_value_ |= value_signs_.Finish().record;
  value_signs_ = SignSearch();
}

}  // namespace ddb
