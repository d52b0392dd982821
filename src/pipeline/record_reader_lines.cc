// RecordReader's lines that are no message that it can read: too long, broken, or text.
#include <optional>
#include <string_view>

#include "airbyte/error_text.h"
#include "airbyte/line_skim.h"
#include "airbyte/odd_line.h"
#include "base/stream_id.h"
#include "base/text.h"
#include "items/dead_letter.h"
#include "pipeline/line_errors.h"
#include "pipeline/record_reader.h"

namespace ddb {

// ---- lines that are too long to be held

// False: the run fails here.
bool RecordReader::TakeLongLine(const SkimmedLine& line) {
  if (!line.is_whole) return FailLongLine(line);
  switch (line.kind) {
    case LineKind::kIgnored:
      NoteFailureIn(line.signs);
      NoteTrouble();  // as far as can be known: its text was not looked at
      return true;
    case LineKind::kPlain:
    case LineKind::kLogLine:
      ++odd_lines_;
      if (!line.reason.empty()) return FailLongLine(line);
      NoteTrouble();
      return PassOverText(line.signs, {});
    case LineKind::kMalformed:
      return FailLine(line.reason, nullptr);
    case LineKind::kRecord:
      return TakeLongRecord(line);
    default:
      return FailLongLine(line);
  }
}

// It can be skipped and counted. False: the run fails here.
bool RecordReader::TakeLongRecord(const SkimmedLine& line) {
  const StreamRef named{line.stream->ns, line.stream->name};
  if (!line.reason.empty()) return TakeBadRecord(named, line.reason, kDeadLetterNothing, {});
  if (!run_.plan.skip_rejected) return FailLongLine(line);
  const std::optional<StreamNo> stream = finder_.Find(named);
  if (!stream) return FailUnknownStream(named);
  progress_.read.Add(1);
  return RejectRecord(*stream, kTooLong, kDeadLetterNothing, {});
}

// Always false: the run fails here.
bool RecordReader::FailLongLine(const SkimmedLine& line) {
  if (line.kind == LineKind::kPlain || line.kind == LineKind::kLogLine) {
    return Fail(OtherInputError(line_number_, line.reason));
  }
  std::optional<StreamId> of;
  if (line.stream) of = finder_.Shown({line.stream->ns, line.stream->name});
  return Fail(LongLineError(line_number_, line, of ? &*of : nullptr, run_.budget.limit(),
                            of && !run_.plan.skip_rejected));
}

// ---- lines that are no message

bool RecordReader::TakePlainLine(std::string_view line) {
  ++odd_lines_;
  const OddLine odd = LookAtPlainLine(line, line_number_ == 1);
  if (odd.kind != OddLine::Kind::kText) return TakeOddLine(odd);
  return PassOverText(odd.signs, line);
}

// Always true.
bool RecordReader::PassOverText(const MessageSigns& signs, std::string_view line) {
  NoteFailureIn(signs);
  if (SoundsLikeAnError(line)) NoteTrouble();
  input_.passed_over.NoteText(line_number_, signs.state);
  return true;
}

// What the source says of itself counts also where it is no whole message, or stands beside something.
void RecordReader::NoteFailureIn(const MessageSigns& signs) {
  if (signs.failure) input_.statuses.NoteFailure();
}

// Records behind it are of another group, so that it can be told that they are.
void RecordReader::NoteTrouble() {
  CloseGroups();
  input_.statuses.NoteTrouble({contents_.chunk, next_index_++});
}

// Always false: the run fails here.
bool RecordReader::TakeOddLine(const OddLine& odd) {
  if (odd.kind == OddLine::Kind::kMalformed) return FailLine(odd.reason, nullptr);
  return Fail(OtherInputError(line_number_, odd.reason));
}

// It may still be a RECORD of a certain stream, in another writing. False: the run fails here.
bool RecordReader::TakeBrokenLine(Text reason, std::string_view line) {
  const OddLine odd = LookAtBrokenLine(line, reason);
  if (odd.kind == OddLine::Kind::kMalformed) {
    const SkimmedLine skimmed = Skim(line);
    if (skimmed.kind == LineKind::kRecord && !skimmed.reason.empty()) {
      return TakeBadRecord({skimmed.stream->ns, skimmed.stream->name}, skimmed.reason, kDeadLetterLine, line);
    }
  }
  return TakeOddLine(odd);
}

}  // namespace ddb
