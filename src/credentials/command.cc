#include "credentials/command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace ddb {
namespace {

// A token of 16 KiB, and some more.
constexpr size_t kMostWritten = size_t{256} * 1024;
// How often the end is looked for that no descriptor tells of: the program's own, and Cancel.
constexpr int kLookMillis = 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Starts it, with `out` as its stdout; -1: that failed.
pid_t Start(const std::vector<std::string>& words, int out) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);

  // A group of its own, to be killed with all that it has started; signals as for any program.
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setsigdefault(&how, &all);
  posix_spawnattr_setpgroup(&how, 0);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, arguments[0], &files, &how, arguments.data(), environ);
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  return failed == 0 ? pid : -1;
}

// Whether it has ended, and how. Where nobody is told of the end of children (SIGCHLD is ignored), it counts
// as a good one: what was written shows the rest.
bool HasEnded(pid_t pid, bool wait, int* code) {
  int status = 0;
  pid_t ended = 0;
  do ended = waitpid(pid, &status, wait ? 0 : WNOHANG);
  while (ended < 0 && errno == EINTR);
  if (ended == 0) return false;
  if (ended == pid) *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

// Takes what is there; at the end of all, closes it.
void TakeWritten(Descriptor& pipe, std::string& written) {
  std::array<char, 4096> bytes;
  while (pipe.get() >= 0 && written.size() <= kMostWritten) {
    const ssize_t size = read(pipe.get(), bytes.data(), bytes.size());
    if (size > 0) {
      written.append(bytes.data(), static_cast<size_t>(size));
    } else if (size == 0 || errno != EINTR) {
      if (size == 0 || errno != EAGAIN) pipe.Close();
      return;
    }
  }
}

}  // namespace

CommandEnd SystemCommands::Run(const std::vector<std::string>& words) {
  using How = CommandEnd::How;
  CommandEnd end;
  std::array<int, 2> ends{-1, -1};
  end.how = How::kCancelled;
  if (cancelled_ || pipe2(ends.data(), O_CLOEXEC) != 0) return end;
  Descriptor in(ends[0]), out(ends[1]);
  fcntl(in.get(), F_SETFL, O_NONBLOCK);
  const pid_t pid = Start(words, out.get());
  end.how = How::kNotStarted;
  if (pid < 0) return end;
  out.Close();

  const Instant until = clock_.Now() + patience_;
  for (;;) {
    const bool ended =
        HasEnded(pid, false, &end.code);  // before the look at what was written: nothing follows
    TakeWritten(in, end.written);
    const bool late = clock_.Now() >= until;
    if (ended || end.written.size() > kMostWritten || cancelled_ || late) {
      end.how = end.written.size() > kMostWritten ? How::kTooLong
                : ended                           ? How::kExited
                : late                            ? How::kTooSlow
                                                  : How::kCancelled;
      if (ended) return end;
      kill(-pid, SIGKILL);
      (void)HasEnded(pid, true, &end.code);
      return end;
    }
    pollfd readable{in.get(), POLLIN, 0};
    (void)poll(&readable, 1, kLookMillis);
  }
}

std::optional<std::vector<std::string>> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;  // that is open
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool escapes = c == '\\' && quote != '\'';
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
      in_word = false;
      continue;
    }
    if (!std::exchange(in_word, true)) words.emplace_back();
    if (escapes) {
      if (i + 1 == line.size()) return std::nullopt;
      const char next = line[++i];
      // Within quotes a backslash means something before these alone.
      if (quote != 0 && next != '"' && next != '\\') words.back() += c;
      words.back() += next;
    } else if (quote == 0 ? c == '"' || c == '\'' : c == quote) {
      quote = quote == 0 ? c : 0;
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return std::nullopt;
  return words;
}

}  // namespace ddb
