#include "base/event_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "support/base/nested_sets.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;

Instant In(milliseconds ms) { return std::chrono::steady_clock::now() + ms; }

// Two connected, non-blocking sockets.
struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd.data()), 0); }
  ~Pair() {
    close(fd[0]);
    close(fd[1]);
  }
  void Write() { EXPECT_EQ(write(fd[1], "x", 1), 1); }
  char Read() {
    char c = 0;
    EXPECT_EQ(read(fd[0], &c, 1), 1);
    return c;
  }
  std::array<int, 2> fd{};
};

TEST(EventLoopTest, RunsPostedFunctionsInOrderAndNeverInsidePost) {
  EventLoop loop;
  std::vector<int> seen;
  loop.Post([&] {
    seen.push_back(1);
    loop.Post([&] {
      seen.push_back(3);
      loop.Stop();
    });
    seen.push_back(2);
  });
  EXPECT_TRUE(seen.empty());
  loop.Run();
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
}

TEST(EventLoopTest, StopBeforeRunEndsIt) {
  EventLoop loop;
  loop.Stop();
  loop.Run();
  int ran = 0;
  loop.Post([&] {
    ++ran;
    loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(ran, 1);
}

TEST(EventLoopTest, StopFromAnotherThreadWakesAWaitingLoop) {
  for (int i = 0; i < 200; ++i) {
    EventLoop loop;
    std::thread other([&] { loop.Stop(); });
    loop.Run();
    other.join();
  }
}

TEST(EventLoopTest, PostsOfManyThreadsAllRunOnTheLoopsThread) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  EventLoop loop;
  int ran = 0;  // not atomic: only the loop's thread touches it
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) {
        loop.Post([&] {
          if (++ran == kThreads * kPosts) loop.Stop();
        });
      }
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kPosts);
}

TEST(EventLoopTest, TwoLoopsPlayBallAcrossThreads) {
  EventLoop here, there;
  int left = 2000;  // handed over with each post
  std::function<void()> ping, pong;
  ping = [&] {
    if (--left <= 0) {
      there.Stop();
      here.Stop();
      return;
    }
    there.Post(pong);
  };
  pong = [&] {
    --left;
    here.Post(ping);
  };
  here.Post(ping);
  std::thread other([&] { there.Run(); });
  here.Run();
  other.join();
  EXPECT_LE(left, 0);
}

TEST(EventLoopTest, EndOfTurnRunsAfterWhatIsReadyAndBeforeWaiting) {
  EventLoop loop;
  std::vector<std::string> seen;
  loop.Post([&] {
    loop.AtEndOfTurn([&] {
      seen.push_back("end");
      // Asked for at the end of a turn: the end of the next, without anything else having to happen.
      loop.AtEndOfTurn([&] {
        seen.push_back("next end");
        loop.Stop();
      });
    });
    seen.push_back("first");
  });
  loop.Post([&] { seen.push_back("second"); });
  loop.Run();
  EXPECT_EQ(seen, (std::vector<std::string>{"first", "second", "end", "next end"}));
}

TEST(EventLoopTest, EndOfTurnIsNotStarvedByFunctionsThatPostThemselves) {
  EventLoop loop;
  std::function<void()> again = [&] { loop.Post(again); };
  loop.Post(again);
  loop.AtEndOfTurn([&] { loop.Stop(); });
  loop.Run();
}

TEST(EventLoopTest, ReadyDescriptorsAreServedInTheSameTurn) {
  EventLoop loop;
  Pair a, b;
  EventLoop::Watch watch_a(loop, a.fd[0]), watch_b(loop, b.fd[0]);
  a.Write();
  b.Write();
  int ready = 0;
  const auto on_ready = [&] {
    if (++ready == 1) {
      loop.AtEndOfTurn([&] {
        EXPECT_EQ(ready, 2);
        loop.Stop();
      });
    }
  };
  watch_a.WhenReadable(on_ready);
  watch_b.WhenReadable(on_ready);
  loop.Run();
}

TEST(EventLoopTimerTest, FiresOnceNotBeforeItsTime) {
  EventLoop loop;
  EventLoop::Timer timer(loop);
  const Instant when = In(milliseconds(20));
  int fired = 0;
  timer.Start(when, [&] {
    ++fired;
    EXPECT_GE(std::chrono::steady_clock::now(), when);
    timer.Start(In(milliseconds(1)), [&] { loop.Stop(); });
  });
  loop.Run();
  EXPECT_EQ(fired, 1);
}

TEST(EventLoopTimerTest, StartAfterCountsFromNow) {
  EventLoop loop;
  EventLoop::Timer timer(loop);
  const Instant when = In(milliseconds(20));
  timer.Start(In(milliseconds(1)), [] { ADD_FAILURE() << "replaced"; });
  timer.StartAfter(milliseconds(20), [&] {
    EXPECT_GE(std::chrono::steady_clock::now(), when);
    loop.Stop();
  });
  loop.Run();
}

TEST(EventLoopTimerTest, StartReplacesAndCancelCancels) {
  EventLoop loop;
  EventLoop::Timer replaced(loop), cancelled(loop), end(loop);
  std::string seen;
  replaced.Start(In(milliseconds(0)), [&] { seen += "a"; });
  replaced.Start(In(milliseconds(1)), [&] { seen += "b"; });
  cancelled.Start(In(milliseconds(0)), [&] { seen += "c"; });
  cancelled.Cancel();
  end.Start(In(milliseconds(20)), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(seen, "b");
}

TEST(EventLoopTimerTest, CancelHoldsEvenWhenBothAreDue) {
  EventLoop loop;
  EventLoop::Timer first(loop), second(loop), end(loop);
  int fired = 0;
  const Instant now = In(milliseconds(0));
  first.Start(now, [&] {
    ++fired;
    second.Cancel();
  });
  second.Start(now, [&] {
    ++fired;
    first.Cancel();
  });
  end.Start(In(milliseconds(10)), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(fired, 1);
}

TEST(EventLoopTimerTest, MayBeDestroyedInItsOwnCallback) {
  EventLoop loop;
  auto timer = std::make_unique<EventLoop::Timer>(loop);
  const std::string captured(100, 'x');
  std::string seen;
  timer->Start(In(milliseconds(0)), [&, captured] {
    timer.reset();
    seen = captured;
    loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(seen, captured);
}

TEST(EventLoopWatchTest, ReadableAndWritableAreOneShotAndIndependent) {
  EventLoop loop;
  Pair pair;
  EventLoop::Watch watch(loop, pair.fd[0]);
  std::string seen;
  watch.WhenReadable([&] {
    seen += pair.Read();
    watch.WhenReadable([&] {
      seen += pair.Read();
      loop.Stop();
    });
    loop.Post([&] { pair.Write(); });
  });
  watch.WhenWritable([&] {
    seen += "w";
    pair.Write();
  });
  loop.Run();
  EXPECT_EQ(seen, "wxx");
}

TEST(EventLoopWatchTest, DataThatCameBeforeTheWaitIsSeen) {
  EventLoop loop;
  Pair pair;
  EventLoop::Watch watch(loop, pair.fd[0]);
  pair.Write();
  pair.Write();
  int ready = 0;
  std::function<void()> on_ready = [&] {
    if (++ready == 2) {
      loop.Stop();
      return;
    }
    pair.Read();  // one byte stays: the next wait must see it though nothing new comes
    watch.WhenReadable(on_ready);
  };
  watch.WhenReadable(on_ready);
  loop.Run();
  EXPECT_EQ(ready, 2);
}

TEST(EventLoopWatchTest, HangUpCountsAsReady) {
  EventLoop loop;
  Pair pair;
  EventLoop::Watch watch(loop, pair.fd[0]);
  watch.WhenReadable([&] { loop.Stop(); });
  shutdown(pair.fd[1], SHUT_RDWR);
  loop.Run();
}

TEST(EventLoopWatchTest, CancelledAndReplacedWaits) {
  EventLoop loop;
  Pair pair;
  EventLoop::Watch watch(loop, pair.fd[0]);
  std::string seen;
  pair.Write();
  watch.WhenReadable([&] { seen += "a"; });
  watch.Cancel();
  watch.WhenReadable([&] { seen += "b"; });
  watch.WhenReadable([&] {
    seen += "c";
    loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(seen, "c");
}

TEST(EventLoopWatchTest, MayBeDestroyedInItsOwnCallbackAndTheDescriptorStaysOpen) {
  EventLoop loop;
  Pair pair;
  auto watch = std::make_unique<EventLoop::Watch>(loop, pair.fd[0]);
  pair.Write();
  watch->WhenReadable([&] {
    watch->WhenWritable([&] { ADD_FAILURE() << "destroyed before"; });
    watch.reset();
    loop.Post([&] { loop.Stop(); });
  });
  loop.Run();
  EXPECT_EQ(pair.Read(), 'x');
  EventLoop::Watch again(loop, pair.fd[0]);  // the same descriptor can be watched anew
  again.WhenWritable([&] { loop.Stop(); });
  loop.Run();
}

// A connecting socket that is called ready counts as connected.
TEST(EventLoopWatchTest, WhatEpollRefusesIsNotTakenForReady) {
  EventLoop loop;
  Pair pair;
  const testkit::NestedSets nested(pair.fd[0]);
  EventLoop::Watch watch(loop, nested.fd());
  EventLoop::Timer timer(loop), in_vain(loop);
  in_vain.StartAfter(std::chrono::seconds(10), [&] { loop.Stop(); });
  bool written = false;
  int ready = 0;
  const auto write_after_a_while = [&] {
    timer.StartAfter(milliseconds(30), [&] {
      written = true;
      pair.Write();
    });
  };
  write_after_a_while();
  watch.WhenReadable([&] {
    EXPECT_TRUE(written);
    ++ready;
    pair.Read();
    written = false;
    write_after_a_while();
    watch.WhenReadable([&] {
      EXPECT_TRUE(written);
      ++ready;
      loop.Stop();
    });
  });
  loop.Run();
  EXPECT_EQ(ready, 2);
}

TEST(EventLoopWatchTest, LoopMayGoWithWaitsLeft) {
  Pair pair;
  auto loop = std::make_unique<EventLoop>();
  auto kept = std::make_shared<int>(1);
  {
    EventLoop::Watch watch(*loop, pair.fd[0]);
    EventLoop::Timer timer(*loop);
    watch.WhenReadable([kept] {});
    timer.Start(In(milliseconds(100000)), [kept] {});
    loop->Post([kept] {});
    loop->AtEndOfTurn([kept] {});
  }
  loop.reset();
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace ddb
