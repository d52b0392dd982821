#include "pipeline/worker.h"

#include <algorithm>
#include <utility>

#include "airbyte/line_skim.h"
#include "airbyte/odd_line.h"
#include "base/entropy.h"
#include "base/times.h"
#include "json/mend.h"
#include "pipeline/chunk_room.h"

namespace ddb {
namespace {

// A part of the 48 MiB that a run may take beside its budget: while a STATE is moved from its chunk, or
// mended, what is there of it twice, and nothing else is.
constexpr size_t kRoomBesideForState = size_t{24} << 20;

}  // namespace

Worker::Worker(const Shared& shared, size_t number)
    : shared_(shared),
      run_(shared.run),
      batcher_(shared.run.tables, shared.run.budget, [this](BatchPtr batch) { Send(std::move(batch)); }),
      settlement_(shared.run, progress_),
      client_(shared.make_client(loop_)),
      alarm_(loop_),
      dispatcher_(*client_, alarm_, batcher_, settlement_, shared.run,
                  {shared.max_requests, EntropySeed(), number}, progress_, [this] { LookAgain(); }),
      reader_(shared.run, shared.input, shared.writer, batcher_, settlement_, progress_),
      input_(loop_, shared.source.fd()),
      age_timer_(loop_),
      thread_(loop_) {}

Worker::~Worker() {
  // Requests that are still in flight end here, as cancelled, while what they belong to is alive.
  client_.reset();
}

void Worker::Start() {
  loop_.Post([this] { AskForToken(); });
  thread_.Start();
}

void Worker::Join() { thread_.Join(); }

void Worker::Wake() {
  if (wake_posted_.exchange(true)) return;
  loop_.Post([this] {
    wake_posted_.store(false);  // before it looks: who changes something from here on wakes it again
    LookAgain();
  });
}

void Worker::WakeIfOpen() {
  if (has_open_.load()) Wake();
}

// ---- the path of a record: token, input, room, chunk; RecordReader makes items of it, Dispatcher sends them

Worker::Waits Worker::WhatForbidsToTake() const {
  if (run_.state.stopped() || shared_.source.ended()) return Waits::kInput;
  if (dispatcher_.unsent_bytes() + waiting_bytes_ >= run_.plan.send_window_bytes) return Waits::kService;
  // A table that takes less than there is must not hold up the others, as long as there is memory for it. The
  // other half is what they work in.
  const bool has_memory = dispatcher_.held_back_bytes() == 0 || run_.budget.used() < run_.budget.limit() / 2;
  return has_memory ? Waits::kNothing : Waits::kMemory;
}

void Worker::AskForToken() {
  if (token_ != Token::kNone) return;
  const Waits waits = WhatForbidsToTake();
  Note(waits == Waits::kNothing ? Waits::kToken : waits);
  if (waits != Waits::kNothing) return;
  token_ = Token::kAsked;
  shared_.token.Ask([this] {
    loop_.Post([this] {
      token_ = Token::kHeld;
      Proceed();
    });
  });
}

// A chunk that was taken is parsed, whatever the window, or the run is over.
bool Worker::MustPass() const { return run_.state.stopped() || (!taken_ && !MayTake()); }

void Worker::PassToken() {
  token_ = Token::kNone;
  taken_.reset();
  input_.Cancel();
  run_.budget.StopWaiting();
  shared_.token.Pass();
}

void Worker::Proceed() {
  if (token_ != Token::kHeld) return;
  if (MustPass()) {
    PassToken();
  } else if (taken_) {
    ParseTakenChunk();
  } else {
    AwaitInput();
  }
}

void Worker::AwaitInput() {
  const Source::Look look = shared_.source.LookForInput();
  if (look == Source::Look::kReadable) {
    TakeChunk();
    return;
  }
  // Others seal what STATEs wait for, once; what opens or waits from here on is looked at by who does it.
  if (look == Source::Look::kRanDry && run_.ledger.checkpoints_waiting() > 0) shared_.wake_open();
  Note(Waits::kInput);
  input_.WhenReadable([this] { Proceed(); });
}

void Worker::TakeChunk() {
  const size_t chunk_bytes = shared_.source.chunk_bytes();
  const size_t held = shared_.source.held();
  std::optional<Charge> room = ReserveOrAwait(chunk_bytes + RoomForChunk(chunk_bytes), held);
  if (!room) return;
  taken_ = shared_.source.Take();
  switch (taken_->outcome) {
    case ChunkReader::Outcome::kChunk:
      if (taken_->chunk.size > chunk_bytes) {
        room.reset();
        SizeLongChunk();
        ParseTakenChunk();
      } else {
        room->Resize(RoomForChunk(taken_->chunk.size));
        longest_letter_ = taken_->chunk.size;
        ParseChunk(*std::move(room));
      }
      return;
    case ChunkReader::Outcome::kNeedMore:
      taken_.reset();
      loop_.Post([this] { Proceed(); });
      return;
    case ChunkReader::Outcome::kFailed:
      run_.state.Fail(std::move(taken_->error));
      [[fallthrough]];
    case ChunkReader::Outcome::kEnd:
      EndOfInput();
      return;
  }
}

// Its first line is longer than a chunk, so that it needs room of its own. A record that has none is too
// long; a STATE is moved, and needs room only where it has to be mended.
void Worker::SizeLongChunk() {
  Chunk& chunk = taken_->chunk;
  const size_t held = chunk.capacity + shared_.source.held();
  const size_t limit = run_.budget.limit();
  const size_t line = std::min(chunk.view().find('\n'), chunk.size);
  const size_t rest = RoomForChunk(chunk.size - line);
  const size_t moving = rest + std::max(Chunk::kMoveBytes, json::MostMended(chunk.view().substr(0, line)));
  long_room_ = RoomForLongChunk(chunk.view());
  if (held + std::max(long_room_, moving) > limit) {
    SkimmedLine skimmed = Skim(WithoutBom(chunk.view().substr(0, line)), chunk.first_line == 1);
    const bool is_moved = skimmed.kind != LineKind::kRecord && skimmed.kind != LineKind::kMalformed;
    const size_t beside = is_moved ? kRoomBesideForState : 0;
    if (is_moved) long_room_ = moving;
    if (held + long_room_ > limit + beside) {
      skimmed.needs = held + long_room_ - beside;
      chunk.DropFirstLine(std::move(skimmed));
      taken_->charge.Resize(chunk.capacity);
      long_room_ = rest;
    }
  }
  // A letter keeps a record as far as there is room for it.
  const size_t letter = RoomForLetters(chunk.size);
  const bool has_room = held + letter <= limit;
  longest_letter_ = has_room ? chunk.size : shared_.source.chunk_bytes();
  if (run_.plan.dead_letters && has_room) long_room_ = std::max(long_room_, letter);
}

// A long one waits for its room with the token: whatever holds memory now was read before it, and goes on
// without it.
void Worker::ParseTakenChunk() {
  const size_t held = taken_->charge.bytes() + shared_.source.held();
  if (std::optional<Charge> room = ReserveOrAwait(long_room_, held)) ParseChunk(*std::move(room));
}

void Worker::ParseChunk(Charge room) {
  Source::Taken taken = *std::move(taken_);
  PassToken();
  Note(Waits::kNothing);
  has_open_.store(true);  // soon: before anybody is told of what this chunk holds
  const RecordReader::Outcome outcome = reader_.Read(taken.chunk, longest_letter_);
  dispatcher_.EndTurn();
  const bool checkpoints = outcome == RecordReader::Outcome::kReadCheckpoints;
  if (checkpoints && shared_.source.dry()) shared_.wake_open();
  shared_.source.Recycle(std::move(taken.chunk));
  taken.charge = {};
  room = {};
  SealAsNeeded();
  ReportIfDrained();
  AskForToken();
}

// None: it goes on when there is room. Nothing may be on its way to free memory but batches that are still
// open, and those kept for later: everybody looks for them once; what comes after is not kept while the
// budget is tight.
std::optional<Charge> Worker::ReserveOrAwait(size_t bytes, size_t own) {
  const bool was_tight = run_.budget.tight();
  std::optional<Charge> room = Charge::Reserve(run_.budget, bytes, own);
  if (!room) {
    Note(Waits::kMemory);
    if (!was_tight) shared_.wake_all();
    run_.budget.WhenRoom(bytes, own, [this] { loop_.Post([this] { Proceed(); }); });
  }
  return room;
}

void Worker::EndOfInput() {
  shared_.source.End();
  PassToken();
  shared_.wake_all();  // everybody looks again, and seals all
}

// ---- batches

// What its table will not take in this run is let go: nothing lets a STATE out for it.
void Worker::Send(BatchPtr batch) {
  using Gate = Replacements::Gate;
  const Gate gate = shared_.input.replacements.gate(batch->table);
  if (gate == Gate::kOpen) {
    dispatcher_.Enqueue(std::move(batch));
  } else if (gate == Gate::kNever || (gate == Gate::kClosed && run_.state.stopped())) {
    batcher_.Recycle(std::move(batch));
  } else {
    waiting_bytes_ += batch->body.size();
    waiting_.push_back(std::move(batch));
  }
}

void Worker::SendWhatWaited() {
  if (waiting_.empty()) return;
  waiting_bytes_ = 0;
  for (BatchPtr& batch : std::exchange(waiting_, {})) Send(std::move(batch));
}

void Worker::LookAgain() {
  in_flight_.store(client_->in_flight(), std::memory_order_relaxed);
  if (token_ == Token::kHeld && MustPass()) PassToken();
  if (run_.budget.tight()) batcher_.DropSpares();
  if (run_.state.stopped()) dispatcher_.Hurry();
  SendWhatWaited();
  SealAsNeeded();
  ReportIfDrained();
  AskForToken();
}

// Whoever makes a reason to seal (no input, a STATE, no memory) writes it and then looks who has open
// batches; here it is the other way round, so that one of the two sees the other.
void Worker::SealAsNeeded() {
  has_open_.store(!batcher_.empty());
  if (batcher_.empty()) return;
  const bool nothing_else_frees_memory = run_.budget.tight() && dispatcher_.idle();
  if (run_.state.stopped() || shared_.source.ended() || nothing_else_frees_memory) {
    batcher_.SealAll();
  } else {
    if (shared_.source.dry()) batcher_.SealIf([this](TableNo table) { return CheckpointWaits(table); });
    batcher_.SealOpenedBefore(run_.clock.Now() - times::kBatchAge);
    ArmAgeTimer();
  }
  has_open_.store(!batcher_.empty());
}

bool Worker::CheckpointWaits(TableNo table) const {
  if (const auto stream = run_.plan.stream_of[table]) return run_.ledger.CheckpointWaits(*stream);
  return run_.ledger.checkpoints_waiting() > 0;  // dead letters, of records of any stream
}

void Worker::ArmAgeTimer() {
  if (batcher_.empty()) return;
  // One that is set for an earlier time finds out then: batches come and go far more often than they age.
  const Instant when = batcher_.oldest() + times::kBatchAge;
  if (age_timer_set_ && *age_timer_set_ <= when) return;
  age_timer_set_ = when;
  age_timer_.Start(when, [this] {
    age_timer_set_.reset();
    SealAsNeeded();
  });
}

void Worker::ReportIfDrained() {
  if (drained_ || !shared_.source.ended()) return;  // a run that stops ends its source
  if (token_ == Token::kHeld || !batcher_.empty() || !waiting_.empty() || !dispatcher_.idle()) return;
  drained_ = true;
  shared_.drained();
}

}  // namespace ddb
