// The Worker's way from a chunk's bytes to encoded items: lines, messages, records, STATEs.
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "items/dead_letter.h"
#include "pipeline/worker.h"

namespace ddb {
namespace {

// In memory, beside what they hold: places in maps, reference counts, allocator overhead. Bytes.
constexpr size_t kStateOverhead = sizeof(PendingState) + 100;
constexpr size_t kGroupOverhead = sizeof(RecordGroup) + 250;
// Of the scratch buffer, from one line to the next; it is not in the memory budget. Bytes.
constexpr size_t kKeptScratch = 1 << 20;

StreamNo NumberOf(int stream) { return StreamNo(static_cast<size_t>(stream)); }
TableNo TableOf(int stream) { return ddb::TableOf(NumberOf(stream)); }

}  // namespace

void Worker::ParseChunk(const Chunk& chunk) {
  now_ = run_.clock.Now();
  chunk_ = chunk.sequence;
  next_index_ = 0;
  contents_ = {};
  contents_.chunk = chunk.sequence;

  const char* p = chunk.bytes.get();
  const char* const end = p + chunk.size;
  uint64_t line_number = chunk.first_line;
  while (p < end) {
    const void* newline = std::memchr(p, '\n', static_cast<size_t>(end - p));
    const char* line_end = newline ? static_cast<const char*>(newline) : end;
    if (!ParseLine({p, static_cast<size_t>(line_end - p)}, line_number)) {
      contents_.whole = false;
      break;
    }
    p = line_end + 1;
    ++line_number;
  }
  for (const int stream : streams_with_group_) open_groups_[static_cast<size_t>(stream)] = nullptr;
  streams_with_group_.clear();

  const bool has_states = !contents_.states.empty();
  Status registered = run_.ledger.Register(std::move(contents_));
  if (!registered.ok()) run_.state.Fail(std::move(registered).error().At("registering a chunk of the input"));
  if (has_states && shared_.intake.dry()) shared_.wake_all();
}

bool Worker::ParseLine(std::string_view line, uint64_t line_number) {
  data_ = {};
  if (scratch_.capacity() > kKeptScratch) scratch_ = Buffer();
  const ParsedLine parsed = parser_.Parse(line, *this);
  if (parsed.kind == LineKind::kRecord) return FinishRecord(parsed, line_number);
  ForgetData();
  switch (parsed.kind) {
    case LineKind::kState:
      AddState(parsed, line);
      return true;
    case LineKind::kMalformed:
      return FailLine(parsed.reason, line_number,
                      parsed.has_stream_for_error ? &parsed.record.stream : nullptr);
    default:
      return true;
  }
}

const char* Worker::OnData(const char* p, const char* end, const RecordFields& seen) {
  ForgetData();  // of an earlier member of the same name
  data_.begin = p;
  data_.end = end;
  return EncodeData(seen.has_stream ? FindStream(seen.stream) : -1);
}

// Encodes into the stream's open batch; a stream that is not known (yet) into a scratch buffer, to learn
// where data ends.
const char* Worker::EncodeData(int stream) {
  data_.stream = stream;
  Buffer* out = &scratch_;
  if (stream < 0) {
    scratch_.Clear();
  } else {
    Batch& batch = batcher_.Open(TableOf(stream), now_);
    data_.mark = Batcher::BeginItem(batch);
    out = &batch.body;
  }
  data_.next = encoder_.EncodeData(data_.begin, data_.end, *out).next;
  if (!data_.next) ForgetData();
  return data_.next;
}

void Worker::ForgetData() {
  if (data_.stream >= 0) batcher_.Rollback(batcher_.Open(TableOf(data_.stream), now_), data_.mark);
  data_.stream = -1;
}

bool Worker::FinishRecord(const ParsedLine& parsed, uint64_t line_number) {
  const RecordFields& record = parsed.record;
  const int stream = FindStream(record.stream);
  if (stream < 0) {
    ForgetData();
    return FailLine("its stream is not in the catalog", line_number, &record.stream);
  }
  if (stream != data_.stream) {  // data came before the stream, or the stream's name came twice
    ForgetData();
    EncodeData(stream);
  }
  Buffer& out = batcher_.Open(TableOf(stream), now_).body;
  const RejectReason reject =
      encoder_.Finish(record.emitted_at, record.meta, run_.encodings[NumberOf(stream)], out);
  progress_.read.Add(1);
  if (reject != RejectReason::kNone) {
    ForgetData();
    return RejectRecord(stream, reject, line_number);
  }
  RecordGroup* group = CountRecord(stream);
  const ItemEncoder::ItemFacts& facts = encoder_.last_item();
  batcher_.EndItem(TableOf(stream), data_.mark,
                   {.group = group, .letter = nullptr, .is_changed = facts.nulled + facts.truncated > 0});
  return true;
}

RecordGroup* Worker::CountRecord(int stream) {
  RecordGroup* group = GroupOf(stream);
  ++group->outstanding;
  const ItemEncoder::ItemFacts& facts = encoder_.last_item();
  group->counts.nulled_values += facts.nulled;
  group->counts.truncated_values += facts.truncated;
  if (facts.nulled + facts.truncated > 0)
    run_.rejections.CountChanged(NumberOf(stream), facts.nulled, facts.truncated);
  return group;
}

RecordGroup* Worker::GroupOf(int stream) {
  RecordGroup*& group = open_groups_[static_cast<size_t>(stream)];
  if (!group) {
    run_.budget.Add(kGroupOverhead);
    contents_.groups.push_back(RecordGroupPtr(new RecordGroup, [&budget = run_.budget](RecordGroup* done) {
      delete done;
      budget.Release(kGroupOverhead);
    }));
    group = contents_.groups.back().get();
    group->stream = stream;
    group->at = {chunk_, next_index_++};
    group->read = now_;
    streams_with_group_.push_back(stream);
  }
  return group;
}

void Worker::AddState(const ParsedLine& parsed, std::string_view line) {
  for (const int stream : streams_with_group_) open_groups_[static_cast<size_t>(stream)] = nullptr;
  streams_with_group_.clear();
  if (line.ends_with('\r')) line.remove_suffix(1);  // of the line's end, not of the STATE
  PendingState state;
  state.at = {chunk_, next_index_++};
  state.fields = parsed.state;
  state.fields.stream = {};  // views into the line's chunk: the index is what is kept
  if (parsed.state.kind == StateKind::kStream) state.stream = FindStream(parsed.state.stream);
  state.line.assign(line);
  state.read = now_;
  state.charged = state.line.capacity() + kStateOverhead;
  run_.budget.Add(state.charged);
  contents_.states.push_back(std::move(state));
}

int Worker::FindStream(const StreamRef& stream) {
  if (last_stream_ >= 0 && stream.name == last_id_.name &&
      (stream.ns ? last_id_.ns && *stream.ns == *last_id_.ns : !last_id_.ns)) {
    return last_stream_;
  }
  const std::optional<StreamNo> found = shared_.streams.Find(stream.ns, stream.name);
  last_stream_ = found ? static_cast<int>(found->value()) : -1;
  last_id_.name.assign(stream.name);
  if (stream.ns) {
    last_id_.ns.emplace(*stream.ns);
  } else {
    last_id_.ns.reset();
  }
  return last_stream_;
}

// False: the run fails here.
bool Worker::RejectRecord(int stream, RejectReason reason, uint64_t line_number) {
  RecordGroup* group = GroupOf(stream);
  const std::string where = fmt::format(" in line {} of the input", line_number);
  Settlement::RejectedRecord rejected;
  rejected.stream = NumberOf(stream);
  rejected.reason = RejectReasonText(reason);
  rejected.where = where;
  rejected.format = kDeadLetterAirbyte;
  rejected.record = {data_.begin, static_cast<size_t>(data_.next - data_.begin)};
  rejected.group = group;
  switch (settlement_.Reject(rejected)) {
    case Settlement::Fate::kRunFails:
      ++group->outstanding;
      return false;
    case Settlement::Fate::kSkipped:
      ++group->counts.rejected;  // the group is not the ledger's yet
      return true;
    case Settlement::Fate::kLetter:
      ++group->outstanding;
      return true;
  }
  return false;
}

bool Worker::FailLine(Text reason, uint64_t line_number, const StreamRef* stream) {
  Error error = SystemError(fmt::format("Line {} of the input cannot be used: {}.", line_number, reason),
                            fmt::format("stdin, line {}: {}", line_number, reason));
  if (stream) {
    const int known = FindStream(*stream);
    StreamId id;
    if (known >= 0) {
      id = run_.tables[TableOf(known)].stream;
    } else {  // whatever the source made of it
      if (stream->ns) id.ns = ShortText(*stream->ns);
      id.name = ShortText(stream->name);
    }
    error.message = fmt::format("Line {} of the input, a record of stream {}, cannot be used: {}.",
                                line_number, id.Display(), reason);
    error.stream = std::move(id);
  }
  run_.state.Fail(std::move(error).At("parsing the input"));
  return false;
}

}  // namespace ddb
