#include "base/read_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/signals.h"

namespace ddb {
namespace {

class ReadFileTest : public testing::Test {
 protected:
  ReadFileTest() {
    char name[] = "/tmp/read-file-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~ReadFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const char* name) const { return folder_ + "/" + name; }

  std::string folder_;
};

TEST_F(ReadFileTest, AFile) {
  std::ofstream(Path("f")) << std::string(200'000, 'x');
  EXPECT_EQ(*ReadFile(Path("f"), 200'000), std::string(200'000, 'x'));
  std::ofstream(Path("empty")) << "";
  EXPECT_EQ(*ReadFile(Path("empty"), 10), "");
}

TEST_F(ReadFileTest, WhatCannotBeRead) {
  EXPECT_EQ(ReadFile(Path("none"), 10).error().message, "No such file or directory");
  EXPECT_EQ(ReadFile(folder_, 10).error().message, "Is a directory");
  std::ofstream(Path("large")) << std::string((1 << 20) + 1, 'x');
  EXPECT_EQ(ReadFile(Path("large"), 1 << 20).error().message, "it is larger than 1 MiB");
}

TEST_F(ReadFileTest, SaysOnceThatItWaits) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  std::atomic<int> told = 0;
  std::thread writer([&] {
    while (told == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::ofstream(Path("fifo")) << "late";
  });
  const Result<std::string> text = ReadFile(Path("fifo"), 100, [&] { ++told; });
  writer.join();
  EXPECT_EQ(*text, "late");
  EXPECT_EQ(told, 1);
}

TEST_F(ReadFileTest, AFifoWhoseWriterComesLater) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  std::thread writer([this] {
    const int fd = open(Path("fifo").c_str(), O_WRONLY | O_CLOEXEC);  // returns once there is a reader
    for (const char* part : {"in ", "parts"}) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      EXPECT_GT(write(fd, part, std::string(part).size()), 0);
    }
    close(fd);
  });
  const Result<std::string> text = ReadFile(Path("fifo"), 100);
  writer.join();
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "in parts");
}

TEST_F(ReadFileTest, ASignalEndsTheWaitForAWriter) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  const Signals signals;
  std::thread sender([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    kill(getpid(), SIGTERM);
  });
  EXPECT_FALSE(ReadFile(Path("fifo"), 100).ok());
  sender.join();
  EXPECT_EQ(Signals::received(), SIGTERM);
  EXPECT_FALSE(ReadFile(Path("fifo"), 100).ok());  // and does not begin another
}

TEST(WithoutByteOrderMark, TakesOneOff) {
  EXPECT_EQ(WithoutByteOrderMark("\xEF\xBB\xBF{}"), "{}");
  EXPECT_EQ(WithoutByteOrderMark("{}"), "{}");
  EXPECT_EQ(WithoutByteOrderMark(""), "");
}

}  // namespace
}  // namespace ddb
