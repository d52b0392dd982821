#include "airbyte/chunk_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/mutex.h"
#include "json/padding.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ddb {
namespace {

using json::kPadding;

constexpr int kPipeBytes = 1 << 20;  // what an unprivileged process may ask for, /proc/sys/fs/pipe-max-size
constexpr size_t kKeptBuffers = 4;

// Every chunk is counted once, under the read token, so it has to run at memory speed (a compiler makes
// byte-wise counting several times slower).
uint64_t CountNewlines(const char* p, const char* end) {
  uint64_t lines = 0;
#if defined(__SSE2__)
  const __m128i newline = _mm_set1_epi8('\n');
  while (end - p >= 64) {
    __m128i sums = _mm_setzero_si128();
    for (int round = 0; round < 63 && end - p >= 64; ++round, p += 64) {  // a byte lane holds up to 4 * 63
      for (int i = 0; i < 4; ++i) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
        sums = _mm_sub_epi8(sums, _mm_cmpeq_epi8(bytes, newline));
      }
    }
    const __m128i halves = _mm_sad_epu8(sums, _mm_setzero_si128());
    lines += static_cast<uint64_t>(_mm_cvtsi128_si64(halves));
    lines += static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(halves, halves)));
  }
#endif
  return lines + static_cast<uint64_t>(std::count(p, end, '\n'));
}

}  // namespace

struct ChunkReader::Impl {
  Impl(int fd_in, size_t chunk_bytes_in, size_t max_line_in)
      : fd(fd_in), chunk_bytes(chunk_bytes_in), max_line(std::max(max_line_in, chunk_bytes_in)) {}

  const int fd;
  const size_t chunk_bytes;
  const size_t max_line;

  // By the holder of the read token.
  std::unique_ptr<char[]> bytes;  // the carried line, then room; `capacity` bytes and the padding
  size_t capacity = 0;
  size_t filled = 0;
  uint64_t next_sequence = 0;
  uint64_t next_line = 1;
  bool ended = false;
  bool failed = false;
  Error failure;

  Mutex mu;
  std::vector<std::unique_ptr<char[]>> kept GUARDED_BY(mu);  // each of chunk_bytes

  static std::unique_ptr<char[]> Allocate(size_t size) {
    return std::unique_ptr<char[]>(new char[size + kPadding]);  // not initialised
  }

  std::unique_ptr<char[]> NewBuffer() {
    {
      MutexLock lock(mu);
      if (!kept.empty()) {
        std::unique_ptr<char[]> buffer = std::move(kept.back());
        kept.pop_back();
        return buffer;
      }
    }
    return Allocate(chunk_bytes);
  }

  // Makes room behind what is carried.
  void Prepare() {
    if (!bytes) {
      bytes = NewBuffer();
      capacity = chunk_bytes;
    } else if (filled == capacity) {
      const size_t larger = std::min(capacity * 2, max_line);
      std::unique_ptr<char[]> grown = Allocate(larger);
      std::memcpy(grown.get(), bytes.get(), filled);
      bytes = std::move(grown);
      capacity = larger;
    }
  }

  Outcome Fail(Error error) {
    failed = true;
    failure = std::move(error);
    return Outcome::kFailed;
  }

  // Gives the first `size` bytes away as a chunk and keeps the rest for the next one.
  Outcome Give(size_t size, Chunk& chunk) {
    const size_t rest = filled - size;
    std::unique_ptr<char[]> next;
    size_t next_capacity = 0;
    if (rest > 0) {
      // The rest of a buffer that had grown can be longer than a chunk.
      next_capacity = std::max(rest, chunk_bytes);
      next = rest > chunk_bytes ? Allocate(rest) : NewBuffer();
      std::memcpy(next.get(), bytes.get() + size, rest);
    }
    chunk.sequence = next_sequence++;
    chunk.first_line = next_line;
    next_line += CountNewlines(bytes.get(), bytes.get() + size);
    chunk.bytes = std::move(bytes);
    chunk.size = size;
    chunk.capacity = capacity;
    bytes = std::move(next);
    capacity = next_capacity;
    filled = rest;
    return Outcome::kChunk;
  }

  Outcome End(Chunk& chunk) {
    ended = true;
    if (filled == 0) {
      bytes.reset();
      return Outcome::kEnd;
    }
    bytes[filled++] = '\n';  // there is room: Prepare came before
    std::memset(bytes.get() + filled, 0, kPadding);
    return Give(filled, chunk);
  }
};

ChunkReader::ChunkReader(int fd, size_t chunk_bytes, size_t max_line)
    : impl_(std::make_unique<Impl>(fd, chunk_bytes, max_line)) {
  // Fewer wake-ups and fewer, larger chunks; fails for what is no pipe and where the user's share is used up.
  const int size = fcntl(fd, F_GETPIPE_SZ);
  if (size >= 0 && size < kPipeBytes) fcntl(fd, F_SETPIPE_SZ, kPipeBytes);
}

ChunkReader::~ChunkReader() = default;

size_t ChunkReader::carried() const { return impl_->filled; }

ChunkReader::Outcome ChunkReader::Take(Chunk& chunk, Error& error) {
  Impl& self = *impl_;
  if (self.failed) {
    error = self.failure;
    return Outcome::kFailed;
  }
  if (self.ended) return Outcome::kEnd;
  pollfd readable{self.fd, POLLIN, 0};
  if (poll(&readable, 1, 0) <= 0) return Outcome::kNeedMore;
  self.Prepare();
  char* const begin = self.bytes.get() + self.filled;
  // A long line's buffer has room for much more; what follows the line is for chunks of the usual size.
  const ssize_t got = read(self.fd, begin, std::min(self.capacity - self.filled, self.chunk_bytes));
  if (got < 0) {
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return Outcome::kNeedMore;
    const int code = errno;
    self.Fail(SystemError("Reading the messages from standard input failed.",
                          fmt::format("stdin: read at line {}: {}", self.next_line, std::strerror(code))));
    error = self.failure;
    return Outcome::kFailed;
  }
  if (got == 0) return self.End(chunk);
  self.filled += static_cast<size_t>(got);
  std::memset(begin + got, 0, kPadding);  // readers of the padding find no rubbish
  const void* const last = memrchr(begin, '\n', static_cast<size_t>(got));
  if (last != nullptr) {
    return self.Give(static_cast<size_t>(static_cast<const char*>(last) - self.bytes.get()) + 1, chunk);
  }
  if (self.filled < self.max_line) return Outcome::kNeedMore;
  self.Fail(
      SystemError(fmt::format("Line {} of the input is longer than {} bytes, the longest that is accepted.",
                              self.next_line, self.max_line),
                  "stdin: no newline in that many bytes"));
  error = self.failure;
  return Outcome::kFailed;
}

void ChunkReader::Recycle(Chunk&& chunk) {
  std::unique_ptr<char[]> bytes = std::move(chunk.bytes);
  const bool usual = chunk.capacity == impl_->chunk_bytes;
  chunk.size = chunk.capacity = 0;
  if (!bytes || !usual) return;
  MutexLock lock(impl_->mu);
  if (impl_->kept.size() < kKeptBuffers) impl_->kept.push_back(std::move(bytes));
}

}  // namespace ddb
