#include "base/read_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/signals.h"

namespace ddb {
namespace {

Error Failed(int code) {
  const std::string reason = std::generic_category().message(code);
  return ConfigError(reason, "open or read: " + reason);
}

// Waits until the file can be read, or a signal came, however the two fall in time. Says once that it waits.
bool AwaitReadable(int fd, std::function<void()>& on_wait) {
  pollfd fds[2] = {{fd, POLLIN, 0}, {Signals::current_fd(), POLLIN, 0}};
  while (Signals::received() == 0 && fds[0].revents == 0) {
    const int ready = poll(fds, 2, on_wait ? static_cast<int>(kReadPatience.count()) : -1);
    if (ready < 0 && errno != EINTR) return true;  // read will tell
    if (ready == 0) std::exchange(on_wait, {})();
  }
  return Signals::received() == 0;
}

Result<std::string> ReadAll(int fd, size_t max_bytes, std::function<void()> on_wait) {
  std::string text;
  // At once, as a string that grows is there twice; for its caller to append a little.
  constexpr size_t kSpare = 4096;
  struct stat about;
  if (fstat(fd, &about) == 0 && about.st_size > 0)
    text.reserve(std::min(static_cast<size_t>(about.st_size), max_bytes) + kSpare);
  char buffer[65536];
  for (;;) {
    if (!AwaitReadable(fd, on_wait)) return TransientError("a signal came", "stopped while reading a file");
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size == 0) return text;
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return Failed(errno);
    text.append(buffer, static_cast<size_t>(size));
    if (text.size() > max_bytes) {
      return ConfigError("it is larger than " + std::to_string(max_bytes >> 20) + " MiB",
                         std::string(kFileTooLarge));
    }
  }
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, size_t max_bytes,
                             const std::function<void()>& on_wait) {
  // Opening a FIFO would wait for a writer where no signal is looked at.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return Failed(errno);
  Result<std::string> text = ReadAll(fd, max_bytes, on_wait);
  close(fd);
  return text;
}

std::string_view WithoutByteOrderMark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

}  // namespace ddb
