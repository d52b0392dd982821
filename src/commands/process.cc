#include "commands/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <exception>
#include <new>
#include <source_location>
#include <string_view>
#include <system_error>

namespace ddb {
namespace {

constexpr int kStalledReaderMillis = 10'000;

// A line on the stack; what does not fit is cut.
class Line {
 public:
  Line& operator<<(std::string_view text) {
    const size_t size = std::min(text.size(), sizeof(text_) - size_);
    std::memcpy(text_ + size_, text.data(), size);
    size_ += size;
    return *this;
  }
  Line& operator<<(int64_t number) {
    size_ = static_cast<size_t>(std::to_chars(text_ + size_, text_ + sizeof(text_), number).ptr - text_);
    return *this;
  }
  std::string_view text() const { return {text_, size_}; }

 private:
  char text_[1024];
  size_t size_ = 0;
};

void WriteToStdout(std::string_view text) {
  while (!text.empty()) {
    // A pipe that polls as writable takes a short line whole, so a reader that stalls cannot hold us here.
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    if (poll(&out, 1, kStalledReaderMillis) == 0) return;
    const ssize_t size = write(STDOUT_FILENO, text.data(), text.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return;
    text.remove_prefix(static_cast<size_t>(size));
  }
}

// Allocates nothing. One thread speaks; others that come wait for the end.
[[noreturn]] void Die(std::string_view message, std::string_view cause,
                      std::source_location where = std::source_location::current()) {
  static std::atomic_flag dying;
  while (dying.test_and_set()) pause();
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t millis = int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
  std::string_view file = where.file_name();
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  Line line;
  // The newline in front ends a line that was being written.
  line << "\n{\"type\":\"TRACE\",\"trace\":{\"type\":\"ERROR\",\"emitted_at\":" << millis
       << ",\"error\":{\"message\":\"" << message << "\",\"internal_message\":\"" << cause
       << "\",\"stack_trace\":\"" << file << ":" << int64_t{where.line()}
       << "\\nthe end of the process\",\"failure_type\":\"system_error\"}}}\n";
  WriteToStdout(line.text());
  _exit(1);
}

[[noreturn]] void OnOutOfMemory() {
  Die("The destination ran out of memory. Give its container more memory, or fewer workers in the "
      "destination's settings.",
      "operator new failed");
}

void DieOf(const std::error_code& code) {
  if (code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system) {
    Die("The destination has no file descriptors left. Raise its limit of open files (ulimit -n), or use "
        "fewer "
        "workers in the destination's settings.",
        "EMFILE or ENFILE");
  }
  if (code == std::errc::resource_unavailable_try_again || code == std::errc::not_enough_memory) {
    Die("The system refused the destination a thread or memory. Raise its container's limits of memory and "
        "processes.",
        "EAGAIN or ENOMEM");
  }
}

[[noreturn]] void OnTerminate() {
  try {
    if (const auto exception = std::current_exception()) std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    OnOutOfMemory();
  } catch (const std::system_error& error) {
    DieOf(error.code());
  } catch (const boost::system::system_error& error) {
    DieOf(error.code());
  } catch (...) {  // its text may hold data
  }
  Die("The destination stopped because of an error in its program. Please report it.",
      "an exception was not caught");
}

void FillStandardDescriptor(int fd, int flags) {
  if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) return;
  // open gives the lowest free descriptor: this one, as those below are open by now.
  if (open("/dev/null", flags) != fd) _exit(1);
}

// A worker has its event loop and up to 256 connections, and the soft limit is often 1,024. Whoever started
// us meant the hard one.
void RaiseLimitOfDescriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void PrepareProcess() {
  FillStandardDescriptor(STDIN_FILENO, O_WRONLY);
  FillStandardDescriptor(STDOUT_FILENO, O_RDONLY);
  FillStandardDescriptor(STDERR_FILENO, O_WRONLY);
  RaiseLimitOfDescriptors();
  std::signal(SIGPIPE, SIG_IGN);
  std::set_new_handler(OnOutOfMemory);
  std::set_terminate(OnTerminate);
}

}  // namespace ddb
