#include "delivery/write_gate.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class WriteGateTest : public testing::Test {
 protected:
  // A table of 100 units a second that has just refused something.
  void SetUp() override {
    gate_.Describe({.units = 100, .certain = true}, now_);
    now_ += seconds(1);
    const WriteGate::Answer answer = gate_.TrySend({0, 10, now_}, now_);
    ASSERT_TRUE(answer.units);
    gate_.OnReply({now_, *answer.units, 5, 5, 10, {}}, now_ + milliseconds(10));
    now_ += milliseconds(10);
  }
  bool May(size_t worker, double units, Instant oldest) {
    return gate_.TrySend({worker, units, oldest}, now_).units.has_value();
  }
  Instant now_{seconds(1000)};
  WriteGate gate_;
};

TEST_F(WriteGateTest, WhoHasWaitedLongestGoesFirst) {
  const Instant before = now_ - seconds(10);
  EXPECT_FALSE(May(0, 40, now_));
  EXPECT_FALSE(May(1, 40, before));
  now_ += milliseconds(450);
  EXPECT_FALSE(May(0, 40, now_)) << "there is enough for one";
  EXPECT_TRUE(May(1, 40, before));
  now_ += milliseconds(450);
  EXPECT_TRUE(May(0, 40, now_)) << "nobody older waits any more";
}

TEST_F(WriteGateTest, WhoWaitsNoLongerHoldsNobodyBack) {
  EXPECT_FALSE(May(1, 40, now_ - seconds(10)));
  gate_.Withdraw(1);
  now_ += milliseconds(450);
  EXPECT_TRUE(May(0, 40, now_));
  EXPECT_FALSE(May(2, 40, now_ - seconds(10)));
  now_ += seconds(3);
  EXPECT_TRUE(May(0, 40, now_)) << "one that has not asked for so long is gone";
}

TEST_F(WriteGateTest, TheWaitIsAsLongAsItTakes) {
  const WriteGate::Answer answer = gate_.TrySend({0, 40, now_}, now_);
  ASSERT_FALSE(answer.units);
  EXPECT_NEAR(std::chrono::duration<double>(answer.wait).count(), 0.4, 0.05);
  now_ += answer.wait;
  EXPECT_TRUE(May(0, 40, now_));
}

TEST_F(WriteGateTest, LearnsWhatWritesCost) {
  EXPECT_EQ(gate_.LookAt(now_).factor, 1);
  for (int i = 0; i < 100; ++i) {
    now_ += seconds(1);
    const WriteGate::Answer answer = gate_.TrySend({0, 10, now_}, now_);
    ASSERT_TRUE(answer.units);
    gate_.OnReply({now_, *answer.units, 10, 0, 10, 25.0}, now_ + milliseconds(10));
  }
  EXPECT_NEAR(gate_.LookAt(now_).factor, 2.5, 0.01);
  EXPECT_NEAR(gate_.LimitsOfRequest().units, 20, 0.1) << "half a second, by the sizes of items";
  EXPECT_FALSE(gate_.LookAt(now_).throttled);
}

TEST_F(WriteGateTest, WhatWasRefusedAWhileAgoIsForgotten) {
  EXPECT_TRUE(gate_.LookAt(now_).throttled);
  EXPECT_FALSE(gate_.LookAt(now_ + seconds(11)).throttled);
}

}  // namespace
}  // namespace ddb
