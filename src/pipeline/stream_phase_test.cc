#include "pipeline/stream_phase.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "support/pipeline/plans.h"

namespace ddb {
namespace {

// Nothing is sent by a run without input.
class UnusedClient final : public Client {
 public:
  void Send(const Operation&, Buffer&, Done) override { ADD_FAILURE() << "a request"; }
  size_t in_flight() const override { return 0; }
};

class StreamPhaseTest : public ::testing::Test {
 protected:
  StreamPhaseTest() {
    plan_.workers = 2;
    EXPECT_GE(input_, 0);
    EXPECT_GE(output_, 0);
  }
  ~StreamPhaseTest() override {
    close(input_);
    close(output_);
  }

  const int input_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int output_ = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const RealClock clock_;
  RunPlan plan_ = PlanOf({"users"});
  MemoryBudget budget_{64u << 20};
  MessageWriter writer_{output_, LogLevel::kError, clock_, &budget_};
  RunControl control_{clock_, writer_, /*signal_fd=*/-1};
  const RunParts parts_{.clock = clock_,
                        .writer = writer_,
                        .budget = budget_,
                        .make_client = [](EventLoop&) { return std::make_unique<UnusedClient>(); },
                        .prepare = TablesAreThere(plan_),
                        .input_fd = input_};
};

TEST_F(StreamPhaseTest, WhatIsSettledEndsWell) {
  StreamPhase stream(plan_, parts_, {}, control_);
  stream.Run();
  stream.Close();
  EXPECT_EQ(control_.state().reason(), StopReason::kNone);
}

// Whatever defect makes the workers report that nothing is left: the ledger has the last word.
TEST_F(StreamPhaseTest, WhatIsNotSettledFailsTheRunThoughItsWorkersAreDone) {
  StreamPhase stream(plan_, parts_, {}, control_);
  stream.ledger().OpenChunk(7);
  stream.Run();
  stream.Close();
  EXPECT_EQ(control_.state().reason(), StopReason::kFailure);
  ASSERT_TRUE(control_.state().error());
  EXPECT_EQ(control_.state().error()->type, FailureType::kSystem);
  EXPECT_EQ(control_.state().error()->internal, "drained, but the ledger is not settled");
}

TEST_F(StreamPhaseTest, AReasonToEndIsNotReplacedByTheLedgers) {
  StreamPhase stream(plan_, parts_, {}, control_);
  stream.ledger().OpenChunk(7);
  control_.state().Stop(StopReason::kSignal);
  stream.Run();
  stream.Close();
  EXPECT_EQ(control_.state().reason(), StopReason::kSignal);
}

// Stands for a thread that cannot be started: what throws here throws on the supervisor's thread, when a
// worker waits for memory already.
class ThrowingClock final : public Clock {
 public:
  explicit ThrowingClock(const MemoryBudget& budget) : budget_(budget) {}
  Instant Now() const override {
    if (armed && std::this_thread::get_id() == thrower_) {
      while (!budget_.tight()) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      throw std::runtime_error("no");
    }
    return RealClock().Now();
  }
  int64_t WallMillis() const override { return 0; }
  std::atomic<bool> armed{false};

 private:
  const std::thread::id thrower_ = std::this_thread::get_id();
  const MemoryBudget& budget_;
};

TEST_F(StreamPhaseTest, AWorkerThatWaitsForRoomIsForgottenWithThePhase) {
  Charge all(budget_, budget_.limit());
  ThrowingClock clock(budget_);
  RunControl control(clock, writer_, /*signal_fd=*/-1);
  {
    const RunParts parts{.clock = clock,
                         .writer = writer_,
                         .budget = budget_,
                         .make_client = parts_.make_client,
                         .prepare = TablesAreThere(plan_),
                         .input_fd = input_};
    StreamPhase stream(plan_, parts, {}, control);
    clock.armed = true;
    EXPECT_THROW(stream.Run(), std::runtime_error);
    clock.armed = false;
  }
  all = {};  // nobody is told
  EXPECT_EQ(budget_.used(), 0u);
}

// Goes a tenth of a second with each look, and so far in the past that every timer is due at once.
class HastyClock final : public Clock {
 public:
  Instant Now() const override { return start_ + std::chrono::milliseconds(100) * ++looks_; }
  int64_t WallMillis() const override { return 0; }
  Duration gone() const { return std::chrono::milliseconds(100) * looks_.load(); }

 private:
  const Instant start_ = RealClock().Now() - std::chrono::hours(24);
  mutable std::atomic<int> looks_{0};
};

TEST(StreamPhaseLogTest, ProgressIsToldOnceAMinute) {
  int input[2];
  ASSERT_EQ(pipe2(input, O_CLOEXEC), 0);
  std::FILE* const output = std::tmpfile();
  ASSERT_NE(output, nullptr);
  const HastyClock clock;
  MemoryBudget budget(64u << 20);
  const RunPlan plan = PlanOf({"users"});
  {
    MessageWriter writer(fileno(output), LogLevel::kInfo, clock, &budget);
    RunControl control(clock, writer, /*signal_fd=*/-1);
    const RunParts parts{.clock = clock,
                         .writer = writer,
                         .budget = budget,
                         .make_client = [](EventLoop&) { return std::make_unique<UnusedClient>(); },
                         .prepare = TablesAreThere(plan),
                         .input_fd = input[0]};
    StreamPhase stream(plan, parts, {}, control);
    std::thread end([&] {
      while (clock.gone() < std::chrono::minutes(10)) std::this_thread::yield();
      close(input[1]);
    });
    stream.Run();
    end.join();
    stream.Close();
    EXPECT_EQ(control.state().reason(), StopReason::kNone);
  }
  std::string log(static_cast<size_t>(lseek(fileno(output), 0, SEEK_END)), '\0');
  EXPECT_EQ(pread(fileno(output), log.data(), log.size(), 0), static_cast<ssize_t>(log.size()));
  std::fclose(output);
  close(input[0]);
  size_t told = 0;
  for (size_t at = log.find("Progress: "); at != std::string::npos; at = log.find("Progress: ", at + 1))
    ++told;
  EXPECT_GE(told, 5u);
  // The clock went on until the input's end was seen.
  EXPECT_LE(told, static_cast<size_t>(clock.gone() / std::chrono::minutes(1)));
}

}  // namespace
}  // namespace ddb
