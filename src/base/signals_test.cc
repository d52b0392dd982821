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

// Whatever these tests are started under: nohup ignores a hangup.
class SignalsTest : public ::testing::Test {
 protected:
  SignalsTest() { signal(SIGHUP, SIG_DFL); }
};
using SignalsDeathTest = SignalsTest;

TEST_F(SignalsTest, TheFirstOneIsToldAndADescriptorWakes) {
  for (const auto& [first, second] :
       {std::pair(SIGTERM, SIGINT), std::pair(SIGINT, SIGHUP), std::pair(SIGHUP, SIGTERM)}) {
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

TEST_F(SignalsTest, ManyOfThemHoldNobodyUp) {
  const Signals signals;
  for (int i = 0; i < 100'000; ++i) raise(SIGTERM);  // more than the pipe takes
  EXPECT_TRUE(Readable(signals.fd()));
}

TEST_F(SignalsTest, AClosedPipeIsNoSignal) {
  const Signals signals;
  EXPECT_EQ(HandlerOf(SIGPIPE), SIG_IGN);
}

TEST_F(SignalsTest, WithoutItTheDefaultHolds) {
  {
    const Signals signals;
  }
  EXPECT_EQ(HandlerOf(SIGTERM), SIG_DFL);
  EXPECT_EQ(HandlerOf(SIGINT), SIG_DFL);
  EXPECT_EQ(HandlerOf(SIGHUP), SIG_DFL);
  EXPECT_EQ(Signals::current_fd(), -1);
}

// Whatever the process does meanwhile.
TEST_F(SignalsTest, FromTheFirstOneOnItsTimeIsMeasured) {
  const Signals signals;
  EXPECT_EQ(alarm(0), 0u);
  raise(SIGTERM);
  const unsigned left = alarm(4);
  EXPECT_GE(left, 6u);
  EXPECT_LE(left, 8u);
  raise(SIGINT);
  EXPECT_LE(alarm(0), 4u) << "a second one leaves no more";
}

TEST_F(SignalsDeathTest, WhenItsTimeIsOverTheProcessEndsByTheFirstSignal) {
  EXPECT_EXIT(
      {
        const Signals signals;
        raise(SIGINT);
        raise(SIGTERM);
        raise(SIGALRM);
        pause();
      },
      ::testing::KilledBySignal(SIGINT), "");
}

// As under nohup.
TEST_F(SignalsTest, AHangupThatIsIgnoredStaysIgnored) {
  ASSERT_NE(signal(SIGHUP, SIG_IGN), SIG_ERR);
  {
    const Signals signals;
    raise(SIGHUP);
    EXPECT_EQ(Signals::received(), 0);
  }
  EXPECT_EQ(HandlerOf(SIGHUP), SIG_IGN);
  ASSERT_NE(signal(SIGHUP, SIG_DFL), SIG_ERR);
}

TEST_F(SignalsDeathTest, RaisedAgainItEndsTheProcessAsItself) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
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
