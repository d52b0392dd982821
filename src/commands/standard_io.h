// What stdin, stdout and stderr are good for, looked at before a sync touches anything: no table is dropped
// for a run that could neither read nor tell. Main thread.
#pragma once

#include <functional>
#include <string>

#include "base/log.h"

namespace ddb {

LogLevel LogLevelFromEnvironment();  // LOG_LEVEL: what is written to stdout

bool StdinIsReadable();  // open for reading, and no directory
bool StdoutIsWritable();

// A stdout that takes nothing is told of where a person looks: on stderr, if that is a terminal. A platform
// reads the exit code.
void TellOfStdout();

// A stdin that is a terminal waits for somebody to type messages, which hardly anybody means.
void TellOfTyping();

// For ReadFile: a WARN that nothing has come from the file.
std::function<void()> TellOfWaiting(Log& log, const std::string& path);

// The terminal that stderr is, opened anew: one that is stopped must not hold us up, and making stderr itself
// non-blocking would make it so for all who share it.
class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int fd() const { return fd_; }  // -1: stderr is no terminal

 private:
  const int fd_;
};

}  // namespace ddb
