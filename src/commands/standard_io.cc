#include "commands/standard_io.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "airbyte/message_json.h"
#include "base/environment.h"

namespace ddb {
namespace {

// A descriptor that was closed at the start is open the wrong way round (PrepareProcess).
bool IsOpenFor(int fd, int refused_mode) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != refused_mode;
}

}  // namespace

LogLevel LogLevelFromEnvironment() { return ParseLogLevel(Environment("LOG_LEVEL")); }

bool StdinIsReadable() {
  struct stat status{};
  if (fstat(STDIN_FILENO, &status) != 0 || S_ISDIR(status.st_mode)) return false;
  return IsOpenFor(STDIN_FILENO, O_WRONLY);
}

bool StdoutIsWritable() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  if (poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLNVAL)) != 0) return false;
  return IsOpenFor(STDOUT_FILENO, O_RDONLY);
}

void TellOfStdout() {
  constexpr std::string_view kText =
      "destination-dynamodb: standard output cannot be written to. Is its disk full, or its reader gone?\n";
  const Terminal terminal;
  if (terminal.fd() >= 0) (void)!write(terminal.fd(), kText.data(), kText.size());
}

void TellOfTyping() {
  if (isatty(STDIN_FILENO) == 0) return;
  constexpr std::string_view kText =
      "destination-dynamodb: the messages are read from this terminal, one JSON a line; Ctrl-D ends them. A "
      "source is piped in: source read ... | destination-dynamodb write ...\n";
  const Terminal terminal;
  if (terminal.fd() >= 0) (void)!write(terminal.fd(), kText.data(), kText.size());
}

std::function<void()> TellOfWaiting(Log& log, const std::string& path) {
  return [&log, path] {
    log.Warn("Waiting for " + path + ": nothing has come from it yet. Is it a pipe that nobody writes to?");
  };
}

Terminal::Terminal()
    : fd_(isatty(STDERR_FILENO) ? open("/dev/stderr", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1) {}

Terminal::~Terminal() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace ddb
