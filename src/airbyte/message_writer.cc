#include "airbyte/message_writer.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <deque>
#include <thread>
#include <utility>

#include "airbyte/message_json.h"
#include "base/mutex.h"

namespace ddb {
namespace {

// What a pipe that polls as writable takes without blocking (Linux: a page, which PIPE_BUF is), pipe(7).
constexpr size_t kPieceBytes = 4096;
constexpr size_t kBlockBytes = 64 * 1024;  // short lines are put together up to this
constexpr std::chrono::seconds kCloseWait{10};
// Lines that come sooner after what was written wait for each other: a STATE for every few records would
// otherwise wake the thread for each.
constexpr int kGatherMilliseconds = 1;

}  // namespace

struct MessageWriter::Impl {
  Impl(int fd_in, LogLevel level_in, const Clock& clock_in, MemoryBudget* budget_in)
      : fd(fd_in),
        level(level_in),
        clock(clock_in),
        budget(budget_in),
        wake_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Impl() { close(wake_fd); }

  static bool IsFile(int fd) {
    struct stat about{};
    return fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
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
  const int wake_fd;

  Mutex mu;
  CondVar progress;
  std::deque<Line> queue GUARDED_BY(mu);
  size_t waiting GUARDED_BY(mu) = 0;   // bytes queued or being written
  bool asleep GUARDED_BY(mu) = false;  // the thread waits for a line
  bool stop GUARDED_BY(mu) = false;
  bool lost GUARDED_BY(mu) = false;  // a line was dropped
  bool told GUARDED_BY(mu) = false;
  bool telling GUARDED_BY(mu) = false;  // on_closed runs
  bool flushing GUARDED_BY(mu) = false;
  bool stalled GUARDED_BY(mu) = false;  // the last Flush gave up
  std::function<void()> on_closed GUARDED_BY(mu);
  std::atomic<bool> closed{false};
  std::thread thread;

  void Wake() const {
    const uint64_t one = 1;
    // Fails only when the counter is full, and then it is awake.
    static_cast<void>(!write(wake_fd, &one, sizeof one));
  }

  void Queue(std::string line) {
    line += '\n';
    if (line.capacity() - line.size() > line.size() / 8) line.shrink_to_fit();  // it may wait
    Line queued;
    if (budget != nullptr) queued.charge = Charge(*budget, line.capacity());
    queued.text = std::move(line);
    bool wake = false;
    {
      MutexLock lock(mu);
      if (closed.load(std::memory_order_relaxed) || stop) {
        lost = true;
        return;
      }
      waiting += queued.text.size();
      queue.push_back(std::move(queued));
      wake = std::exchange(asleep, false);
    }
    if (wake) Wake();
  }

  // The next bytes to write, empty if there are none.
  Line TakeBlock() {
    MutexLock lock(mu);
    Line block;
    if (queue.empty()) return block;
    block = std::move(queue.front());
    queue.pop_front();
    while (!queue.empty() && block.text.size() + queue.front().text.size() <= kBlockBytes) {
      block.text += queue.front().text;
      block.charge.Absorb(std::move(queue.front().charge));
      queue.pop_front();
    }
    return block;
  }

  // Waits until the descriptor can be written (`for_write`), the thread is woken, stdout is closed or, if
  // that is not negative, `milliseconds` have passed. True: it can be written.
  bool Wait(bool for_write, int milliseconds = -1) {
    pollfd fds[2] = {{fd, static_cast<short>(for_write ? POLLOUT : 0), 0}, {wake_fd, POLLIN, 0}};
    if (closed.load(std::memory_order_relaxed)) fds[0].fd = -1;  // it would go on to report its error
    if (poll(fds, 2, milliseconds) < 0) return false;
    if (fds[1].revents != 0) {
      uint64_t count;
      static_cast<void>(!read(wake_fd, &count, sizeof count));
    }
    if ((fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
      MarkClosed();
      return false;
    }
    return (fds[0].revents & POLLOUT) != 0;
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

  bool Stopping() {
    MutexLock lock(mu);
    return stop;
  }
  bool Flushing() {
    MutexLock lock(mu);
    return flushing || stop;
  }

  // False: not all of it, because stdout is closed or the thread has to stop.
  bool WriteBlock(std::string_view block) {
    while (!block.empty()) {
      const bool writable = Wait(true);
      if (closed.load(std::memory_order_relaxed) || Stopping()) return false;
      if (!writable) continue;
      const ssize_t written = write(fd, block.data(), std::min(block.size(), piece_bytes));
      if (written >= 0) {
        block.remove_prefix(static_cast<size_t>(written));
      } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
        MarkClosed();
        return false;  // nothing would wake us any more
      }
    }
    return true;
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

  void Run() {
    for (;;) {
      Line block = TakeBlock();
      const size_t taken = block.text.size();
      if (taken > 0) {
        const bool written = WriteBlock(block.text);
        block = {};
        MutexLock lock(mu);
        waiting -= taken;
        if (!written) lost = true;
        if (waiting == 0 || !written) progress.NotifyAll();
      }
      TellClosed();
      if (taken > 0 && !Flushing()) Wait(false, kGatherMilliseconds);
      {
        MutexLock lock(mu);
        if (stop) return;
        if (!queue.empty()) continue;
        if (closed.load(std::memory_order_relaxed) && on_closed && !told) continue;
        asleep = true;
      }
      Wait(false);
      MutexLock lock(mu);
      asleep = false;
    }
  }

  bool Flush(Instant deadline) {
    MutexLock lock(mu);
    flushing = true;
    if (waiting > 0) Wake();  // it gathers, perhaps
    while (waiting > 0 && !closed.load(std::memory_order_relaxed)) {
      if (!progress.WaitUntil(mu, deadline)) break;
    }
    flushing = false;
    stalled = waiting > 0 && !closed.load(std::memory_order_relaxed);
    return waiting == 0 && !lost;
  }

  void Stop() {
    {
      MutexLock lock(mu);
      stop = true;
    }
    Wake();
    thread.join();
    std::deque<Line> dropped;  // goes without the lock
    MutexLock lock(mu);
    dropped = DropQueue();
  }
};

MessageWriter::MessageWriter(int fd, LogLevel level, const Clock& clock, MemoryBudget* budget)
    : impl_(std::make_unique<Impl>(fd, level, clock, budget)) {
  // The thread takes no signal: they are for those who wait for them, and SIGPIPE is seen as EPIPE.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

MessageWriter::~MessageWriter() {
  bool stalled = false;
  {
    MutexLock lock(impl_->mu);
    stalled = impl_->stalled;
  }
  if (!stalled) impl_->Flush(impl_->clock.Now() + kCloseWait);
  impl_->Stop();
}

void MessageWriter::WriteLine(std::string line) { impl_->Queue(std::move(line)); }

void MessageWriter::Write(LogLevel level, std::string message) {
  if (level <= impl_->level) WriteLine(LogMessage(level, message));
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
  impl_->Wake();  // it may be closed already
}

bool MessageWriter::closed() const { return impl_->closed.load(std::memory_order_relaxed); }

bool MessageWriter::Flush(Instant deadline) { return impl_->Flush(deadline); }

}  // namespace ddb
