#include "airbyte/message_writer.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <deque>
#include <utility>

#include "airbyte/message_json.h"
#include "base/event_loop.h"
#include "base/loop_thread.h"
#include "base/mutex.h"

namespace ddb {
namespace {

// What a pipe that polls as writable takes without blocking (Linux: a page, which PIPE_BUF is), pipe(7).
constexpr size_t kPieceBytes = 4096;
constexpr size_t kBlockBytes = 64 * 1024;  // short lines are put together up to this
constexpr std::chrono::seconds kCloseWait{10};
// Lines that come sooner after what was written wait for each other: a STATE for every few records would
// otherwise wake the thread for each.
constexpr std::chrono::milliseconds kGather{1};

bool IsFile(int fd) {
  struct stat about{};
  return fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

}  // namespace

// The thread's loop is in one of three states: nothing is queued (asleep), a block is written, piece by
// piece, whenever the descriptor takes one, or lines gather for a moment after one was written.
struct MessageWriter::Impl {
  Impl(int fd_in, LogLevel level_in, const Clock& clock_in, MemoryBudget* budget_in)
      : fd(fd_in), level(level_in), clock(clock_in), budget(budget_in), out(loop, fd_in) {
    out.WhenBroken([this] {
      MarkClosed();
      TellClosed();
    });
  }

  // Its newline is in it. The charge is given back without the lock: it may wake who waits for room.
  struct Line {
    std::string text;
    Charge charge;
  };

  const int fd;
  const size_t piece_bytes = IsFile(fd) ? kBlockBytes : kPieceBytes;
  const LogLevel level;
  const Clock& clock;
  MemoryBudget* const budget;

  Mutex mu;
  CondVar progress;
  std::deque<Line> queue GUARDED_BY(mu);
  size_t waiting GUARDED_BY(mu) = 0;  // bytes queued or being written
  bool asleep GUARDED_BY(mu) = true;
  bool lost GUARDED_BY(mu) = false;  // a line was dropped
  bool told GUARDED_BY(mu) = false;
  bool telling GUARDED_BY(mu) = false;  // on_closed runs
  bool flushing GUARDED_BY(mu) = false;
  bool stalled GUARDED_BY(mu) = false;  // the last Flush gave up
  std::function<void()> on_closed GUARDED_BY(mu);
  std::atomic<bool> closed{false};

  // Set before the thread has anything to do.
  std::function<void()> before_block, after_block;

  // The thread's.
  EventLoop loop;
  EventLoop::Watch out;
  EventLoop::Timer gathered{loop};
  Line block;  // what is being written; empty: nothing
  size_t written = 0;
  LoopThread thread{loop};

  void Queue(std::string line) {
    line += '\n';
    if (line.capacity() - line.size() > line.size() / 8) line.shrink_to_fit();  // it may wait
    Line queued;
    if (budget != nullptr) queued.charge = Charge(*budget, line.capacity());
    queued.text = std::move(line);
    bool wake = false;
    {
      MutexLock lock(mu);
      if (closed.load(std::memory_order_relaxed)) {
        lost = true;
        return;
      }
      waiting += queued.text.size();
      queue.push_back(std::move(queued));
      wake = std::exchange(asleep, false);
    }
    if (wake) loop.Post([this] { WriteNext(); });
  }

  // The next bytes to write, empty if there are none: then whoever queues some wakes the thread.
  Line TakeBlock() {
    MutexLock lock(mu);
    Line taken;
    asleep = queue.empty();
    if (asleep) return taken;
    taken = std::move(queue.front());
    queue.pop_front();
    while (!queue.empty() && taken.text.size() + queue.front().text.size() <= kBlockBytes) {
      taken.text += queue.front().text;
      taken.charge.Absorb(std::move(queue.front().charge));
      queue.pop_front();
    }
    return taken;
  }

  void WriteNext() {
    if (!block.text.empty()) return;
    gathered.Cancel();
    block = TakeBlock();
    written = 0;
    if (!block.text.empty()) out.WhenWritable([this] { WritePiece(); });
  }

  void WritePiece() {
    if (written == 0 && before_block) before_block();
    const std::string_view rest = std::string_view(block.text).substr(written);
    const ssize_t n = write(fd, rest.data(), std::min(rest.size(), piece_bytes));
    if (n >= 0) {
      written += static_cast<size_t>(n);
    } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
      MarkClosed();
      EndBlock(false);
      TellClosed();
      return;
    }
    if (written < block.text.size()) {
      out.WhenWritable([this] { WritePiece(); });
      return;
    }
    EndBlock(true);
    if (Flushing()) {
      WriteNext();
    } else {
      gathered.StartAfter(kGather, [this] { WriteNext(); });
    }
  }

  void EndBlock(bool whole) {
    const size_t taken = block.text.size();
    block = {};
    if (after_block) after_block();
    MutexLock lock(mu);
    waiting -= taken;
    if (!whole) lost = true;
    if (waiting == 0) progress.NotifyAll();
  }

  bool Flushing() {
    MutexLock lock(mu);
    return flushing;
  }

  void MarkClosed() {
    std::deque<Line> dropped;  // goes without the lock
    MutexLock lock(mu);
    closed.store(true, std::memory_order_relaxed);
    dropped = DropQueue();
    progress.NotifyAll();
  }

  std::deque<Line> DropQueue() REQUIRES(mu) {
    lost |= !queue.empty();
    for (const Line& line : queue) waiting -= line.text.size();
    return std::exchange(queue, {});
  }

  void TellClosed() {
    std::function<void()> fn;
    {
      MutexLock lock(mu);
      if (told || !on_closed || !closed.load(std::memory_order_relaxed)) return;
      told = telling = true;
      fn = on_closed;
    }
    fn();
    MutexLock lock(mu);
    telling = false;
    progress.NotifyAll();
  }

  bool Flush(Instant deadline) {
    MutexLock lock(mu);
    flushing = true;
    if (waiting > 0) loop.Post([this] { WriteNext(); });  // it gathers, perhaps
    while (waiting > 0 && !closed.load(std::memory_order_relaxed)) {
      if (!progress.WaitUntil(mu, deadline)) break;
    }
    flushing = false;
    stalled = waiting > 0 && !closed.load(std::memory_order_relaxed);
    return waiting == 0 && !lost;
  }
};

MessageWriter::MessageWriter(int fd, LogLevel level, const Clock& clock, MemoryBudget* budget)
    : impl_(std::make_unique<Impl>(fd, level, clock, budget)) {
  // The thread takes no signal: they are for those who wait for them, and SIGPIPE is seen as EPIPE.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  impl_->thread.Start();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

MessageWriter::~MessageWriter() {
  bool stalled = false;
  {
    MutexLock lock(impl_->mu);
    stalled = impl_->stalled;
  }
  if (!stalled) impl_->Flush(impl_->clock.Now() + kCloseWait);
  impl_->thread.Join();
}

void MessageWriter::WriteLine(std::string line) { impl_->Queue(std::move(line)); }

bool MessageWriter::writes(LogLevel level) const { return level <= impl_->level; }

void MessageWriter::Write(LogLevel level, std::string message) {
  if (writes(level)) WriteLine(LogMessage(level, message));
}

void MessageWriter::WriteTraceError(const Error& error) {
  WriteLine(TraceErrorMessage(error, impl_->clock.WallMillis()));
}

void MessageWriter::WriteConnectionStatus(bool succeeded, std::string_view message) {
  WriteLine(ConnectionStatusMessage(succeeded, message));
}

void MessageWriter::WriteSpec(std::string_view spec_json) { WriteLine(SpecMessage(spec_json)); }

void MessageWriter::OnClosed(std::function<void()> fn) {
  {
    MutexLock lock(impl_->mu);
    while (impl_->telling) impl_->progress.Wait(impl_->mu);
    impl_->on_closed = std::move(fn);
  }
  impl_->loop.Post([impl = impl_.get()] { impl->TellClosed(); });  // it may be closed already
}

void MessageWriter::Around(std::function<void()> before, std::function<void()> after) {
  impl_->before_block = std::move(before);
  impl_->after_block = std::move(after);
}

bool MessageWriter::closed() const { return impl_->closed.load(std::memory_order_relaxed); }

bool MessageWriter::Flush(Instant deadline) { return impl_->Flush(deadline); }

}  // namespace ddb
