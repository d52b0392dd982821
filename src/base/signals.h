// Signals: SIGTERM, SIGINT and SIGHUP (a terminal or a session that has gone) as a readable descriptor, so
// that an event loop can wait for them. A SIGHUP that whoever started us has it ignored (nohup) stays
// ignored. One instance at a time, made on the main thread before others start.
#pragma once

#include "base/literal.h"

namespace ddb {

class Signals {
 public:
  Signals();   // installs the handlers; SIGPIPE is ignored
  ~Signals();  // default actions again
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // From the first of them on, the process has times::kStop to end; then it ends by that signal, whatever it
  // is doing: an open() of a FIFO that nobody writes, a read() of what somebody else has read.
  int fd() const { return pipe_[0]; }  // non-blocking; readable once a signal came
  static int received();               // the first one that came, 0: none. Any thread.
  static Text received_name();         // "SIGTERM"; "a signal" where none came. Any thread.
  static int current_fd();             // of the instance there is; -1: none

  // Ends the process as the signal would have: default action, raised again; as process 1, where that
  // returns, with the exit code that a shell would report.
  [[noreturn]] static void Reraise(int signal);

 private:
  int pipe_[2];
  bool heeds_hangup_ = false;
};

}  // namespace ddb
