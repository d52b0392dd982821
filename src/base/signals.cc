#include "base/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>

#include "base/times.h"

namespace ddb {
namespace {

std::atomic<int> g_received{0};
std::atomic<int> g_pipe{-1};
std::atomic<int> g_reading_end{-1};

constexpr unsigned kSecondsToEnd = std::chrono::duration_cast<std::chrono::seconds>(times::kStop).count();

void OnSignal(int signal) {
  const int saved = errno;
  int none = 0;
  if (g_received.compare_exchange_strong(none, signal)) alarm(kSecondsToEnd);
  const char byte = 0;
  // A full pipe is readable already.
  [[maybe_unused]] const ssize_t written = write(g_pipe.load(), &byte, 1);
  errno = saved;
}

// All that is called here may be called in a handler: signal-safety(7).
void OnAlarm(int) { Signals::Reraise(g_received.load()); }

void Install(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

Signals::Signals() {
  if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) pipe_[0] = pipe_[1] = -1;
  g_received = 0;
  g_pipe = pipe_[1];
  g_reading_end = pipe_[0];
  Install(SIGPIPE, SIG_IGN);
  Install(SIGALRM, OnAlarm);
  Install(SIGTERM, OnSignal);
  Install(SIGINT, OnSignal);
  struct sigaction hangup = {};
  sigaction(SIGHUP, nullptr, &hangup);
  heeds_hangup_ = hangup.sa_handler != SIG_IGN;
  if (heeds_hangup_) Install(SIGHUP, OnSignal);
}

Signals::~Signals() {
  alarm(0);
  Install(SIGALRM, SIG_DFL);
  Install(SIGTERM, SIG_DFL);
  Install(SIGINT, SIG_DFL);
  if (heeds_hangup_) Install(SIGHUP, SIG_DFL);
  g_pipe = g_reading_end = -1;
  close(pipe_[0]);
  close(pipe_[1]);
}

int Signals::received() { return g_received.load(); }

Text Signals::received_name() {
  switch (received()) {
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "a signal";
  }
}

int Signals::current_fd() { return g_reading_end.load(); }

void Signals::Reraise(int signal) {
  Install(signal, SIG_DFL);
  sigset_t raised;
  sigemptyset(&raised);
  sigaddset(&raised, signal);
  pthread_sigmask(SIG_UNBLOCK, &raised, nullptr);  // a handler may run with it blocked
  raise(signal);
  _exit(128 + signal);
}

}  // namespace ddb
