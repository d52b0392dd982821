// Waits on descriptors that others share: pipes, files, and what is closed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <list>
#include <memory>
#include <thread>

#include "base/event_loop.h"

namespace ddb {
namespace {

TEST(EventLoopSharedWatchTest, PipeIsWaitedForAndStaysBlocking) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  {
    EventLoop loop;
    EventLoop::SharedWatch reader(loop, fd[0], false);
    EventLoop::SharedWatch writer(loop, fd[1], true);
    EXPECT_TRUE(reader.pollable());
    int ready = 0;
    reader.WhenReady([&] {
      char c = 0;
      EXPECT_EQ(read(fd[0], &c, 1), 1);
      if (++ready == 2) loop.Stop();
      reader.WhenReady([&] { loop.Stop(); });
    });
    writer.WhenReady([&] {
      EXPECT_EQ(ready, 0);
      EXPECT_EQ(write(fd[1], "ab", 2), 2);
    });
    loop.Run();
    EXPECT_EQ(ready, 1);
    EXPECT_EQ(fcntl(fd[0], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(fcntl(fd[1], F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_EQ(fcntl(fd[0], F_GETFD) & ~FD_CLOEXEC, 0);  // not closed
  close(fd[0]);
  close(fd[1]);
}

TEST(EventLoopSharedWatchTest, TwoLoopsMayWaitOnOneDescriptor) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  {
    EventLoop one, two;
    EventLoop::SharedWatch first(one, fd[0], false), second(two, fd[0], false);
    first.WhenReady([&] { one.Stop(); });
    second.WhenReady([&] { two.Stop(); });
    std::thread other([&] { two.Run(); });
    ASSERT_EQ(write(fd[1], "x", 1), 1);
    one.Run();
    other.join();
  }
  close(fd[0]);
  close(fd[1]);
}

// As many as a large machine has cores. The kernel bounds how often a descriptor is in epoll sets that are
// inside others; a wait that it refuses would end at once, again and again.
TEST(EventLoopSharedWatchTest, ManyLoopsMayWaitOnOneDescriptor) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  {
    std::list<EventLoop> loops;
    std::list<EventLoop::SharedWatch> watches;
    bool ready = false;
    for (int i = 0; i < 128; ++i) {
      EventLoop& loop = loops.emplace_back();
      watches.emplace_back(loop, fd[0], false).WhenReady([&] { ready = true; });
      loop.Post([&loop] { loop.Stop(); });
      loop.Run();
      ASSERT_FALSE(ready) << "in loop " << i;
    }
    ASSERT_EQ(write(fd[1], "x", 1), 1);
    watches.back().WhenReady([&] { loops.back().Stop(); });
    loops.back().Run();
  }
  close(fd[0]);
  close(fd[1]);
}

TEST(EventLoopSharedWatchTest, RegularFileIsAlwaysReady) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    EventLoop loop;
    EventLoop::SharedWatch watch(loop, fileno(file), false);
    EXPECT_FALSE(watch.pollable());
    bool asked = false;
    watch.WhenReady([&] {
      EXPECT_TRUE(asked);
      loop.Stop();
    });
    asked = true;
    loop.Run();

    auto gone = std::make_unique<EventLoop::SharedWatch>(loop, fileno(file), false);
    gone->WhenReady([&] { ADD_FAILURE() << "destroyed before"; });
    gone.reset();
    watch.WhenReady([&] { ADD_FAILURE() << "cancelled before"; });
    watch.Cancel();
    loop.Post([&] { loop.Stop(); });
    loop.Run();
  }
  std::fclose(file);
}

TEST(EventLoopSharedWatchTest, EndOfPipeAndClosedDescriptorCountAsReady) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  EventLoop loop;
  {
    EventLoop::SharedWatch watch(loop, fd[0], false);
    watch.WhenReady([&] { loop.Stop(); });
    close(fd[1]);
    loop.Run();
  }
  close(fd[0]);
  EventLoop::SharedWatch closed(loop, fd[0], false);
  closed.WhenReady([&] { loop.Stop(); });
  loop.Run();
}

}  // namespace
}  // namespace ddb
