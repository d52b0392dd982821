#include "pipeline/stream_phase.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string_view>

#include "support/pipeline/plans.h"

namespace ddb {
namespace {

// Nothing is sent by a run without input.
class UnusedClient final : public Client {
 public:
  void Send(std::string_view, Buffer&, Done) override { ADD_FAILURE() << "a request"; }
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
  StreamPhase stream(plan_, parts_, control_);
  stream.Run();
  stream.Close();
  EXPECT_EQ(control_.state().reason(), StopReason::kNone);
}

// Whatever defect makes the workers report that nothing is left: the ledger has the last word.
TEST_F(StreamPhaseTest, WhatIsNotSettledFailsTheRunThoughItsWorkersAreDone) {
  StreamPhase stream(plan_, parts_, control_);
  stream.ledger().OpenChunk(7);
  stream.Run();
  stream.Close();
  EXPECT_EQ(control_.state().reason(), StopReason::kFailure);
  ASSERT_TRUE(control_.state().error());
  EXPECT_EQ(control_.state().error()->type, FailureType::kSystem);
  EXPECT_EQ(control_.state().error()->internal, "drained, but the ledger is not settled");
}

TEST_F(StreamPhaseTest, AReasonToEndIsNotReplacedByTheLedgers) {
  StreamPhase stream(plan_, parts_, control_);
  stream.ledger().OpenChunk(7);
  control_.state().Stop(StopReason::kSignal);
  stream.Run();
  stream.Close();
  EXPECT_EQ(control_.state().reason(), StopReason::kSignal);
}

}  // namespace
}  // namespace ddb
