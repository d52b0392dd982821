// ChunkReader: stdin as line-aligned chunks: the whole lines that one read returned. One exists; it is used
// by the worker that holds the read token, one at a time (the token's lock orders them). It never blocks: the
// caller waits for readiness (EventLoop::Watch) and then takes.
//
// A chunk never waits to fill. It is at most kChunkBytes unless its first line is longer; then less than that
// follows the line. An incomplete last line
// is carried over to the next chunk; at the end of input it is a line of its own (a whole message without
// newline counts), and gets its newline here, so that every line of a chunk ends with one.
//
// A line that is longer than may be held is not kept: it is skimmed while it is read (LineSkim), and its
// chunk says what it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airbyte/line_skim.h"
#include "base/result.h"

namespace ddb {

// Memory of lines. A long one's is pages of its own, which grow without being copied.
struct FreeLines {
  size_t mapped = 0;  // bytes; 0: from the heap
  void operator()(char* p) const;
};
using LineBytes = std::unique_ptr<char[], FreeLines>;

struct Chunk {
  uint64_t sequence = 0;    // 0, 1, 2, ... in the order of reading
  uint64_t first_line = 1;  // line number of its first line, for messages
  // Its first line is not among its bytes, since it is too long: what it was.
  std::optional<SkimmedLine> too_long;
  LineBytes bytes;  // followed by json::kPadding readable bytes
  size_t size = 0;
  size_t capacity = 0;  // bytes reserved in the memory budget for it
  std::string_view view() const { return {bytes.get(), size}; }
  // Its first line is too long after all: it goes, and the others stay.
  void DropFirstLine(SkimmedLine skimmed);
  // A part of the bytes, which is not read again, with room for so many more behind it. Of a long line that
  // is never all there twice: its pages go as it is copied.
  std::string MoveOut(std::string_view part, size_t more);
  static constexpr size_t kMoveBytes = size_t{1} << 20;  // of them, what is there twice
};

class ChunkReader {
 public:
  // What a worker makes of one, items and requests, stays in its core's second-level cache (1 MiB and more
  // today), and replies are looked at that often; a larger chunk costs more a record.
  static constexpr size_t kChunkBytes = 256 * 1024;

  // `fd` is read, not owned, its flags stay as they are; a pipe is made large. `max_line` (bytes with
  // newline, at least chunk_bytes): of a longer line no more is held. What follows it is read only with
  // `past_long_lines`, or behind what can be ignored: else it is the last that is read, and need not have an
  // end.
  ChunkReader(int fd, size_t chunk_bytes, size_t max_line, bool past_long_lines);
  ~ChunkReader();

  enum class Outcome {
    kChunk,     // `chunk` holds at least one whole line, or one that is too long
    kNeedMore,  // read something, but no line is whole yet, or a spurious wake-up: wait again
    kEnd,       // end of input; nothing is left
    kFailed,    // `error`: read error
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
