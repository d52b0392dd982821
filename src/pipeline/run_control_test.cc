// The time that a run has once it is told to end, on a clock that goes a second with each look at the phase.
#include "pipeline/run_control.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

namespace ddb {
namespace {

using std::chrono::seconds;

// So far in the past that every timer is due at once.
class SecondsClock final : public Clock {
 public:
  Instant Now() const override { return now_; }
  int64_t WallMillis() const override { return 0; }
  void Advance() { now_ += seconds(1); }

 private:
  Instant now_ = RealClock().Now() - std::chrono::hours(1);
};

class RunControlTest : public ::testing::Test {
 protected:
  static constexpr int kEndless = 100;
  // The loop sees what one second asked for within the next few.
  static constexpr int kSoon = 4;

  struct Pipe {
    Pipe() { EXPECT_EQ(pipe2(fd, O_CLOEXEC), 0); }
    int fd[2];
  };

  ~RunControlTest() override {
    for (const int fd : {null_, signal_.fd[0], signal_.fd[1]}) close(fd);
  }
  void Signal() { EXPECT_EQ(write(signal_.fd[1], "", 1), 1); }
  // Supervises a phase that never leaves by itself; gives the second in which it ended.
  int EndsAt(const std::function<void(int second)>& happens) {
    int second = 0;
    control_.Supervise({.stop = [this] { ++stops_; },
                        .each_tick =
                            [&](Instant) {
                              clock_.Advance();
                              happens(++second);
                              if (second == kEndless) control_.Leave();
                            }});
    return second;
  }

  const int null_ = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const Pipe signal_;
  SecondsClock clock_;
  MessageWriter writer_{null_, LogLevel::kError, clock_, nullptr};
  RunControl control_{clock_, writer_, signal_.fd[0]};
  int stops_ = 0;
};

TEST_F(RunControlTest, WithoutAReasonItGoesOn) {
  EXPECT_EQ(EndsAt([](int) {}), kEndless);
  EXPECT_EQ(stops_, 0);
}

TEST_F(RunControlTest, AFailureLeavesThirtySecondsForWhatLiesBeforeIt) {
  const int end = EndsAt([this](int second) {
    if (second == 1) control_.state().Fail(SystemError("failed", "test"));
  });
  EXPECT_GE(end, 30);
  EXPECT_LE(end, 31 + kSoon);
  EXPECT_EQ(stops_, 1);
}

TEST_F(RunControlTest, AClosedStdoutLeavesSixSeconds) {
  const int end = EndsAt([this](int second) {
    if (second == 1) control_.state().Stop(StopReason::kStdoutClosed);
  });
  EXPECT_GE(end, 6);
  EXPECT_LE(end, 7 + kSoon);
  EXPECT_EQ(stops_, 1);
}

TEST_F(RunControlTest, ASignalLeavesSixSeconds) {
  const int end = EndsAt([this](int second) {
    if (second == 1) Signal();
  });
  EXPECT_GE(end, 6);
  EXPECT_LE(end, 7 + kSoon);
  EXPECT_EQ(control_.state().reason(), StopReason::kSignal);
  EXPECT_EQ(stops_, 1);
}

TEST_F(RunControlTest, ASignalAfterAFailureLeavesNoMoreThanItsOwnTime) {
  const int end = EndsAt([this](int second) {
    if (second == 1) control_.state().Fail(SystemError("failed", "test"));
    if (second == 6) Signal();
  });
  EXPECT_GE(end, 11);
  EXPECT_LE(end, 12 + kSoon);
  EXPECT_EQ(control_.state().reason(), StopReason::kFailure);  // what came first is told
}

TEST_F(RunControlTest, AFailureAfterASignalLengthensNothing) {
  const int end = EndsAt([this](int second) {
    if (second == 1) Signal();
    if (second == 6) control_.state().Fail(SystemError("failed", "test"));
  });
  EXPECT_LE(end, 7 + kSoon);
  EXPECT_EQ(control_.state().reason(), StopReason::kSignal);
}

}  // namespace
}  // namespace ddb
