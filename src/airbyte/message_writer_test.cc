#include "airbyte/message_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace ddb {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;

// With a trail that does not depend on this file's lines.
Error Born(Error error) {
  error.trail = "born";
  return error;
}

class FixedClock : public Clock {
 public:
  Instant Now() const override { return steady_clock::now(); }
  int64_t WallMillis() const override { return 1'700'000'000'123; }
};

class MessageWriterTest : public ::testing::Test {
 protected:
  MessageWriterTest() {
    signal(SIGPIPE, SIG_IGN);
    if (pipe(fds_) != 0) std::abort();
  }
  ~MessageWriterTest() override {
    CloseReader();
    if (fds_[1] >= 0) close(fds_[1]);
  }
  int out() const { return fds_[1]; }
  void CloseReader() {
    if (fds_[0] >= 0) close(fds_[0]);
    fds_[0] = -1;
  }
  // All that was written; closes the writing end.
  std::vector<std::string> Lines() {
    close(fds_[1]);
    fds_[1] = -1;
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = read(fds_[0], buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<size_t>(got));
    return Split(all);
  }
  static std::vector<std::string> Split(const std::string& all) {
    std::vector<std::string> lines;
    for (size_t at = 0; at < all.size();) {
      const size_t end = all.find('\n', at);
      EXPECT_NE(end, std::string::npos);
      lines.push_back(all.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }
  template <typename Condition>
  static bool Eventually(Condition condition) {
    const auto deadline = steady_clock::now() + seconds(60);
    while (!condition()) {
      if (steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  static Instant Soon() { return steady_clock::now() + seconds(60); }

  int fds_[2];
  FixedClock clock_;
  MemoryBudget budget_{1 << 20};
};

TEST_F(MessageWriterTest, LinesInOrder) {
  {
    MessageWriter writer(out(), LogLevel::kInfo, clock_, &budget_);
    writer.WriteLine("one");
    writer.WriteLine("two");
    EXPECT_TRUE(writer.Flush(Soon()));
    EXPECT_EQ(budget_.used(), 0U);
    writer.WriteLine("three");
  }
  EXPECT_THAT(Lines(), ElementsAre("one", "two", "three"));
}

TEST_F(MessageWriterTest, Messages) {
  {
    MessageWriter writer(out(), LogLevel::kInfo, clock_, nullptr);
    writer.Info("a \"b\"\nc\xFF");
    writer.Write(LogLevel::kDebug, "not enabled");
    writer.Write(LogLevel::kTrace, "not enabled");
    writer.Write(LogLevel::kFatal, "f");
    writer.WriteConnectionStatus(true, "");
    writer.WriteConnectionStatus(false, "why");
    writer.WriteSpec("{\n  \"title\": \"a  \\\" b\\\\\",\r\n\t\"x\": [ 1, 2 ]\n}\n");
    writer.WriteTraceError(Born(ConfigError("m", "i")));
    writer.WriteTraceError(Born(TransientError("m")).At("one").At("two").For({"n", "s\\"}));
    writer.WriteTraceError(Born(SystemError("m")).For({std::nullopt, "s"}));
  }
  EXPECT_THAT(
      Lines(),
      ElementsAre(
          "{\"type\":\"LOG\",\"log\":{\"level\":\"INFO\",\"message\":\"a \\\"b\\\"\\nc\xEF\xBF\xBD\"}}",
          R"({"type":"LOG","log":{"level":"FATAL","message":"f"}})",
          R"({"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}})",
          R"({"type":"CONNECTION_STATUS","connectionStatus":{"status":"FAILED","message":"why"}})",
          R"({"type":"SPEC","spec":{"title":"a  \" b\\","x":[1,2]}})",
          R"({"type":"TRACE","trace":{"type":"ERROR","emitted_at":1700000000123.0,"error":{"failure_type":"config_error",)"
          R"("message":"m","internal_message":"i","stack_trace":"born"}}})",
          R"({"type":"TRACE","trace":{"type":"ERROR","emitted_at":1700000000123.0,"error":{"failure_type":"transient_error",)"
          R"("message":"m","internal_message":"m","stack_trace":"born\none\ntwo","stream_descriptor":{"name":"s\\","namespace":"n"}}}})",
          R"({"type":"TRACE","trace":{"type":"ERROR","emitted_at":1700000000123.0,"error":{"failure_type":"system_error",)"
          R"("message":"m","internal_message":"m","stack_trace":"born","stream_descriptor":{"name":"s"}}}})"));
}

TEST_F(MessageWriterTest, ManyThreadsManyLines) {
  std::string all;
  std::thread reader([this, &all] {
    char buffer[4096];
    for (ssize_t got; (got = read(fds_[0], buffer, sizeof buffer)) > 0;) {
      all.append(buffer, static_cast<size_t>(got));
    }
  });
  {
    MessageWriter writer(out(), LogLevel::kInfo, clock_, &budget_);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&writer, t] {
        for (int i = 0; i < 2000; ++i) writer.WriteLine(std::to_string(t) + " " + std::to_string(i));
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(writer.Flush(Soon()));
  }
  close(fds_[1]);  // the reader's end of input
  fds_[1] = -1;
  reader.join();
  const std::vector<std::string> lines = Split(all);
  ASSERT_EQ(lines.size(), 8000U);
  int next[4] = {};
  for (const std::string& line : lines) {
    const int t = line[0] - '0';
    ASSERT_EQ(line.substr(2), std::to_string(next[t]++));
  }
}

TEST_F(MessageWriterTest, ALineLargerThanThePipeToASlowReader) {
  const std::string line(3'000'000, 'x');
  size_t got_bytes = 0;
  {
    MessageWriter writer(out(), LogLevel::kInfo, clock_, &budget_);
    writer.WriteLine(line);
    writer.WriteLine("end");
    EXPECT_GE(budget_.used(), line.size());
    char buffer[10'000];
    std::string tail;
    while (tail != "\nend\n") {
      const ssize_t got = read(fds_[0], buffer, sizeof buffer);
      ASSERT_GT(got, 0);
      got_bytes += static_cast<size_t>(got);
      tail.append(buffer, static_cast<size_t>(got));
      tail.erase(0, tail.size() - std::min<size_t>(5, tail.size()));
    }
    EXPECT_TRUE(writer.Flush(Soon()));
  }
  EXPECT_EQ(got_bytes, line.size() + 5);
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(MessageWriterTest, AReaderWhoStallsHoldsUpNobody) {
  const auto start = steady_clock::now();
  MessageWriter writer(out(), LogLevel::kInfo, clock_, &budget_);
  writer.WriteLine(std::string(3'000'000, 'x'));
  EXPECT_FALSE(writer.Flush(steady_clock::now() + std::chrono::milliseconds(50)));
  EXPECT_GT(budget_.used(), 0U);
  EXPECT_FALSE(writer.closed());
  CloseReader();  // the destructor need not wait for its deadline
  EXPECT_FALSE(writer.Flush(Soon()));
  EXPECT_TRUE(Eventually([&] { return budget_.used() == 0; }));
  EXPECT_LT(steady_clock::now() - start, seconds(60));
}

// Its time is the clock's: by this one the ten seconds that it waits for a reader are over.
TEST_F(MessageWriterTest, TheDestructorWaitsByItsClock) {
  class LateClock : public FixedClock {
    Instant Now() const override { return steady_clock::now() - std::chrono::hours(1); }
  };
  const LateClock late;
  const auto start = steady_clock::now();
  {
    MessageWriter writer(out(), LogLevel::kInfo, late, &budget_);
    writer.WriteLine(std::string(3'000'000, 'x'));
  }
  EXPECT_LT(steady_clock::now() - start, seconds(8));
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(MessageWriterTest, AClosedReaderIsToldOnce) {
  std::atomic<int> told{0};
  MessageWriter writer(out(), LogLevel::kInfo, clock_, &budget_);
  writer.OnClosed([&told] { ++told; });
  writer.WriteLine("one");
  EXPECT_TRUE(writer.Flush(Soon()));
  EXPECT_FALSE(writer.closed());
  CloseReader();
  EXPECT_TRUE(Eventually([&] { return told.load() == 1; }));  // with nothing to write
  EXPECT_TRUE(writer.closed());
  EXPECT_TRUE(writer.Flush(Soon()));  // all that was queued so far is written
  writer.WriteLine("two");
  writer.WriteLine("three");
  EXPECT_FALSE(writer.Flush(Soon()));
  EXPECT_EQ(budget_.used(), 0U);
  EXPECT_EQ(told.load(), 1);
}

TEST_F(MessageWriterTest, AnObserverThatIsTakenAwayIsNotCalledAnyMore) {
  std::atomic<bool> called{false};
  std::atomic<bool> ended{false};
  MessageWriter writer(out(), LogLevel::kInfo, clock_, nullptr);
  writer.OnClosed([&] {
    called = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ended = true;
  });
  CloseReader();
  EXPECT_TRUE(Eventually([&] { return called.load(); }));
  writer.OnClosed({});
  EXPECT_TRUE(ended);
}

TEST_F(MessageWriterTest, AReaderThatStallsIsNotWaitedForTwice) {
  const auto start = steady_clock::now();
  for (int i = 0; i < 6; ++i) {  // a minute's worth, if each destructor waited on
    MessageWriter writer(out(), LogLevel::kInfo, clock_, nullptr);
    writer.WriteLine(std::string(1 << 20, 'x'));
    EXPECT_FALSE(writer.Flush(steady_clock::now() + std::chrono::milliseconds(10)));
  }
  EXPECT_LT(steady_clock::now() - start, seconds(55));
}

TEST_F(MessageWriterTest, ClosedBeforeAnybodyObserves) {
  CloseReader();
  MessageWriter writer(out(), LogLevel::kInfo, clock_, nullptr);
  writer.WriteLine("one");
  EXPECT_FALSE(writer.Flush(Soon()));
  EXPECT_TRUE(Eventually([&] { return writer.closed(); }));
  std::atomic<int> told{0};
  writer.OnClosed([&told] { ++told; });
  EXPECT_TRUE(Eventually([&] { return told.load() == 1; }));
}

TEST_F(MessageWriterTest, ADescriptorThatIsNotOpenCountsAsClosed) {
  const int not_open = fcntl(out(), F_DUPFD, 500);  // no descriptor of the writer's own gets this number
  close(not_open);
  MessageWriter writer(not_open, LogLevel::kInfo, clock_, nullptr);
  writer.WriteLine("one");
  EXPECT_FALSE(writer.Flush(Soon()));
  EXPECT_TRUE(writer.closed());
}

TEST_F(MessageWriterTest, FlagsStayAsTheyAre) {
  for (const int flags : {0, O_NONBLOCK}) {
    ASSERT_EQ(fcntl(out(), F_SETFL, flags), 0);
    const int before = fcntl(out(), F_GETFL);
    MessageWriter writer(out(), LogLevel::kInfo, clock_, nullptr);
    writer.WriteLine("x");
    EXPECT_TRUE(writer.Flush(Soon()));
    EXPECT_EQ(fcntl(out(), F_GETFL), before);
  }
  EXPECT_THAT(Lines(), ElementsAre("x", "x"));
}

TEST_F(MessageWriterTest, ARegularFile) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    MessageWriter writer(fileno(file), LogLevel::kInfo, clock_, nullptr);
    writer.WriteLine(std::string(10'000, 'a'));
  }
  EXPECT_EQ(lseek(fileno(file), 0, SEEK_END), 10'001);
  std::fclose(file);
}

TEST_F(MessageWriterTest, ADeviceThatIsFullCountsAsClosed) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) GTEST_SKIP() << "no /dev/full";
  {
    MessageWriter writer(full, LogLevel::kInfo, clock_, &budget_);
    std::atomic<bool> told{false};
    writer.OnClosed([&] { told = true; });
    writer.WriteLine("lost");
    EXPECT_FALSE(writer.Flush(Soon()));
    EXPECT_TRUE(writer.closed());
    EXPECT_TRUE(Eventually([&] { return told.load(); }));
    EXPECT_EQ(budget_.used(), 0u);
  }
  close(full);
}

}  // namespace
}  // namespace ddb
