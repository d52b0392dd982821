#include "pipeline/worker.h"

#include <fmt/format.h>
#include <poll.h>

#include <random>
#include <utility>

namespace ddb {
namespace {

// What a byte of input can grow to: `1,` becomes `{"N":"1"},` (5 times), and a record with empty data an item
// with four attributes; the input itself is held too. Reserved when a chunk is taken, corrected when it is
// encoded.
constexpr size_t kGrowth = 7;
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
      batcher_(shared.run.tables, shared.run.budget,
               [this](BatchPtr batch) { dispatcher_.Enqueue(std::move(batch)); }),
      settlement_(shared.run, progress_),
      client_(make_client(loop_)),
      alarm_(loop_),
      dispatcher_(*client_, alarm_, batcher_, settlement_, shared.run,
                  {options.max_requests, std::random_device()()}, progress_, [this] { OnChanged(); }),
      input_(loop_, shared.intake.fd()),
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
  if (run_.ledger.states_waiting() > 0) shared_.wake_all();
  input_.WhenReadable([this] { AwaitInput(); });
}

void Worker::TakeChunk() {
  const Intake::Carried carried = shared_.intake.carried();
  const size_t reserved = kGrowth * (options_.chunk_bytes + carried.bytes);
  if (!run_.budget.TryReserve(reserved, carried.charged)) {
    // Nothing may be on its way to free memory but batches that are still open, and those kept for later.
    shared_.wake_all();
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
      const size_t kept = kGrowth * chunk.size;  // a line can be longer than a chunk
      run_.budget.Add(kept);
      run_.budget.Release(reserved);
      PassToken();
      ParseChunk(chunk);
      dispatcher_.EndTurn();
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
  shared_.wake_all();  // everybody looks again, and seals all
}

// ---- batches

void Worker::OnChanged() {
  in_flight_.store(client_->in_flight(), std::memory_order_relaxed);
  if (token_ == Token::kHeld && !MayTake()) PassToken();
  if (run_.budget.tight()) batcher_.DropSpares();
  if (run_.state.stopped()) dispatcher_.DropGivenUp();
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
    batcher_.SealIf(
        [this](TableNo table) { return run_.ledger.StateWaits(static_cast<int>(table.value())); });
  }
  batcher_.SealOpenedBefore(run_.clock.Now() - Batcher::kMaxAge);
  ArmAgeTimer();
}

void Worker::ArmAgeTimer() {
  if (batcher_.empty()) return;
  // One that is set for an earlier time finds out then: batches come and go far more often than they age.
  const Instant when = batcher_.oldest() + Batcher::kMaxAge;
  if (age_timer_set_ && *age_timer_set_ <= when) return;
  age_timer_set_ = when;
  age_timer_.Start(when, [this] {
    age_timer_set_.reset();
    SealAsNeeded();
  });
}

void Worker::ReportIfDrained() {
  if (drained_ || !shared_.intake.ended()) return;  // a run that stops ends its intake
  if (token_ == Token::kHeld || !batcher_.empty() || !dispatcher_.idle()) return;
  drained_ = true;
  shared_.drained();
}

}  // namespace ddb
