// Intake: the read token and what it guards: the one reader of stdin, and the order in which chunks are
// taken.
//
// A worker that may take a chunk asks for the token; whoever holds it waits for stdin on its own loop, takes
// one chunk, and passes the token on before it parses. A holder that may not take one (any more) passes it on
// at once. With one worker it is the same code. Any thread; Take locks, for as long as it reads.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <utility>

#include "airbyte/chunk_reader.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "delivery/checkpoint_ledger.h"

namespace ddb {

class Intake {
 public:
  Intake(ChunkReader& reader, CheckpointLedger& ledger, MemoryBudget& budget, int fd)
      : reader_(reader), recycler_(reader), ledger_(ledger), budget_(budget), fd_(fd) {}

  // `granted` runs when the token is the caller's: within Ask if it was free, else on the thread of who
  // passes it (so it has to post). Ask while asking or holding is not allowed.
  void Ask(std::function<void()> granted) {
    {
      MutexLock lock(mu_);
      if (held_) {
        waiting_.push_back(std::move(granted));
        return;
      }
      held_ = true;
    }
    granted();
  }
  void Pass() {
    std::function<void()> next;
    {
      MutexLock lock(mu_);
      if (waiting_.empty()) {
        held_ = false;
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next();
  }

  // Only the holder. A chunk that was taken is open in the ledger.
  ChunkReader::Outcome Take(Chunk& chunk, Error& error) {
    MutexLock lock(mu_);
    if (ended()) return ChunkReader::Outcome::kEnd;
    const ChunkReader::Outcome outcome = reader_.Take(chunk, error);
    // A line that is not whole yet is held here, in a buffer that doubles.
    const size_t held = 2 * reader_.carried();
    budget_.Add(held);
    budget_.Release(std::exchange(charged_, held));
    if (outcome == ChunkReader::Outcome::kChunk) ledger_.OpenChunk(chunk.sequence);
    return outcome;
  }
  // Does not wait for a Take that goes on.
  void Recycle(Chunk&& chunk) { recycler_.Recycle(std::move(chunk)); }
  // Of the line that is not whole yet: its bytes, and what is charged for them.
  struct Carried {
    size_t bytes = 0;
    size_t charged = 0;
  };
  Carried carried() const {
    MutexLock lock(mu_);
    return {reader_.carried(), charged_};
  }

  int fd() const { return fd_; }
  // No more input is taken from here on: it ended, failed, or the run stops.
  void End() {
    MutexLock lock(mu_);
    ended_.store(true, std::memory_order_release);
  }
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  // The holder found nothing to read (until it finds something again).
  void SetDry(bool dry) { dry_.store(dry, std::memory_order_relaxed); }
  bool dry() const { return dry_.load(std::memory_order_relaxed); }

 private:
  mutable Mutex mu_;
  ChunkReader& reader_ GUARDED_BY(mu_);
  ChunkReader& recycler_;  // the same one: Recycle locks by itself
  CheckpointLedger& ledger_;
  MemoryBudget& budget_;
  size_t charged_ GUARDED_BY(mu_) = 0;
  const int fd_;
  bool held_ GUARDED_BY(mu_) = false;
  std::deque<std::function<void()>> waiting_ GUARDED_BY(mu_);
  std::atomic<bool> ended_{false};
  std::atomic<bool> dry_{false};
};

}  // namespace ddb
