// LineSkim: what a line is whose bytes are not kept, for whose parsing there is no room, or that is no JSON:
// a message, or a line of a log, that is longer than the memory allows. It is fed piece by piece while the
// line is read, and holds the few names that tell what the line is, wherever in it they stand. It walks every
// token, so that a line that is broken is taken for one record only where it is certain what belongs to which
// part of it, and two that lost the newline between them never; other writings than JSON's are walked too
// (Python's, Ruby's and JavaScript's). As long as the line may be text, it looks for the signs of a message
// in it. Where it cannot look as closely as MessageParser does, it passes over less. Used by ChunkReader,
// under the read token, and by workers, for lines that are long or broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "airbyte/line_shape.h"
#include "airbyte/message.h"
#include "airbyte/message_signs.h"
#include "airbyte/skim_state.h"
#include "base/literal.h"
#include "base/stream_id.h"

namespace ddb {

struct SkimmedLine {
  LineKind kind = LineKind::kPlain;  // as MessageParser has it; every TRACE is kUnknown: it was not looked at
  std::optional<StreamId> stream;    // of a kRecord: certain; else what a RECORD's line has said so far
  Text reason;                       // kMalformed; kPlain, kLogLine: why it is not to be passed over, if so;
                                     // kRecord: why it is bad by itself, if so
  MessageSigns signs;                // kPlain, kLogLine; kIgnored: whether the source says that it has failed
  uint64_t bytes = 0;                // of it so far, without its newline
  bool is_whole = true;              // it was read to its end
  uint64_t needs = 0;                // bytes of memory budget that it would have had room in; 0: not known
};

class LineSkim {
 public:
  void Feed(std::string_view bytes);
  // Of what was fed, as the whole line.
  SkimmedLine Finish() const;
  // So far it is what a destination passes over: a LOG, or text.
  bool MayBePassedOver() const;
  bool is_plain() const { return state_ == State::kPlain; }

 private:
  using State = SkimState;
  using Member = SkimMember;
  struct Captured {
    bool is_there = false;
    bool is_text = false;
    bool is_null = true;  // or absent
    std::string raw;      // inside its quotes
  };

  void Walk(std::string_view piece);
  const char* InString(const char* p, const char* end);
  void Step(char c);
  void SearchText(std::string_view part, bool is_end);
  bool InText() const;
  void BeginValue(char c);
  void BeginString(bool is_name, char quote);
  void BeginName(char c);
  void EndString();
  void Break(char c);
  void StepInBroken(char c);
  void Open(bool is_object);
  void Close(char c);
  void EndValue();
  void SearchValue(const char* begin, const char* end);
  void NoteFirst();
  Member MemberNamed(const std::string& raw) const;
  Member MemberOfMessage(std::string_view name) const;
  void NoteKind(char c);
  Captured* CapturedOf(Member member);
  bool HoldsAnyRecord() const { return holds_record_ || holds_odd_record_ || holds_inner_record_; }
  bool HoldsBareRecord() const { return has_bare_stream_ && has_bare_data_; }
  bool MayBeLogLine() const;
  bool IsCertainRecord(const SkimmedLine& line) const;
  bool IsNull(char c) const { return c == 'n' || (c == 'N' && is_broken_); }  // Python's too
  static std::optional<std::string> TextOf(const Captured& captured);

  State state_ = State::kLineBegin;
  uint64_t bytes_ = 0;
  OpenLevels levels_;
  bool string_is_name_ = false;
  char quote_ = '"';
  int hex_left_ = 0;
  bool is_captured_ = false;  // the string that is being read
  std::string text_;          // it
  Member member_ = Member::kOther;

  Captured type_;
  Captured stream_;
  Captured namespace_;
  Captured word_;           // of kLevel, kStatus and a kRecord that is text
  bool in_record_ = false;  // within the object of the line's member
  bool in_log_ = false;     // or of its connectionStatus
  bool record_is_object_ = false;
  bool has_record_ = false;          // a member `record` that is no null
  bool holds_record_ = false;        // one that is not empty
  bool has_two_records_ = false;     // several
  bool has_two_streams_ = false;     // it, or namespaces
  bool holds_odd_record_ = false;    // one in another writing, an object or a list
  bool holds_inner_record_ = false;  // one level down
  bool has_bare_stream_ = false;
  bool has_bare_data_ = false;
  Member opened_ = Member::kOther;  // the object or list that was begun last
  SignSearch signs_;                // of a line that has no type so far
  SignSearch text_signs_;           // the same of the text that is being read
  bool text_is_begun_ = false;
  bool holds_record_in_text_ = false;
  bool holds_nul_ = false;
  bool has_type_ = false;  // in whatever writing
  bool has_log_ = false;
  bool has_text_of_logger_ = false;
  bool has_text_of_record_ = false;
  bool holds_state_ = false;
  bool says_failed_ = false;

  // Of a record's member: whether it is read now, and what is looked for in it in case the line is broken.
  bool in_value_ = false;
  SignSearch value_signs_;
  bool holds_record_in_value_ = false;
  std::optional<BrokenValue> broken_;
  bool is_broken_ = false;
  bool is_other_writing_ = false;
  bool has_other_ = false;  // an object or a list in a member that is not the record
};

// Of a line that is held. `is_first`: of the input.
SkimmedLine Skim(std::string_view line, bool is_first = false);

}  // namespace ddb
