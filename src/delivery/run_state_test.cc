#include "delivery/run_state.h"

#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

class RunStateTest : public testing::Test {
 protected:
  void Fail(const char* message, std::optional<Position> at = std::nullopt) {
    state_.Fail(SystemError(message, "test"), at);
  }
  std::string Told() const { return state_.error() ? state_.error()->message : ""; }

  int changes_ = 0;
  RunState state_{[this] { ++changes_; }};
};

TEST_F(RunStateTest, OfFailuresInTheInputTheOneThatStandsFirstIsTold) {
  Fail("line 700", Position{7, 2});
  Fail("line 900", Position{9, 0});
  EXPECT_EQ(Told(), "line 700");
  Fail("line 650", Position{7, 1});
  EXPECT_EQ(Told(), "line 650");
  Fail("the same place", Position{7, 1});
  EXPECT_EQ(Told(), "line 650");
  Fail("line 300", Position{3, 9});
  EXPECT_EQ(Told(), "line 300");
  EXPECT_EQ(state_.reason(), StopReason::kFailure);
  EXPECT_EQ(changes_, 1);
}

TEST_F(RunStateTest, AFailureOfNoPlaceInTheInputIsNeitherReplacedNorReplaces) {
  Fail("a table");
  Fail("line 1", Position{0, 0});
  EXPECT_EQ(Told(), "a table");

  RunState of_a_line([] {});
  of_a_line.Fail(SystemError("line 9", "test"), Position{0, 9});
  of_a_line.GiveUpOn(TableNo(0), SystemError("a table", "test"));
  EXPECT_EQ(of_a_line.error()->message, "line 9");
  EXPECT_TRUE(of_a_line.has_given_up(TableNo(0)));
}

TEST_F(RunStateTest, AfterASignalNothingIsAFailure) {
  state_.Stop(StopReason::kSignal);
  Fail("line 1", Position{0, 0});
  EXPECT_EQ(state_.reason(), StopReason::kSignal);
  EXPECT_FALSE(state_.error());
  EXPECT_EQ(changes_, 1);
}

}  // namespace
}  // namespace ddb
