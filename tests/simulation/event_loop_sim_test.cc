// The simulated loop keeps the contract of the real one (base/event_loop.h), in virtual time.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "base/entropy.h"
#include "base/event_loop.h"
#include "base/loop_thread.h"
#include "base/mutex.h"
#include "simulation/scheduler.h"

namespace ddb::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class SimulatedLoopTest : public ::testing::Test {
 protected:
  Scheduler scheduler_{{.seed = 7, .turn = {}, .ends_after = hours(24)}};
};

TEST_F(SimulatedLoopTest, PostedFunctionsRunInOrderAndTheEndOfATurnBeforeTimePasses) {
  EventLoop loop;
  EventLoop::Timer timer(loop);
  std::string seen;
  timer.StartAfter(milliseconds(1), [&] { loop.Stop(); });
  loop.AtEndOfTurn([&] { seen += "end"; });
  loop.Post([&] {
    seen += "a";
    loop.Post([&] { seen += "c"; });
  });
  loop.Post([&] { seen += "b"; });
  EXPECT_TRUE(seen.empty());
  loop.Run();
  const size_t end = seen.find("end");
  ASSERT_NE(end, std::string::npos);
  EXPECT_GT(end, 0u) << "after what was ready";
  EXPECT_EQ(seen.erase(end, 3), "abc");
}

TEST_F(SimulatedLoopTest, TimersAreDueInVirtualTimeAndCanBeTakenBack) {
  EventLoop loop;
  EventLoop::Timer late(loop), early(loop), cancelled(loop), replaced(loop);
  std::string seen;
  late.StartAfter(hours(2), [&] { loop.Stop(); });
  early.StartAfter(hours(1), [&] { seen += "early"; });
  cancelled.StartAfter(hours(1), [&] { ADD_FAILURE() << "cancelled before"; });
  cancelled.Cancel();
  replaced.StartAfter(hours(1), [&] { ADD_FAILURE() << "replaced before"; });
  replaced.StartAfter(milliseconds(1), [&] { seen += "replaced "; });
  {
    EventLoop::Timer gone(loop);
    gone.StartAfter(milliseconds(1), [&] { ADD_FAILURE() << "gone before"; });
  }
  const Instant begin = scheduler_.Now();
  loop.Run();
  EXPECT_EQ(seen, "replaced early");
  EXPECT_EQ(scheduler_.Now() - begin, hours(2));
}

TEST_F(SimulatedLoopTest, AThreadsLoopGoesOnWhileAnotherRuns) {
  EventLoop mine, other;
  LoopThread thread(other);
  bool ran = false;
  other.Post([&] {
    ran = true;
    mine.Post([&] { mine.Stop(); });
  });
  EXPECT_FALSE(ran);
  thread.Start();
  mine.Run();
  EXPECT_TRUE(ran);
  thread.Join();
  other.Post([] { ADD_FAILURE() << "after Join"; });
  EventLoop::Timer end(mine);
  end.StartAfter(hours(1), [&] { mine.Stop(); });
  mine.Run();
}

TEST_F(SimulatedLoopTest, DescriptorsAreReal) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  {
    EventLoop loop;
    EventLoop::Watch reader(loop, fd[0]);
    EventLoop::Watch writer(loop, fd[1]);
    std::string seen;
    reader.WhenReadable([&] { seen += "readable "; });
    writer.WhenWritable([&] {
      seen += "writable ";
      EXPECT_EQ(write(fd[1], "x", 1), 1);
      scheduler_.At(scheduler_.Now() + hours(1), [&] { close(fd[0]); });
    });
    writer.WhenBroken([&] {
      seen += "broken";
      loop.Stop();
    });
    loop.Run();
    EXPECT_EQ(seen, "writable readable broken");
  }
  close(fd[1]);
}

TEST_F(SimulatedLoopTest, WhoWaitsForAConditionLetsTheOthersGoOn) {
  EventLoop loop;
  LoopThread thread(loop);
  EventLoop::Timer timer(loop);
  Mutex mu;
  CondVar changed;
  bool done = false;
  timer.StartAfter(hours(1), [&] { done = true; });
  thread.Start();
  MutexLock lock(mu);
  const Instant begin = scheduler_.Now();
  while (!done) changed.Wait(mu);
  EXPECT_EQ(scheduler_.Now() - begin, hours(1));
  while (changed.WaitUntil(mu, begin + hours(3))) {
  }
  EXPECT_EQ(scheduler_.Now() - begin, hours(3));
}

TEST_F(SimulatedLoopTest, WhenNothingIsLeftToHappenItSaysSo) {
  EventLoop loop;
  try {
    loop.Run();
    FAIL() << "it came to an end";
  } catch (const Violation& violation) {
    EXPECT_EQ(violation.invariant, "hang");
  }
}

TEST_F(SimulatedLoopTest, ALoopThatTurnsForEverIsFound) {
  EventLoop loop;
  std::function<void()> again = [&] { loop.Post(again); };
  loop.Post(again);
  try {
    loop.Run();
    FAIL() << "it came to an end";
  } catch (const Violation& violation) {
    EXPECT_EQ(violation.invariant, "livelock");
  }
}

TEST(SimulatedEntropyTest, IsOfTheSeed) {
  const auto draw = [](uint64_t seed) {
    const Scheduler scheduler({.seed = seed, .turn = {}, .ends_after = hours(1)});
    std::array<char, 20> bytes{};
    FillWithEntropy(bytes.data(), bytes.size());
    return std::string(bytes.data(), bytes.size());
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
}

}  // namespace
}  // namespace ddb::simulation
