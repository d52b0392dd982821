#include "pipeline/record_reader.h"

#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <utility>

#include "base/text.h"
#include "items/dead_letter.h"
#include "json/mend.h"
#include "json/padding.h"
#include "pipeline/line_errors.h"
#include "pipeline/state_checkpoint.h"

namespace ddb {
namespace {

// In memory, beside the group: its places in maps, reference counts, the allocator's part. Bytes.
constexpr size_t kGroupOverhead = sizeof(RecordGroup) + 250;

}  // namespace

// ---- chunks and lines

RecordReader::RecordReader(RunContext& run, const Input& input, MessageWriter& writer, Batcher& batcher,
                           Settlement& settlement, Progress& progress)
    : run_(run),
      input_(input),
      writer_(writer),
      settlement_(settlement),
      progress_(progress),
      finder_(run.plan, input.streams, input.by_name_only, writer),
      open_groups_(run.plan.streams.size(), nullptr),
      draft_(run.plan, batcher),
      unsaid_(run.plan.streams.size()) {
  for (const StreamNo stream : input.replacements.Silent()) unsaid_[stream] = Replacements::Word::kAny;
}

RecordReader::Outcome RecordReader::Read(Chunk& chunk, size_t longest_letter) {
  chunk_ = &chunk;
  now_ = run_.clock.Now();
  longest_letter_ = longest_letter;
  next_index_ = 0;
  contents_ = {};
  contents_.chunk = chunk.sequence;
  words_.clear();
  line_number_ = chunk.first_line;
  odd_lines_ = unknown_lines_ = 0;
  if (chunk.too_long) {
    contents_.whole = TakeLongLine(*chunk.too_long);
    ++line_number_;
  }
  const char* line = chunk.bytes.get();
  const char* const end = line + chunk.size;
  while (line < end && contents_.whole) {
    const void* newline = std::memchr(line, '\n', static_cast<size_t>(end - line));
    line_end_ = newline ? static_cast<const char*>(newline) : end;
    if (!ReadLine({line, static_cast<size_t>(line_end_ - line)})) {
      contents_.whole = false;
      break;
    }
    line = line_end_ + 1;
    ++line_number_;
  }
  CloseGroups();
  input_.statuses.NoteWork(contents_);
  const uint64_t lines = line_number_ - chunk.first_line;
  if (odd_lines_ < lines) input_.passed_over.NoteMessages();
  if (odd_lines_ + unknown_lines_ < lines) input_.passed_over.NoteKnownMessages();

  const bool has_checkpoints = !contents_.checkpoints.empty();
  Status registered = run_.ledger.Register(std::move(contents_));
  if (!registered.ok()) run_.state.Fail(std::move(registered).error().At("registering a chunk of the input"));
  if (!input_.replacements.done()) input_.replacements.Said(chunk.sequence, words_);
  return has_checkpoints ? Outcome::kReadCheckpoints : Outcome::kRead;
}

// False: the run fails here.
bool RecordReader::ReadLine(std::string_view line) {
  data_ = nullptr;
  line = WithoutBom(line);  // wherever files that begin with one were put together
  const ParsedLine parsed = parser_.Parse(line, *this);
  if (parsed.kind == LineKind::kRecord) return FinishRecord(parsed.record);
  draft_.Discard();
  if (parsed.says_error) NoteTrouble();
  switch (parsed.kind) {
    case LineKind::kState:
      return AddState(parsed, line);
    case LineKind::kStreamStatus:
      return NoteStatus(parsed.status_stream, parsed.status);
    case LineKind::kSourceError:
      input_.statuses.NoteFailure();
      return true;
    case LineKind::kMalformed:
      if (parsed.has_stream_for_error) {
        return TakeBadRecord(parsed.record.stream, parsed.reason, kDeadLetterLine, line);
      }
      return TakeBrokenLine(parsed.reason, line);
    case LineKind::kUnknown:
      ++unknown_lines_;
      NoteFailureIn(FindMessageSigns(line));
      input_.passed_over.NoteType(line_number_, parsed.type);
      return true;
    case LineKind::kPlain:
      return TakePlainLine(line);
    case LineKind::kLogLine:
      ++odd_lines_;
      return PassOverText(FindMessageSigns(line), line);
    case LineKind::kBlank:
      ++odd_lines_;
      return true;
    default:
      return true;
  }
}

// ---- records

const char* RecordReader::OnData(const char* p, const char* end, const RecordFields& seen) {
  data_ = p;
  data_end_ = end;
  return Encode(seen.has_stream ? finder_.Find(seen.stream) : std::nullopt);
}

// Where data ends; nullptr if it is not valid.
const char* RecordReader::Encode(std::optional<StreamNo> stream) {
  draft_.Begin(stream, now_);
  const StreamEncoding* const encoding = stream ? &input_.encodings[*stream] : nullptr;
  const char* const next = encoder_.EncodeData(data_, data_end_, encoding, draft_.out()).next;
  if (next == nullptr) {
    draft_.Discard();
  } else {
    data_end_ = next;
  }
  return next;
}

bool RecordReader::FinishRecord(const RecordFields& record) {
  const std::optional<StreamNo> stream = finder_.Find(record.stream);
  if (!stream) {
    draft_.Discard();
    return FailUnknownStream(record.stream);
  }
  // Data came before the stream, or the stream's name came twice.
  if (stream != draft_.stream()) Encode(stream);
  const RejectReason reject = encoder_.Finish({record.emitted_at, record.emitted_at_is_digits}, record.meta,
                                              input_.encodings[*stream], draft_.out());
  progress_.read.Add(1);
  if (reject != RejectReason::kNone) {
    draft_.Discard();
    return RejectRecord(*stream, RejectReasonText(reject), kDeadLetterAirbyte,
                        {data_, static_cast<size_t>(data_end_ - data_)});
  }
  NoteWord(*stream, Replacements::Word::kRecord);
  const ItemEncoder::ItemFacts& facts = encoder_.last_item();
  draft_.Keep(CountRecord(*stream, facts), facts);
  return true;
}

// Behind a record no other word matters.
void RecordReader::NoteWord(StreamNo stream, Replacements::Word::Kind kind) {
  uint8_t& unsaid = unsaid_[stream];
  if ((unsaid & kind) == 0) return;
  unsaid = kind == Replacements::Word::kRecord ? 0 : static_cast<uint8_t>(unsaid & ~kind);
  words_.push_back({stream, kind});
}

RecordGroup& RecordReader::CountRecord(StreamNo stream, const ItemEncoder::ItemFacts& facts) {
  RecordGroup& group = GroupOf(stream);
  ++group.outstanding;
  group.counts.nulled_values += facts.nulled;
  group.counts.truncated_values += facts.truncated;
  if (facts.nulled + facts.truncated > 0) {
    run_.rejections.CountChanged(stream, facts.nulled, facts.truncated);
  }
  return group;
}

// Of a line that is a RECORD of a certain stream, but one that cannot be stored. It is bad by itself, as a
// record that DynamoDB refuses is, and is skipped as that. False: the run fails here.
bool RecordReader::TakeBadRecord(const StreamRef& named, Text reason, Text format, std::string_view line) {
  const bool skipped = run_.plan.skip_rejected && reason != kComesWithAFile;
  if (!skipped) return FailLine(reason, &named);
  const std::optional<StreamNo> stream = finder_.Find(named);
  if (!stream) return FailUnknownStream(named);
  progress_.read.Add(1);
  return RejectRecord(*stream, reason, format, line);
}

// Of a record that can never be stored. False: the run fails here.
bool RecordReader::RejectRecord(StreamNo stream, Text reason, Text format, std::string_view record) {
  NoteWord(stream, Replacements::Word::kRejected);
  RecordGroup& group = GroupOf(stream);
  const std::string where = fmt::format(" in line {} of the input", line_number_);
  switch (settlement_.Reject({.stream = stream,
                              .reason = reason,
                              .where = where,
                              .format = record.size() > longest_letter_ ? kDeadLetterNothing : format,
                              .record = record.size() > longest_letter_ ? std::string_view() : record,
                              .group = &group})) {
    case Settlement::Fate::kRunFails:
      ++group.outstanding;
      return false;
    case Settlement::Fate::kSkipped:
      ++group.counts.rejected;  // the group is not the ledger's yet
      return true;
    case Settlement::Fate::kLetter:
      ++group.outstanding;
      return true;
  }
  return false;
}

// ---- groups, checkpoints, streams

RecordGroup& RecordReader::GroupOf(StreamNo stream) {
  RecordGroup*& group = open_groups_[stream];
  if (group == nullptr) {
    contents_.groups.push_back(std::make_shared<RecordGroup>());
    group = contents_.groups.back().get();
    group->stream = stream;
    group->at = {contents_.chunk, next_index_++};
    group->read = now_;
    group->charge = Charge(run_.budget, kGroupOverhead);
    streams_with_group_.push_back(stream);
  }
  return *group;
}

void RecordReader::CloseGroups() {
  for (const StreamNo stream : streams_with_group_) open_groups_[stream] = nullptr;
  streams_with_group_.clear();
}

// False: the run fails here.
bool RecordReader::AddState(const ParsedLine& parsed, std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);  // of the line's end, not of the STATE
  if (!parsed.is_json) return AddOddState(line);
  std::optional<StreamNo> stream;
  if (!FindStateStream(parsed.state, stream)) return false;
  const bool is_long = line.size() >= kLongState;
  AddCheckpoint(parsed.state, stream, is_long ? chunk_->MoveOut(line, kMostStatsBytes) : std::string(line));
  return true;
}

// Of a STATE that is no JSON. It cannot go out as it came: a reader of JSON would not take the line, and what
// the source wants to hear again would be lost without a word. For bytes that are not UTF-8 the platform,
// which reads the STATE before this program does, puts U+FFFD, and so does this. False: the run fails here.
bool RecordReader::AddOddState(std::string_view line) {
  input_.passed_over.NoteMendedState(line_number_);
  std::string mended = json::Mend(line, json::kPadding + kMostStatsBytes);
  const size_t size = mended.size();
  mended.append(json::kPadding, ' ');
  const StateFields state = parser_.Parse(std::string_view(mended).substr(0, size), *this).state;
  std::optional<StreamNo> stream;
  if (!FindStateStream(state, stream)) return false;
  mended.resize(size);
  AddCheckpoint(state, stream, std::move(mended));
  return true;
}

// False: the run fails here.
bool RecordReader::FindStateStream(const StateFields& state, std::optional<StreamNo>& stream) {
  if (state.kind != StateKind::kStream) return true;
  stream = finder_.Find(state.stream);
  return stream || !FailIfSeveral(state.stream, "a STATE");
}

void RecordReader::AddCheckpoint(const StateFields& state, std::optional<StreamNo> stream, std::string line) {
  CloseGroups();
  if (stream) NoteWord(*stream, Replacements::Word::kState);
  PendingCheckpoint& pending = contents_.checkpoints.emplace_back();
  pending.at = {contents_.chunk, next_index_++};
  pending.covers_all = state.kind != StateKind::kStream;
  pending.stream = stream;
  pending.read = now_;
  pending.checkpoint = std::make_unique<StateCheckpoint>(std::move(line), state, writer_, run_.budget);
}

// A status of a stream that is not in the catalog says nothing to us. False: the run fails here.
bool RecordReader::NoteStatus(const StreamRef& of, StreamStatus status) {
  if (status == StreamStatus::kIncomplete) input_.statuses.NoteFailure();
  const std::optional<StreamNo> stream = finder_.Find(of);
  if (!stream) return !FailIfSeveral(of, "a status");
  input_.statuses.Note(*stream, status, {contents_.chunk, next_index_++});
  return true;
}

// Of a message without a stream. True: it could mean several, so the run fails here. A STATE or a status that
// were passed over could say of one of them what is true of none.
bool RecordReader::FailIfSeveral(const StreamRef& stream, Text what) {
  const std::vector<StreamId> candidates = finder_.Candidates(stream);
  if (candidates.empty()) return false;
  Fail(SeveralStreamsError(line_number_, what, candidates));
  return true;
}

// Always false: the run fails here.
bool RecordReader::Fail(Error error) {
  run_.state.Fail(std::move(error).At("parsing the input"), Position{contents_.chunk, next_index_});
  return false;
}

bool RecordReader::FailLine(Text reason, const StreamRef* stream) {
  if (stream == nullptr) return Fail(BadLineError(line_number_, reason, nullptr));
  const StreamId of = finder_.Shown(*stream);
  return Fail(BadLineError(line_number_, reason, &of));
}

bool RecordReader::FailUnknownStream(const StreamRef& stream) {
  if (FailIfSeveral(stream, "a record")) return false;
  return FailLine("its stream is not in the catalog", &stream);
}

}  // namespace ddb
