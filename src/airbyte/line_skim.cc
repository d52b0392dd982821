#include "airbyte/line_skim.h"

#include <algorithm>
#include <utility>

#include "airbyte/odd_line.h"
#include "airbyte/unknown_message.h"
#include "airbyte/written_names.h"
#include "base/text.h"
#include "json/escape.h"
#include "json/scan.h"
#include "json/utf8.h"

namespace ddb {
namespace {

// Of a name or a stream no more is kept: a longer one is none that the catalog knows.
constexpr size_t kMostCaptured = 64 * 1024;
// What is fed is walked, and searched while the line has no type, in such pieces.
constexpr size_t kPiece = 64 * 1024;
// Each level is a bit that is kept.
constexpr size_t kMostLevels = size_t{8} << 20;

// Of numbers and words, NaN and Infinity among them: which of them there are matters to nobody here.
constexpr bool IsScalar(char c) { return IsAlnum(c) || c == '-' || c == '+' || c == '.'; }

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
  while (p < end && state_ != State::kBroken && state_ != State::kPlain) {
    const bool was_in_text = InText();
    if (state_ == State::kString) {
      p = InString(p, end);
    } else {
      Step(*p++);
    }
    if (InText() == was_in_text) continue;
    if (was_in_text) SearchText({text, static_cast<size_t>(p - text)}, /*is_end=*/true);
    text = p;
  }
  if (InText()) SearchText({text, static_cast<size_t>(end - text)}, /*is_end=*/false);
}

bool LineSkim::InObject() const {
  return depth_ > 0 && (objects_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1) != 0;
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
  while (p < end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= ' ') ++p;
  if (is_captured_) text_.append(begin, p);
  if (text_.size() > kMostCaptured) is_captured_ = false;
  if (p == end) return p;
  if (*p == '"') {
    EndString();
  } else if (*p == '\\') {
    if (is_captured_) text_.push_back('\\');
    state_ = State::kEscape;
  } else {
    state_ = State::kBroken;
  }
  return p + 1;
}

void LineSkim::Step(char c) {
  switch (state_) {
    case State::kEscape:
      if (is_captured_) text_.push_back(c);
      hex_left_ = 4;
      state_ = c == 'u'                                                      ? State::kHex
               : std::string_view("\"\\/bfnrt").find(c) != std::string::npos ? State::kString
                                                                             : State::kBroken;
      return;
    case State::kHex:
      if (is_captured_) text_.push_back(c);
      if (HexValue(c) < 0)
        state_ = State::kBroken;
      else if (--hex_left_ == 0)
        state_ = State::kString;
      return;
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
      if (c == ']') return Close(false);
      NoteFirst();
      [[fallthrough]];
    case State::kValue:
      return BeginValue(c);
    case State::kFirstName:
      if (c == '}') return Close(true);
      NoteFirst();
      [[fallthrough]];
    case State::kName:
      if (c != '"') break;
      return BeginString(/*is_name=*/true);
    case State::kColon:
      if (c != ':') break;
      state_ = State::kValue;
      return;
    case State::kBehindValue:
      if (c == ',') {
        member_ = Member::kOther;
        state_ = InObject() ? State::kName : State::kValue;
        return;
      }
      if (c == '}' || c == ']') return Close(c == '}');
      break;
    default:  // behind the message
      break;
  }
  state_ = State::kBroken;
}

LineSkim::Member LineSkim::MemberNamed(const std::string& raw) const {
  std::string name;
  if (!is_captured_ || !json::Unescape(raw, name)) return Member::kOther;
  if (in_record_) {
    if (depth_ > 2) return Member::kOther;
    return name == "stream" ? Member::kStream : name == "namespace" ? Member::kNamespace : Member::kOther;
  }
  if (depth_ == 1) {
    if (const Member member = MemberOfMessage(name); member != Member::kOther) return member;
  }
  const std::string letters = Letters(name);
  if (depth_ == 1 || (depth_ == 2 && in_log_)) {
    if (letters == "LEVEL") return Member::kLevel;
    if (letters == "STATUS") return Member::kStatus;
  }
  if (depth_ == 2 && MeansRecord(letters)) return Member::kInnerRecord;
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
  if (captured != nullptr) *captured = {.is_there = true, .is_text = false, .is_null = c == 'n', .raw = {}};
  NoteKind(c);
  opened_ = c == '{' || c == '[' ? member_ : Member::kOther;
  if (c == '"') {
    BeginString(/*is_name=*/false);
    is_captured_ = captured != nullptr;
  } else if (c == '{' || c == '[') {
    Open(c == '{');
  } else {
    state_ = IsScalar(c) ? State::kScalar : State::kBroken;
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

void LineSkim::BeginString(bool is_name) {
  string_is_name_ = is_name;
  is_captured_ = is_name && (depth_ <= 2 || (depth_ <= kLevelsToARecord && !in_record_));
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
  if (depth_ == kMostLevels) {
    state_ = State::kBroken;
    return;
  }
  if (objects_.size() * 64 == depth_) objects_.push_back(0);
  const uint64_t bit = uint64_t{1} << (depth_ % 64);
  objects_[depth_ / 64] = is_object ? objects_[depth_ / 64] | bit : objects_[depth_ / 64] & ~bit;
  ++depth_;
  member_ = Member::kOther;
  state_ = is_object ? State::kFirstName : State::kFirstValue;
}

void LineSkim::Close(bool is_object) {
  if (InObject() != is_object) {
    state_ = State::kBroken;
    return;
  }
  --depth_;
  if (depth_ == 1) in_record_ = in_log_ = false;
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
  state_ = depth_ == 0 ? State::kDone : State::kBehindValue;
}

// Nothing where it is no text, or none that is certain.
std::optional<std::string> LineSkim::TextOf(const Captured& captured) {
  std::string text;
  if (!captured.is_text || !json::Unescape(captured.raw, text) ||
      !json::ValidUtf8(text.data(), text.data() + text.size()))
    return std::nullopt;
  return text;
}

bool LineSkim::MayBePassedOver() const {
  if (is_plain()) return !signs_.found_record() && !holds_nul_;
  if (const std::optional<std::string> type = TextOf(type_))
    return IsTypeForOthers(*type) && !HoldsAnyRecord() && !HoldsBareRecord();
  // A LOG that has its type last, or a line of a logger.
  if (has_log_ && !has_type_ && !HoldsAnyRecord() && !HoldsBareRecord()) return state_ != State::kBroken;
  return MayBeLogLine() && state_ != State::kBroken && !signs_.found_record() && !holds_record_in_text_;
}

bool LineSkim::MayBeLogLine() const {
  const bool may_be_record = HoldsAnyRecord() || has_text_of_record_ || HoldsBareRecord();
  return has_text_of_logger_ && !has_type_ && !holds_state_ && !may_be_record;
}

SkimmedLine LineSkim::Finish() const {
  SkimmedLine line;
  line.bytes = bytes_;
  const auto malformed = [&line](Text reason) {
    line.kind = LineKind::kMalformed;
    line.reason = reason;
    return line;
  };
  if (is_plain()) {
    line.signs = signs_.Finish();
    line.reason = WhyNoText(line.signs, holds_nul_);
    return line;
  }
  if (state_ == State::kLineBegin) {
    line.kind = LineKind::kBlank;
    return line;
  }
  const std::optional<std::string> type = TextOf(type_);
  const std::optional<std::string> name = TextOf(stream_);
  if (type == "RECORD" && name) line.stream = StreamId{TextOf(namespace_), *name};
  if (state_ != State::kDone) return malformed("line is not valid JSON");
  if (type == "RECORD") {
    if (has_two_records_ || holds_odd_record_) return malformed(kTwoRecords);
    if (has_two_streams_) return malformed(kMemberTwice);
    if (!record_is_object_) return malformed("record is not an object");
    if (!name) return malformed("record.stream is missing or not text");
    if (!line.stream->ns && !namespace_.is_null) return malformed("record.namespace is not text");
    line.kind = LineKind::kRecord;
    return line;
  }
  if (!type && MayBeLogLine()) {
    line.kind = LineKind::kLogLine;
    line.signs = signs_.Finish();
    if (line.signs.record) line.reason = kRecordInObject;
    if (holds_record_in_text_) line.reason = kMessageInString;
    return line;
  }
  if (!type) return malformed("line is not an Airbyte message");
  if (HoldsAnyRecord() || (IsTypeForOthers(*type) && HoldsBareRecord()))
    return malformed(kRecordInAnotherType);
  line.signs.failure = says_failed_;
  line.kind = *type == "STATE"         ? LineKind::kState
              : IsTypeForOthers(*type) ? LineKind::kIgnored
                                       : LineKind::kUnknown;
  return line;
}

SkimmedLine Skim(std::string_view line, bool is_first) {
  LineSkim skim;
  skim.Feed(line);
  SkimmedLine skimmed = skim.Finish();
  if (skimmed.kind == LineKind::kPlain && skimmed.reason.empty()) skimmed.reason = OtherForm(line, is_first);
  return skimmed;
}

}  // namespace ddb
