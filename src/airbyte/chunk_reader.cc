#include "airbyte/chunk_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "airbyte/odd_line.h"
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

LineBytes Map(size_t size) {
  const size_t mapped = size + kPadding;
  void* const pages = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<char*>(pages), FreeLines{mapped}};
}

// Pages for `size` bytes and the padding: those of `bytes` and more, or fewer. What is not written to takes
// no memory.
LineBytes Remap(LineBytes bytes, size_t size) {
  const size_t mapped = size + kPadding;
  const size_t before = bytes ? bytes.get_deleter().mapped : 0;
  if (before == 0) return Map(size);
#ifdef __SANITIZE_THREAD__
  // It does not see mremap, and takes who had these addresses before for one who still has.
  LineBytes moved = Map(size);
  std::memcpy(moved.get(), bytes.get(), std::min(before, mapped));
  return moved;
#else
  void* const pages = mremap(bytes.get(), before, mapped, MREMAP_MAYMOVE);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  static_cast<void>(bytes.release());
  return {static_cast<char*>(pages), FreeLines{mapped}};
#endif
}

}  // namespace

void FreeLines::operator()(char* p) const {
  if (mapped == 0) {
    delete[] p;
  } else {
    munmap(p, mapped);
  }
}

void Chunk::DropFirstLine(SkimmedLine skimmed) {
  const size_t line = std::min(view().find('\n'), size - 1) + 1;
  size -= line;
  std::memmove(bytes.get(), bytes.get() + line, size + kPadding);
  if (bytes.get_deleter().mapped > 0) {
    bytes = Remap(std::move(bytes), size);
    capacity = size;
  }
  too_long = std::move(skimmed);
}

std::string Chunk::MoveOut(std::string_view part, size_t more) {
  std::string text;
  text.reserve(part.size() + more);
  const bool has_pages = bytes.get_deleter().mapped > 0;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  // Whole pages of the part, by their offset; others have neighbours in them.
  const auto begin = static_cast<size_t>(part.data() - bytes.get());
  size_t gone = (begin + page - 1) / page * page;
  while (text.size() < part.size()) {
    text.append(part.substr(text.size(), kMoveBytes));
    const size_t copied = (begin + text.size()) / page * page;
    if (!has_pages || copied <= gone) continue;
    madvise(bytes.get() + gone, copied - gone, MADV_DONTNEED);
    gone = copied;
  }
  return text;
}

struct ChunkReader::Impl {
  Impl(int fd_in, size_t chunk_bytes_in, size_t max_line_in, bool past_long_lines_in)
      : fd(fd_in),
        chunk_bytes(chunk_bytes_in),
        max_line(std::max(max_line_in, chunk_bytes_in)),
        past_long_lines(past_long_lines_in) {}

  const int fd;
  const size_t chunk_bytes;
  const size_t max_line;
  const bool past_long_lines;

  // By the holder of the read token.
  LineBytes bytes;  // the carried line, then room; `capacity` bytes and the padding
  size_t capacity = 0;
  size_t filled = 0;
  std::optional<LineSkim> skim;  // the carried line is too long, and none of it is in `bytes`
  uint64_t next_sequence = 0;
  uint64_t next_line = 1;
  bool ended = false;
  bool failed = false;
  Error failure;

  Mutex mu;
  std::vector<LineBytes> kept GUARDED_BY(mu);  // each of chunk_bytes

  LineBytes NewBuffer() {
    {
      MutexLock lock(mu);
      if (!kept.empty()) {
        LineBytes buffer = std::move(kept.back());
        kept.pop_back();
        return buffer;
      }
    }
    return LineBytes(new char[chunk_bytes + kPadding]);  // not initialised
  }

  // Makes room behind what is carried.
  void Prepare() {
    if (!bytes) {
      bytes = NewBuffer();
      capacity = chunk_bytes;
    } else if (filled == capacity) {
      capacity = std::min(capacity * 2, max_line);
      if (bytes.get_deleter().mapped > 0) {
        bytes = Remap(std::move(bytes), capacity);
      } else {
        LineBytes grown = Remap(nullptr, capacity);
        std::memcpy(grown.get(), bytes.get(), filled);
        bytes = std::move(grown);
      }
    }
  }

  Outcome Fail(Error error) {
    failed = true;
    failure = std::move(error);
    return Outcome::kFailed;
  }

  // Gives the first `size` bytes away as a chunk, behind the line that was skimmed, and keeps the rest for
  // the next one. The rest is less than one read.
  Outcome Give(size_t size, Chunk& chunk) {
    const size_t rest = filled - size;
    LineBytes next;
    if (rest > 0) {
      next = NewBuffer();
      std::memcpy(next.get(), bytes.get() + size, rest);
    }
    if (bytes.get_deleter().mapped > 0) {  // room that it has no use for
      bytes = Remap(std::move(bytes), size);
      capacity = size;
      std::memset(bytes.get() + size, 0, kPadding);
    }
    chunk.sequence = next_sequence++;
    chunk.first_line = next_line;
    next_line += CountNewlines(bytes.get(), bytes.get() + size) + (skim ? 1 : 0);
    if (skim) chunk.too_long = skim->Finish();
    skim.reset();
    chunk.bytes = std::move(bytes);
    chunk.size = size;
    chunk.capacity = capacity;
    bytes = std::move(next);
    capacity = rest > 0 ? chunk_bytes : 0;
    filled = rest;
    return Outcome::kChunk;
  }

  // The carried line is too long to be held. Where the run ends with this line, it is not read to its end,
  // which need not come.
  Outcome BeginToSkim(Chunk& chunk) {
    const std::string_view held = WithoutBom({bytes.get(), filled});
    skim.emplace();
    skim->Feed(held);
    const Text other_form = skim->is_plain() ? OtherForm(held, next_line == 1) : Text();
    bytes = NewBuffer();
    std::memset(bytes.get(), 0, kPadding);
    capacity = chunk_bytes;
    filled = 0;
    const bool goes_on = (past_long_lines && !skim->is_plain()) || skim->MayBePassedOver();
    if (goes_on && other_form.empty()) return Outcome::kNeedMore;
    EndWithinLine(chunk);
    if (!other_form.empty()) chunk.too_long->reason = other_form;
    return Outcome::kChunk;
  }

  Outcome EndWithinLine(Chunk& chunk) {
    ended = true;
    Give(0, chunk);
    chunk.too_long->is_whole = false;
    return Outcome::kChunk;
  }

  // What was read last, from `begin` on, belongs to a line that is too long, up to the newline in it.
  Outcome SkimOn(Chunk& chunk) {
    const std::string_view read(bytes.get(), filled);
    const size_t newline = read.find('\n');
    skim->Feed(read.substr(0, newline));
    const size_t line = newline == std::string_view::npos ? filled : newline + 1;
    filled -= line;
    std::memmove(bytes.get(), bytes.get() + line, filled + kPadding);
    if (newline == std::string_view::npos) {
      return skim->is_plain() && !skim->MayBePassedOver() ? EndWithinLine(chunk) : Outcome::kNeedMore;
    }
    const std::string_view rest(bytes.get(), filled);
    return Give(rest.rfind('\n') + 1, chunk);  // none: 0
  }

  Outcome End(Chunk& chunk) {
    ended = true;
    if (skim) return Give(0, chunk);
    if (filled == 0) {
      bytes.reset();
      return Outcome::kEnd;
    }
    bytes[filled++] = '\n';  // there is room: Prepare came before
    std::memset(bytes.get() + filled, 0, kPadding);
    return Give(filled, chunk);
  }
};

ChunkReader::ChunkReader(int fd, size_t chunk_bytes, size_t max_line, bool past_long_lines)
    : impl_(std::make_unique<Impl>(fd, chunk_bytes, max_line, past_long_lines)) {
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
  if (self.skim) return self.SkimOn(chunk);
  const void* const last = memrchr(begin, '\n', static_cast<size_t>(got));
  if (last != nullptr) {
    return self.Give(static_cast<size_t>(static_cast<const char*>(last) - self.bytes.get()) + 1, chunk);
  }
  return self.filled < self.max_line ? Outcome::kNeedMore : self.BeginToSkim(chunk);
}

void ChunkReader::Recycle(Chunk&& chunk) {
  LineBytes bytes = std::move(chunk.bytes);
  const bool usual = chunk.capacity == impl_->chunk_bytes && bytes.get_deleter().mapped == 0;
  chunk.size = chunk.capacity = 0;
  if (!bytes || !usual) return;
  MutexLock lock(impl_->mu);
  if (impl_->kept.size() < kKeptBuffers) impl_->kept.push_back(std::move(bytes));
}

}  // namespace ddb
