// ChunkReader: stdin as line-aligned chunks: the whole lines that one read returned. One exists; it is used
// by the worker that holds the read token, one at a time (the token's lock orders them). It never blocks: the
// caller waits for readiness (EventLoop::Watch) and then takes.
//
// A chunk never waits to fill. It is at most kChunkBytes unless its first line is longer; then less than that
// follows the line. An incomplete last line
// is carried over to the next chunk; at the end of input it is a line of its own (a whole message without
// newline counts), and gets its newline here, so that every line of a chunk ends with one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ddb {

struct Chunk {
  uint64_t sequence = 0;          // 0, 1, 2, ... in the order of reading
  uint64_t first_line = 1;        // line number of its first line, for messages
  std::unique_ptr<char[]> bytes;  // followed by json::kPadding readable bytes
  size_t size = 0;
  size_t capacity = 0;  // bytes reserved in the memory budget for it
  std::string_view view() const { return {bytes.get(), size}; }
};

class ChunkReader {
 public:
  // What a worker makes of one, items and requests, stays in its core's second-level cache (1 MiB and more
  // today), and replies are looked at that often; a larger chunk costs more a record.
  static constexpr size_t kChunkBytes = 256 * 1024;

  // `fd` is read, not owned, its flags stay as they are; a pipe is made large. `max_line` (bytes with
  // newline, at least chunk_bytes): a longer line is an error by name, not an allocation.
  ChunkReader(int fd, size_t chunk_bytes, size_t max_line);
  ~ChunkReader();

  enum class Outcome {
    kChunk,     // `chunk` holds at least one whole line
    kNeedMore,  // read something, but no line is whole yet, or a spurious wake-up: wait again
    kEnd,       // end of input; nothing is left
    kFailed,    // `error`: read error, or a line over max_line
  };
  // Reads at most once from the descriptor (which the caller found readable; it is asked again, without
  // waiting, since others may read it too). After kEnd or kFailed it says the same again.
  Outcome Take(Chunk& chunk, Error& error);
  // Gives a chunk's memory back for the next one. Any thread, with or without the token.
  void Recycle(Chunk&& chunk);
  // Of the incomplete line that is carried over, in bytes.
  size_t carried() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddb
