// Source: stdin, as chunks in the order of reading, each open in the ledger, and what is known of it: whether
// it ran dry, whether it ended. Owns the reader and the charge for a line that is not whole yet. One of them;
// only the holder of the read token takes, everything else is for any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "airbyte/chunk_reader.h"
#include "base/memory_budget.h"
#include "delivery/checkpoint_ledger.h"

namespace ddb {

class Source {
 public:
  // A line may be as long as the whole budget. `past_long_lines`: longer ones are no end (ChunkReader).
  Source(int fd, size_t chunk_bytes, bool past_long_lines, CheckpointLedger& ledger, MemoryBudget& budget);

  int fd() const { return fd_; }
  size_t chunk_bytes() const { return chunk_bytes_; }

  // ---- by the holder of the read token
  enum class Look { kReadable, kRanDry, kStillDry };
  // Whether there is something to read now; kRanDry when there was at the last look.
  Look LookForInput();
  struct Taken {
    ChunkReader::Outcome outcome = ChunkReader::Outcome::kEnd;
    Chunk chunk;    // kChunk
    Charge charge;  // for its bytes
    Error error;    // kFailed
  };
  // Takes what is there; nothing once it has ended. A chunk is longer than chunk_bytes only if its first line
  // is.
  Taken Take();
  // Held by the line that is not whole yet, in the memory budget.
  size_t held() const { return carried_.bytes(); }

  // ---- any thread
  void Recycle(Chunk&& chunk) { recycler_.Recycle(std::move(chunk)); }
  // Nothing was readable when the holder looked last.
  bool dry() const { return dry_.load(); }
  // In the chunks that were taken; of how many in all, where it is a regular file.
  uint64_t bytes_taken() const { return bytes_taken_.load(std::memory_order_relaxed); }
  std::optional<uint64_t> bytes_in_all() const { return bytes_in_all_; }
  // No more input is taken from here on: it ended, failed, or the run stops. Waits for nobody: not for a Take
  // that is under way either, which blocks when somebody else has emptied stdin.
  void End() { ended_.store(true, std::memory_order_release); }
  bool ended() const { return ended_.load(std::memory_order_acquire); }

 private:
  const int fd_;
  const size_t chunk_bytes_;
  const std::optional<uint64_t> bytes_in_all_;
  CheckpointLedger& ledger_;
  MemoryBudget& budget_;
  ChunkReader chunks_;
  ChunkReader& recycler_ = chunks_;  // locks by itself, so that it does not wait for a Take that goes on
  Charge carried_;                   // the holder's
  std::atomic<bool> ended_{false};
  std::atomic<bool> dry_{false};
  std::atomic<uint64_t> bytes_taken_{0};  // the holder's
};

}  // namespace ddb
