// Command: runs the program that a profile names to give credentials, and takes what it writes. Without a
// shell, without this program's stdin (which is the source's), for so long at the most. On the supply's
// thread; Cancel from any.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace ddb {

struct CommandEnd {
  enum class How {
    kExited,      // by itself
    kNotStarted,  // there is no such program, or it may not be run
    kTooSlow,     // killed when its time was over
    kTooLong,     // killed when it wrote more than credentials can be
    kCancelled,
  };
  How how = How::kNotStarted;
  int code = 0;         // its exit code, or 128 and the signal that ended it
  std::string written;  // to its stdout; its stderr goes nowhere, as nobody knows what it holds
};

class Commands {
 public:
  virtual ~Commands() = default;
  // `words`: the program, looked for in PATH, and its arguments; not empty.
  virtual CommandEnd Run(const std::vector<std::string>& words) = 0;
};

class SystemCommands final : public Commands {
 public:
  // Less than a run waits for its first credentials, so that the reason is told.
  static constexpr Duration kPatience = std::chrono::seconds(20);

  explicit SystemCommands(const Clock& clock, Duration patience = kPatience)
      : clock_(clock), patience_(patience) {}
  CommandEnd Run(const std::vector<std::string>& words) override;
  // Ends the one that runs, and every later one at once.
  void Cancel() { cancelled_ = true; }

 private:
  const Clock& clock_;
  const Duration patience_;
  std::atomic<bool> cancelled_{false};
};

// A line in words, as a POSIX shell would split it (and Python's shlex does), with its quotes and backslashes
// and nothing else of a shell. Nothing: a quotation has no end.
std::optional<std::vector<std::string>> SplitWords(std::string_view line);

}  // namespace ddb
