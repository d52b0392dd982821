// Waits on descriptors that others share: pipes, files, and what is closed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "base/event_loop.h"

namespace ddb {
namespace {

TEST(SharedDescriptorTest, PipeIsWaitedForAndStaysBlocking) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  {
    EventLoop loop;
    EventLoop::Watch reader(loop, fd[0]);
    EventLoop::Watch writer(loop, fd[1]);
    int ready = 0;
    reader.WhenReadable([&] {
      char c = 0;
      EXPECT_EQ(read(fd[0], &c, 1), 1);
      if (++ready == 2) loop.Stop();
      reader.WhenReadable([&] { loop.Stop(); });
    });
    writer.WhenWritable([&] {
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

TEST(SharedDescriptorTest, TwoLoopsMayWaitOnOneDescriptor) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  {
    EventLoop one, two;
    EventLoop::Watch first(one, fd[0]), second(two, fd[0]);
    first.WhenReadable([&] { one.Stop(); });
    second.WhenReadable([&] { two.Stop(); });
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
TEST(SharedDescriptorTest, ManyLoopsMayWaitOnOneDescriptor) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  {
    std::list<EventLoop> loops;
    std::list<EventLoop::Watch> watches;
    bool ready = false;
    for (int i = 0; i < 128; ++i) {
      EventLoop& loop = loops.emplace_back();
      watches.emplace_back(loop, fd[0]).WhenReadable([&] { ready = true; });
      loop.Post([&loop] { loop.Stop(); });
      loop.Run();
      ASSERT_FALSE(ready) << "in loop " << i;
    }
    ASSERT_EQ(write(fd[1], "x", 1), 1);
    watches.back().WhenReadable([&] { loops.back().Stop(); });
    loops.back().Run();
  }
  close(fd[0]);
  close(fd[1]);
}

// As a writer with nothing to write waits.
TEST(SharedDescriptorTest, APipeThatNobodyReadsAnyMoreIsToldAsBroken) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  {
    EventLoop loop;
    EventLoop::Watch writer(loop, fd[1]);
    bool closed = false;
    bool written = false;
    writer.WhenBroken([&] {
      EXPECT_TRUE(closed);
      loop.Stop();
    });
    writer.WhenWritable([&] {
      written = true;
      loop.Post([&] {
        close(fd[0]);
        closed = true;
      });
    });
    loop.Run();
    EXPECT_TRUE(written);

    // Who waits to write is told that, and then the rest.
    std::string told;
    EventLoop::Watch again(loop, fd[1]);
    again.WhenBroken([&] {
      told += "broken";
      loop.Stop();
    });
    again.WhenWritable([&] { told += "writable "; });
    loop.Run();
    EXPECT_EQ(told, "writable broken");
  }
  close(fd[1]);
}

TEST(SharedDescriptorTest, AWaitForWhatBreaksGoesWithItsWatch) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  EventLoop loop;
  {
    EventLoop::Watch cancelled(loop, fd[1]);
    cancelled.WhenBroken([&] { ADD_FAILURE() << "cancelled before"; });
    cancelled.Cancel();
    auto gone = std::make_unique<EventLoop::Watch>(loop, fd[1]);
    gone->WhenBroken([&] { ADD_FAILURE() << "destroyed before"; });
    gone.reset();
    close(fd[0]);
    EventLoop::Watch last(loop, fd[1]);
    last.WhenBroken([&] { loop.Stop(); });
    loop.Run();
  }
  close(fd[1]);
}

TEST(SharedDescriptorTest, RegularFileIsAlwaysReady) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    EventLoop loop;
    EventLoop::Watch watch(loop, fileno(file));
    bool asked = false;
    watch.WhenReadable([&] {
      EXPECT_TRUE(asked);
      loop.Stop();
    });
    asked = true;
    loop.Run();

    auto gone = std::make_unique<EventLoop::Watch>(loop, fileno(file));
    gone->WhenReadable([&] { ADD_FAILURE() << "destroyed before"; });
    gone.reset();
    watch.WhenReadable([&] { ADD_FAILURE() << "cancelled before"; });
    watch.Cancel();
    loop.Post([&] { loop.Stop(); });
    loop.Run();
  }
  std::fclose(file);
}

TEST(SharedDescriptorTest, EndOfPipeAndClosedDescriptorCountAsReady) {
  std::array<int, 2> fd{};
  ASSERT_EQ(pipe(fd.data()), 0);
  EventLoop loop;
  {
    EventLoop::Watch watch(loop, fd[0]);
    watch.WhenReadable([&] { loop.Stop(); });
    close(fd[1]);
    loop.Run();
  }
  close(fd[0]);
  EventLoop::Watch closed(loop, fd[0]);
  closed.WhenReadable([&] { loop.Stop(); });
  loop.Run();
}

}  // namespace
}  // namespace ddb
