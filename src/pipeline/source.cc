#include "pipeline/source.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace ddb {
namespace {

// From where it is read on: somebody may have read the first part of it.
std::optional<uint64_t> BytesOfFile(int fd) {
  struct stat about{};
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  const off_t at = lseek(fd, 0, SEEK_CUR);
  if (at < 0 || at > about.st_size) return std::nullopt;
  return static_cast<uint64_t>(about.st_size - at);
}

}  // namespace

Source::Source(int fd, size_t chunk_bytes, bool past_long_lines, CheckpointLedger& ledger,
               MemoryBudget& budget)
    : fd_(fd),
      chunk_bytes_(chunk_bytes),
      bytes_in_all_(BytesOfFile(fd)),
      ledger_(ledger),
      budget_(budget),
      chunks_(fd, chunk_bytes, budget.limit(), past_long_lines),
      carried_(budget, 0) {}

Source::Look Source::LookForInput() {
  pollfd ask{fd_, POLLIN, 0};
  const bool readable = ::poll(&ask, 1, 0) > 0;
  const bool was_dry = dry_.exchange(!readable);
  if (readable) return Look::kReadable;
  return was_dry ? Look::kStillDry : Look::kRanDry;
}

Source::Taken Source::Take() {
  Taken taken;
  if (ended()) return taken;
  taken.outcome = chunks_.Take(taken.chunk, taken.error);
  // Ended meanwhile: what was read is not missed, as nothing behind it will be.
  if (ended()) taken.outcome = ChunkReader::Outcome::kEnd;
  carried_.Resize(chunks_.carried());  // a line that is not whole yet
  if (taken.outcome == ChunkReader::Outcome::kChunk) {
    taken.charge = Charge(budget_, taken.chunk.capacity);
    ledger_.OpenChunk(taken.chunk.sequence);
    bytes_taken_.store(bytes_taken() + taken.chunk.size, std::memory_order_relaxed);
  }
  return taken;
}

}  // namespace ddb
