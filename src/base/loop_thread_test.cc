#include "base/loop_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ddb {
namespace {

TEST(LoopThreadTest, RunsItsLoopUntilItIsJoined) {
  EventLoop loop;
  std::atomic<bool> ran{false};
  std::atomic<bool> elsewhere{false};
  LoopThread thread(loop);
  const std::thread::id here = std::this_thread::get_id();
  loop.Post([&] {
    elsewhere = std::this_thread::get_id() != here;
    ran = true;
  });
  EXPECT_FALSE(ran);
  thread.Start();
  while (!ran) std::this_thread::yield();
  EXPECT_TRUE(elsewhere);
  thread.Join();
  loop.Post([&] { ADD_FAILURE() << "after Join"; });
  thread.Join();
}

TEST(LoopThreadTest, OneThatWasNotStartedEndsAtOnce) {
  EventLoop loop;
  LoopThread thread(loop);
  thread.Join();
}

}  // namespace
}  // namespace ddb
