#include "pipeline/worker.h"

#include <fmt/format.h>
#include <poll.h>

#include <cstring>
#include <utility>

#include "items/dead_letter.h"

namespace ddb {
namespace {

// What a byte of input can grow to: `1,` becomes `{"N":"1"},` (5 times), and a record with empty data an item
// with four attributes; the input itself is held too. Reserved when a chunk is taken, corrected when it is
// encoded.
constexpr size_t kGrowth = 7;
// A request's bytes are counted twice: a reply can hold all of its items as unprocessed.
constexpr size_t kRequestAndReply = 2;
constexpr Duration kBudgetPoll = std::chrono::milliseconds(5);

bool ReadableNow(int fd) {
  pollfd ask{fd, POLLIN, 0};
  return ::poll(&ask, 1, 0) > 0;
}

}  // namespace

Worker::Worker(const Shared& shared, const ClientFactory& make_client, const Options& options)
    : shared_(shared),
      run_(shared.run),
      options_(options),
      batcher_(shared.run.tables, [this](BatchPtr batch) { dispatcher_.Enqueue(std::move(batch)); }),
      rejecter_(shared.run.clock, shared.run.tables, shared.run.rejections, shared.run.state,
                shared.run.budget, batcher_, progress_),
      client_(make_client(loop_)),
      dispatcher_(loop_, *client_, batcher_, rejecter_, shared.run, options.max_requests, progress_,
                  [this] { OnChanged(); }),
      input_(loop_, shared.intake.fd(), /*for_write=*/false),
      budget_timer_(loop_),
      age_timer_(loop_),
      open_groups_(shared.run.tables.size(), nullptr) {}

Worker::~Worker() {
  // Requests that are still in flight end here, as cancelled, while what they belong to is alive.
  client_.reset();
}

void Worker::Start() {
  thread_ = std::thread([this] {
    loop_.Post([this] { AskForToken(); });
    loop_.Run();
  });
}

void Worker::Join() {
  loop_.Stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::Wake() {
  loop_.Post([this] { OnChanged(); });
}

// ---- intake

bool Worker::MayTake() const {
  return !run_.state.stopped() && !shared_.intake.ended() &&
         dispatcher_.unsent_bytes() < options_.send_window_bytes;
}

void Worker::AskForToken() {
  if (token_ != Token::kNone || !MayTake()) return;
  token_ = Token::kAsked;
  shared_.intake.Ask([this] { loop_.Post([this] { OnToken(); }); });
}

void Worker::OnToken() {
  token_ = Token::kHeld;
  AwaitInput();
}

void Worker::PassToken() {
  token_ = Token::kNone;
  input_.Cancel();
  shared_.intake.Pass();
}

void Worker::AwaitInput() {
  if (token_ != Token::kHeld) return;
  if (!MayTake()) {
    PassToken();
    return;
  }
  if (ReadableNow(shared_.intake.fd())) {
    TakeChunk();
    return;
  }
  shared_.intake.SetDry(true);
  if (run_.ledger.states_waiting() > 0) shared_.seal_for_states();
  input_.WhenReady([this] { AwaitInput(); });
}

void Worker::TakeChunk() {
  const size_t reserved = kGrowth * (options_.chunk_bytes + shared_.intake.carried());
  if (!run_.budget.TryReserve(reserved)) {
    // Nothing may be on its way to free memory but batches that are still open.
    shared_.seal_for_states();
    budget_timer_.Start(run_.clock.Now() + kBudgetPoll, [this] { AwaitInput(); });
    return;
  }
  shared_.intake.SetDry(false);
  Chunk chunk;
  Error error;
  const ChunkReader::Outcome outcome = shared_.intake.Take(chunk, error);
  if (outcome != ChunkReader::Outcome::kChunk) run_.budget.Release(reserved);
  switch (outcome) {
    case ChunkReader::Outcome::kChunk: {
      const size_t kept = std::min(reserved, kGrowth * chunk.size);
      run_.budget.Release(reserved - kept);
      PassToken();
      ParseChunk(chunk);
      run_.budget.Release(kept);
      shared_.intake.Recycle(std::move(chunk));
      SealAsNeeded();
      ReportIfDrained();
      AskForToken();
      break;
    }
    case ChunkReader::Outcome::kNeedMore:
      loop_.Post([this] { AwaitInput(); });
      break;
    case ChunkReader::Outcome::kEnd:
      EndOfInput();
      break;
    case ChunkReader::Outcome::kFailed:
      run_.state.Fail(std::move(error));
      EndOfInput();
      break;
  }
}

void Worker::EndOfInput() {
  shared_.intake.End();
  PassToken();
  shared_.seal_for_states();  // everybody looks again, and seals all
}

// ---- parsing

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
  if (!registered.ok()) run_.state.Fail(std::move(registered).error());
  if (has_states && shared_.intake.dry()) shared_.seal_for_states();
}

bool Worker::ParseLine(std::string_view line, uint64_t line_number) {
  data_ = {};
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
    Batch& batch = batcher_.Open(stream, now_);
    data_.mark = Batcher::BeginItem(batch);
    out = &batch.body;
  }
  data_.next = encoder_.EncodeData(data_.begin, data_.end, *out).next;
  if (!data_.next) ForgetData();
  return data_.next;
}

void Worker::ForgetData() {
  if (data_.stream >= 0) Batcher::Rollback(batcher_.Open(data_.stream, now_), data_.mark);
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
  Batch& batch = batcher_.Open(stream, now_);
  const RejectReason reject = encoder_.Finish(record.emitted_at, record.meta,
                                              shared_.encodings[static_cast<size_t>(stream)], batch.body);
  progress_.read.Add(1);
  if (reject != RejectReason::kNone) {
    ForgetData();
    return RejectRecord(stream, reject, line_number);
  }
  const size_t bytes = kRequestAndReply * (batch.body.size() - data_.mark);
  batch.charged += bytes;
  run_.budget.Add(bytes);
  RecordGroup* group = GroupOf(stream);
  ++group->outstanding;
  group->counts.nulled_values += encoder_.last_item().nulled;
  group->counts.truncated_values += encoder_.last_item().truncated;
  batcher_.EndItem(stream, data_.mark, group);
  return true;
}

RecordGroup* Worker::GroupOf(int stream) {
  RecordGroup*& group = open_groups_[static_cast<size_t>(stream)];
  if (!group) {
    contents_.groups.push_back(std::make_shared<RecordGroup>());
    group = contents_.groups.back().get();
    group->stream = stream;
    group->at = {chunk_, next_index_++};
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
  run_.budget.Add(line.size());
  contents_.states.push_back(std::move(state));
}

int Worker::FindStream(const StreamRef& stream) {
  if (last_stream_ >= 0 && stream.name == last_id_.name &&
      (stream.ns ? last_id_.ns && *stream.ns == *last_id_.ns : !last_id_.ns)) {
    return last_stream_;
  }
  last_stream_ = shared_.streams.Find(stream.ns, stream.name);
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
  RecordRejecter::Refused refused;
  refused.stream = stream;
  refused.reason = RejectReasonText(reason);
  refused.where = where;
  refused.format = kDeadLetterAirbyte;
  refused.record = {data_.begin, static_cast<size_t>(data_.next - data_.begin)};
  refused.group = group;
  switch (rejecter_.Reject(refused, now_)) {
    case RecordRejecter::Outcome::kFailed:
      ++group->outstanding;
      return false;
    case RecordRejecter::Outcome::kSettled:
      ++group->counts.rejected;  // the group is not the ledger's yet
      return true;
    case RecordRejecter::Outcome::kLetter:
      ++group->outstanding;
      return true;
  }
  return false;
}

bool Worker::FailLine(std::string_view reason, uint64_t line_number, const StreamRef* stream) {
  Error error = SystemError(fmt::format("Line {} of the input cannot be used: {}.", line_number, reason),
                            "malformed input");
  if (stream) {
    StreamId id{stream->ns ? std::optional<std::string>(*stream->ns) : std::nullopt,
                std::string(stream->name)};
    error.message = fmt::format("Line {} of the input, a record of stream {}, cannot be used: {}.",
                                line_number, id.Display(), reason);
    error.stream = std::move(id);
  }
  run_.state.Fail(std::move(error));
  return false;
}

// ---- batches

void Worker::OnChanged() {
  in_flight_.store(client_->in_flight(), std::memory_order_relaxed);
  if (token_ == Token::kHeld && !MayTake()) PassToken();
  SealAsNeeded();
  ReportIfDrained();
  AskForToken();
}

void Worker::SealAsNeeded() {
  if (batcher_.empty()) return;
  if (run_.state.stopped() || shared_.intake.ended()) {
    batcher_.SealAll();
    return;
  }
  if (shared_.intake.dry()) {
    batcher_.SealIf([this](int table) { return run_.ledger.StateWaits(table); });
  }
  batcher_.SealOpenedBefore(run_.clock.Now() - Batcher::kMaxAge);
  ArmAgeTimer();
}

void Worker::ArmAgeTimer() {
  if (batcher_.empty()) return;
  age_timer_.Start(batcher_.oldest() + Batcher::kMaxAge, [this] { SealAsNeeded(); });
}

void Worker::ReportIfDrained() {
  if (drained_ || !(run_.state.stopped() || shared_.intake.ended())) return;
  if (token_ == Token::kHeld || !batcher_.empty() || !dispatcher_.idle()) return;
  drained_ = true;
  shared_.drained();
}

}  // namespace ddb
