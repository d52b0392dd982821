#include "base/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

namespace ddb {
namespace {

bool Readable(int fd) {
  pollfd ask{fd, POLLIN, 0};
  return poll(&ask, 1, 0) == 1 && (ask.revents & POLLIN) != 0;
}

void (*HandlerOf(int signal))(int) {
  struct sigaction action = {};
  EXPECT_EQ(sigaction(signal, nullptr, &action), 0);
  return action.sa_handler;
}

TEST(SignalsTest, TheFirstOneIsToldAndADescriptorWakes) {
  for (const auto& [first, second] : {std::pair(SIGTERM, SIGINT), std::pair(SIGINT, SIGTERM)}) {
    const Signals signals;
    EXPECT_EQ(Signals::received(), 0);
    EXPECT_EQ(Signals::current_fd(), signals.fd());
    EXPECT_FALSE(Readable(signals.fd()));
    raise(first);
    EXPECT_EQ(Signals::received(), first);
    EXPECT_TRUE(Readable(signals.fd()));
    raise(second);
    EXPECT_EQ(Signals::received(), first);
  }
}

TEST(SignalsTest, ManyOfThemHoldNobodyUp) {
  const Signals signals;
  for (int i = 0; i < 100'000; ++i) raise(SIGTERM);  // more than the pipe takes
  EXPECT_TRUE(Readable(signals.fd()));
}

TEST(SignalsTest, AClosedPipeIsNoSignal) {
  const Signals signals;
  EXPECT_EQ(HandlerOf(SIGPIPE), SIG_IGN);
}

TEST(SignalsTest, WithoutItTheDefaultHolds) {
  {
    const Signals signals;
  }
  EXPECT_EQ(HandlerOf(SIGTERM), SIG_DFL);
  EXPECT_EQ(HandlerOf(SIGINT), SIG_DFL);
  EXPECT_EQ(Signals::current_fd(), -1);
}

TEST(SignalsDeathTest, RaisedAgainItEndsTheProcessAsItself) {
  for (const int signal : {SIGTERM, SIGINT}) {
    EXPECT_EXIT(
        {
          const Signals signals;
          raise(signal);
          Signals::Reraise(Signals::received());
        },
        ::testing::KilledBySignal(signal), "");
  }
}

}  // namespace
}  // namespace ddb
