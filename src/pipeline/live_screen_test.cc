#include "pipeline/live_screen.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace ddb {
namespace {

constexpr size_t kPage = 4096;

// What a terminal makes of it is tried on one (tests/fault/test_display.py); here a pipe takes the bytes.
class LiveScreenTest : public testing::Test {
 protected:
  LiveScreenTest() {
    if (pipe2(fds_, O_NONBLOCK) != 0) std::abort();
  }
  ~LiveScreenTest() override {
    close(fds_[0]);
    close(fds_[1]);
  }
  std::string Drawn() {
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = read(fds_[0], buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<size_t>(got));
    return all;
  }
  // Until there is room for `pages` and no more. A pipe takes a part only of what is longer than one.
  void FillUpTo(size_t pages) {
    const auto size = static_cast<size_t>(fcntl(fds_[1], F_SETPIPE_SZ, 2 * kPage));
    const std::string filler(size - pages * kPage, '#');
    ASSERT_EQ(write(fds_[1], filler.data(), filler.size()), static_cast<ssize_t>(filler.size()));
  }
  int out() const { return fds_[1]; }

 private:
  int fds_[2] = {-1, -1};
};

TEST_F(LiveScreenTest, DrawsInPlace) {
  LiveScreen screen(out(), {});
  screen.Show({{"one"}, {"two", /*alarm=*/true}});
  EXPECT_EQ(Drawn(), "\rone\x1b[K\r\n\x1b[33mtwo\x1b[m\x1b[K\x1b[J");
  screen.Show({{"three"}});
  EXPECT_EQ(Drawn(), "\r\x1b[1Athree\x1b[K\x1b[J");
  screen.End("last");
  EXPECT_EQ(Drawn(), "\r\x1b[Jlast\r\n");
  screen.Show({{"more"}});
  screen.Leave();
  screen.Return();
  EXPECT_EQ(Drawn(), "");
}

TEST_F(LiveScreenTest, IsClearedWhileOthersWrite) {
  LiveScreen screen(out(), {.colors = false, .shared = true});
  screen.Leave();  // nothing stands there
  screen.Return();
  EXPECT_EQ(Drawn(), "");
  screen.Show({{"one"}, {"two", /*alarm=*/true}});
  EXPECT_EQ(Drawn(), "\rone\x1b[K\r\ntwo\x1b[K\x1b[J");
  screen.Leave();
  EXPECT_EQ(Drawn(), "\r\x1b[1A\x1b[J");
  screen.Show({{"three"}});
  screen.Leave();
  EXPECT_EQ(Drawn(), "");
  screen.Return();
  EXPECT_EQ(Drawn(), "\rthree\x1b[K\x1b[J");
  screen.Leave();
  screen.End("last");
  screen.Return();
  EXPECT_EQ(Drawn(), "\r\x1b[J");  // others have said the last
}

TEST_F(LiveScreenTest, ATerminalThatKnowsNothingGetsNoSequence) {
  LiveScreen screen(out(), {.moves = false, .colors = false, .shared = true});
  screen.Show({{"a long line", /*alarm=*/true}, {"not shown"}});
  EXPECT_EQ(Drawn(), "\ra long line");
  screen.Show({{"short"}});
  EXPECT_EQ(Drawn(), "\rshort      ");
  screen.Show({{"short"}});
  EXPECT_EQ(Drawn(), "\rshort");
  screen.Leave();
  EXPECT_EQ(Drawn(), "\r     \r");
}

TEST_F(LiveScreenTest, WhatATerminalTookInPartGoesOnLater) {
  LiveScreen screen(out(), {});
  FillUpTo(0);
  screen.Show({{"nothing of this"}});
  EXPECT_EQ(Drawn().find_first_not_of('#'), std::string::npos);
  FillUpTo(1);
  screen.Show({{std::string(kPage + 10, 'x')}, {"two"}});
  EXPECT_TRUE(Drawn().ends_with("#\r" + std::string(kPage - 1, 'x')));
  screen.Show({{"three"}});
  EXPECT_EQ(Drawn(), std::string(11, 'x') + "\x1b[K\r\ntwo\x1b[K\x1b[J\r\x1b[1Athree\x1b[K\x1b[J");
}

TEST_F(LiveScreenTest, ALateClearIsLeftOut) {
  LiveScreen screen(out(), {.shared = true});
  screen.Show({{"one"}});
  Drawn();
  FillUpTo(0);
  screen.Leave();
  EXPECT_EQ(Drawn().find_first_not_of('#'), std::string::npos);
  screen.Return();  // it would clear what others have written meanwhile
  EXPECT_EQ(Drawn(), "\rone\x1b[K\x1b[J");
}

}  // namespace
}  // namespace ddb
