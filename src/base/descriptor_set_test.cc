#include "base/descriptor_set.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <functional>
#include <system_error>

#include "support/base/nested_sets.h"

namespace ddb {
namespace {

class SocketPair {
 public:
  SocketPair() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd.data()), 0);
  }
  ~SocketPair() {
    for (const int each : fd) close(each);
  }
  void Write() const { EXPECT_EQ(write(fd[1], "x", 1), 1); }
  std::array<int, 2> fd{};
};

class DescriptorSetTest : public ::testing::Test {
 protected:
  void RunReady() {
    set_.RunReady([] { return false; });
  }
  bool TellsOfSomething() const {
    pollfd ask{set_.fd(), POLLIN, 0};
    return poll(&ask, 1, 0) > 0;
  }
  // Both are ready at once, and the first that runs removes the other.
  void ExpectThatOneRuns(int a, int b, const std::function<void()>& make_ready) {
    DescriptorSet::Member first{a}, second{b};
    int runs = 0;
    first.readable = [&] {
      ++runs;
      set_.Remove(second);
    };
    second.readable = [&] {
      ++runs;
      set_.Remove(first);
    };
    ASSERT_TRUE(set_.Wait(first));
    ASSERT_TRUE(set_.Wait(second));
    make_ready();
    RunReady();
    RunReady();
    EXPECT_EQ(runs, 1);
    set_.Remove(first);
    set_.Remove(second);
  }
  DescriptorSet set_;
};

TEST_F(DescriptorSetTest, WhatIsReadyAndNotWaitedForIsToldOnce) {
  SocketPair pair;
  DescriptorSet::Member member{pair.fd[0]};
  int runs = 0;
  member.readable = [&] { ++runs; };
  ASSERT_TRUE(set_.Wait(member));
  pair.Write();
  RunReady();
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(TellsOfSomething());  // the byte was not read
  RunReady();
  EXPECT_FALSE(TellsOfSomething());  // and nobody waits for it
  member.readable = [&] { ++runs; };
  ASSERT_TRUE(set_.Wait(member));
  RunReady();
  EXPECT_EQ(runs, 2);
  set_.Remove(member);
}

TEST_F(DescriptorSetTest, AHangUpThatNobodyWaitsForIsToldOnceAndNotForgotten) {
  SocketPair pair;
  DescriptorSet::Member member{pair.fd[0]};
  bool ran = false;
  member.writable = [] {};
  ASSERT_TRUE(set_.Wait(member));
  RunReady();
  shutdown(pair.fd[1], SHUT_RDWR);
  EXPECT_TRUE(TellsOfSomething());
  RunReady();
  RunReady();
  EXPECT_FALSE(TellsOfSomething());
  member.readable = [&] { ran = true; };
  ASSERT_TRUE(set_.Wait(member));
  RunReady();
  EXPECT_TRUE(ran);
  set_.Remove(member);
}

TEST_F(DescriptorSetTest, AMemberThatAnotherRemovesDoesNotRun) {
  SocketPair a, b;
  ExpectThatOneRuns(a.fd[0], b.fd[0], [&] {
    a.Write();
    b.Write();
  });
}

TEST_F(DescriptorSetTest, AMemberThatRemovesItselfRunsNoMore) {
  SocketPair pair;
  DescriptorSet::Member member{pair.fd[0]};
  member.readable = [&] { set_.Remove(member); };
  member.writable = [] { ADD_FAILURE(); };
  ASSERT_TRUE(set_.Wait(member));
  pair.Write();
  RunReady();
  RunReady();
}

TEST_F(DescriptorSetTest, StopsWhenToldAndTellsOfTheRestAgain) {
  SocketPair a, b;
  DescriptorSet::Member first{a.fd[0]}, second{b.fd[0]};
  int runs = 0;
  first.readable = second.readable = [&] { ++runs; };
  ASSERT_TRUE(set_.Wait(first));
  ASSERT_TRUE(set_.Wait(second));
  a.Write();
  b.Write();
  set_.RunReady([&] { return runs == 1; });
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(TellsOfSomething());
  set_.Remove(first);
  set_.Remove(second);
}

TEST_F(DescriptorSetTest, WhatEpollRefusesIsPolled) {
  SocketPair pair;
  testkit::NestedSets nested(pair.fd[0]);
  DescriptorSet::Member member{nested.fd()};
  epoll_event event{};
  ASSERT_NE(epoll_ctl(set_.fd(), EPOLL_CTL_ADD, nested.fd(), &event), 0);
  int runs = 0;
  member.readable = [&] { ++runs; };
  ASSERT_TRUE(set_.Wait(member));
  ASSERT_TRUE(set_.Wait(member));
  RunReady();
  EXPECT_EQ(runs, 0);
  EXPECT_TRUE(set_.needs_polling());
  pair.Write();
  RunReady();
  EXPECT_EQ(runs, 1);  // once, though it was waited for twice
  RunReady();
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(set_.needs_polling());
  // Whoever waits in the call is not forgotten, and whoever removes himself is.
  member.readable = [&] {
    ++runs;
    member.readable = [&] {
      ++runs;
      set_.Remove(member);
    };
    EXPECT_TRUE(set_.Wait(member));
  };
  ASSERT_TRUE(set_.Wait(member));
  for (int i = 0; i < 3; ++i) RunReady();
  EXPECT_EQ(runs, 3);
  EXPECT_FALSE(set_.needs_polling());
}

TEST_F(DescriptorSetTest, AMemberThatIsPolledIsRemovedByAnother) {
  SocketPair pair;
  testkit::NestedSets nested(pair.fd[0]);
  const int other = dup(nested.fd());
  ExpectThatOneRuns(nested.fd(), other, [&] { pair.Write(); });
  close(other);
}

TEST_F(DescriptorSetTest, EpollTellsAgainOfWhatItTakesLater) {
  SocketPair pair;
  testkit::NestedSets nested(pair.fd[0]);
  DescriptorSet::Member member{nested.fd()};
  int runs = 0;
  member.readable = [&] { ++runs; };
  ASSERT_TRUE(set_.Wait(member));
  nested.Flatten();
  RunReady();
  EXPECT_FALSE(set_.needs_polling());
  EXPECT_EQ(runs, 0);
  EXPECT_FALSE(TellsOfSomething());
  pair.Write();
  EXPECT_TRUE(TellsOfSomething());
  RunReady();
  EXPECT_EQ(runs, 1);
  set_.Remove(member);
}

TEST(DescriptorSetWithoutDescriptorsTest, SaysSoWhenItIsMade) {
#ifdef __SANITIZE_ADDRESS__
  // Whether an object's memory can be read, the undefined-behaviour sanitizer finds out with a pipe.
  GTEST_SKIP() << "the sanitizer's own check needs descriptors";
#endif
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{0, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_THROW(DescriptorSet(), std::system_error);
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST_F(DescriptorSetTest, SaysWhatCannotBeWaitedFor) {
  FILE* const file = tmpfile();
  ASSERT_NE(file, nullptr);
  DescriptorSet::Member member{fileno(file)};
  member.readable = [] {};
  EXPECT_FALSE(set_.Wait(member));
  fclose(file);
  DescriptorSet::Member closed{1'000'000};
  closed.readable = [] {};
  EXPECT_FALSE(set_.Wait(closed));
  EXPECT_FALSE(set_.needs_polling());
}

}  // namespace
}  // namespace ddb
