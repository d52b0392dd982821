// MessageWriter: the only writer of stdout. Lines are queued by any thread and written, flushed, in order by
// its own thread, so that a reader who stalls never blocks a worker. Lines that wait count against the memory
// budget.
//
// stdout is never made non-blocking (others share it): the thread waits until it can be written, then writes
// no more than a pipe takes at once, so that a reader who stalls holds up neither Flush nor the destructor. A
// closed stdout (EPIPE) is not an error here, nor is one that cannot be written (a full disk): lines are
// dropped from then on and the observer is told once. SIGPIPE must be ignored, or blocked as it is on the
// writer's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "base/result.h"

namespace ddb {

class MessageWriter final : public Log {
 public:
  // `fd` is written to, not owned. `budget` may be null (spec, check).
  MessageWriter(int fd, LogLevel level, const Clock& clock, MemoryBudget* budget);
  ~MessageWriter() override;  // waits as Flush does, at most 10 s; not if the last Flush has waited in vain

  // One whole message without its newline, as it is (a STATE, already with its stats).
  void WriteLine(std::string line);
  bool writes(LogLevel level) const;                         // else what is logged at it goes nowhere
  void Write(LogLevel level, std::string message) override;  // LOG, if `level` is not below the writer's
  void WriteTraceError(const Error& error);
  void WriteConnectionStatus(bool succeeded, std::string_view message);
  void WriteSpec(std::string_view spec_json);  // valid JSON in any layout

  // `fn` runs once, on the writer's thread, when stdout turns out to be closed. Set before the first line. A
  // call of the one before it that is under way is waited for, so that nothing is called that may go.
  void OnClosed(std::function<void()> fn);
  // On the writer's thread: `before` it writes some whole lines, which stdout is ready to take, and `after`.
  // Set before the first line.
  void Around(std::function<void()> before, std::function<void()> after);
  bool closed() const;
  // Waits until everything queued is written (or stdout is closed), at most until `deadline`. False: not all
  // that was ever queued is written.
  bool Flush(Instant deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddb
