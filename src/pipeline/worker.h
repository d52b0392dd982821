// Worker: one thread with its own event loop, connections, open batches and retries. The data path runs
// through it:
//
//   Source: chunk -> RecordReader: lines, messages, items -> Batcher -> Dispatcher -> Settlement -> ledger
//
// It decides when to take a chunk (the token, input, the send window, room in the memory budget) and when
// open batches are sealed. It shares with other workers only what Shared holds. Constructed and destroyed by
// the supervisor's thread while its own does not run; everything else on its own thread, except the functions
// marked "any thread".
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "airbyte/message_writer.h"
#include "base/event_loop.h"
#include "base/loop_thread.h"
#include "delivery/batcher.h"
#include "delivery/dispatcher.h"
#include "pipeline/read_token.h"
#include "pipeline/record_reader.h"
#include "pipeline/source.h"

namespace ddb {

using ClientFactory = std::function<std::unique_ptr<Client>(EventLoop&)>;

class Worker {
 public:
  // What all workers of a run share.
  struct Shared {
    RunContext& run;
    ReadToken& token;
    Source& source;
    RecordReader::Input input;
    MessageWriter& writer;
    const ClientFactory& make_client;
    size_t max_requests = 1;          // of each worker, at a time
    std::function<void()> wake_all;   // every worker looks again (any thread)
    std::function<void()> wake_open;  // those with open batches do (any thread)
    std::function<void()> drained;    // this worker has nothing left (its thread)
  };
  Worker(const Shared& shared, size_t number);
  ~Worker();

  void Start();       // any thread: starts its thread
  void Join();        // any thread: stops the loop and waits for the thread
  void Wake();        // any thread: it looks again what there is to do
  void WakeIfOpen();  // any thread: the same, if it has open batches
  const Progress& progress() const { return progress_; }
  size_t requests_in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
  enum class Waits { kNothing, kToken, kInput, kMemory, kService };  // before it takes a chunk
  Waits waits() const { return waits_.load(std::memory_order_relaxed); }

 private:
  // Taking chunks, while the token is held
  Waits WhatForbidsToTake() const;  // kNothing, or a reason not to
  bool MayTake() const { return WhatForbidsToTake() == Waits::kNothing; }
  void Note(Waits waits) { waits_.store(waits, std::memory_order_relaxed); }
  bool MustPass() const;
  void AskForToken();
  void PassToken();
  void Proceed();
  void AwaitInput();
  void TakeChunk();
  void SizeLongChunk();
  void ParseTakenChunk();
  void ParseChunk(Charge room);
  std::optional<Charge> ReserveOrAwait(size_t bytes, size_t own);
  void EndOfInput();

  // Batches
  void Send(BatchPtr batch);
  void SendWhatWaited();
  void LookAgain();
  void SealAsNeeded();
  bool CheckpointWaits(TableNo table) const;
  void ArmAgeTimer();
  void ReportIfDrained();

  const Shared shared_;
  RunContext& run_;
  Progress progress_;
  EventLoop loop_;
  Batcher batcher_;
  Settlement settlement_;
  std::unique_ptr<Client> client_;
  LoopAlarm alarm_;
  Dispatcher dispatcher_;
  RecordReader reader_;
  EventLoop::Watch input_;
  EventLoop::Timer age_timer_;
  std::optional<Instant> age_timer_set_;
  LoopThread thread_;

  // Sealed batches of tables that are still to be replaced.
  std::vector<BatchPtr> waiting_;
  size_t waiting_bytes_ = 0;

  // Of its thread, read by others.
  std::atomic<size_t> in_flight_{0};
  std::atomic<Waits> waits_{Waits::kNothing};
  std::atomic<bool> has_open_{false};
  std::atomic<bool> wake_posted_{false};

  enum class Token { kNone, kAsked, kHeld } token_ = Token::kNone;
  std::optional<Source::Taken> taken_;  // by the holder: a chunk that is not parsed yet
  size_t long_room_ = 0;                // and what it needs for that, if it is a long one
  size_t longest_letter_ = 0;           // of a record of that chunk
  bool drained_ = false;
};

}  // namespace ddb
