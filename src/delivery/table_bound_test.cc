#include "delivery/table_bound.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

using std::chrono::seconds;

const Instant kStart = Instant{} + seconds(1000);

TEST(TableBoundTest, BeforeTheFirstThrottleEverythingGoes) {
  TableBound bound;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(bound.TrySend(25, kStart));
}

TEST(TableBoundTest, AfterAThrottleTheBoundIsWhatIsStoredInTenSeconds) {
  TableBound bound;
  ASSERT_TRUE(bound.TrySend(1200, kStart));
  bound.OnReply({1200, 1200, true}, kStart);  // in the last minute
  EXPECT_TRUE(bound.TrySend(150, kStart + seconds(1)));
  EXPECT_FALSE(bound.TrySend(51, kStart + seconds(1)));
  EXPECT_TRUE(bound.TrySend(50, kStart + seconds(1)));
  EXPECT_FALSE(bound.TrySend(1, kStart + seconds(1)));
}

TEST(TableBoundTest, WhatTheTableDidNotTakeCountsUntilItIsSettled) {
  TableBound bound;
  ASSERT_TRUE(bound.TrySend(100, kStart));
  bound.OnReply({40, 40, true}, kStart);  // 60 wait for their retry
  EXPECT_FALSE(bound.TrySend(1, kStart));
  bound.OnReply({20, 20, false}, kStart);
  EXPECT_TRUE(bound.TrySend(10, kStart));
  EXPECT_FALSE(bound.TrySend(1, kStart));
  bound.OnReply({.settled = 25}, kStart);  // given up
  EXPECT_TRUE(bound.TrySend(25, kStart));
  EXPECT_FALSE(bound.TrySend(1, kStart));
}

TEST(TableBoundTest, TwoRequestsAlwaysGoAndOneHoweverLarge) {
  TableBound bound;
  ASSERT_TRUE(bound.TrySend(25, kStart));
  bound.OnReply({25, 0, true}, kStart);
  EXPECT_TRUE(bound.TrySend(25, kStart));
  EXPECT_TRUE(bound.TrySend(25, kStart));
  EXPECT_FALSE(bound.TrySend(1, kStart));
  bound.OnReply({.settled = 50}, kStart);
  EXPECT_TRUE(bound.TrySend(1000, kStart));
}

TEST(TableBoundTest, TheWindowForgetsAfterAMinute) {
  TableBound bound;
  ASSERT_TRUE(bound.TrySend(1200, kStart));
  bound.OnReply({1200, 1200, true}, kStart);
  ASSERT_TRUE(bound.TrySend(100, kStart + seconds(59)));
  EXPECT_TRUE(bound.TrySend(100, kStart + seconds(59)));
  EXPECT_FALSE(bound.TrySend(1, kStart + seconds(61)));
  bound.OnReply({.settled = 150}, kStart + seconds(61));
  EXPECT_FALSE(bound.TrySend(1, kStart + seconds(61)));
  bound.OnReply({.settled = 1}, kStart + seconds(61));
  EXPECT_TRUE(bound.TrySend(1, kStart + seconds(61)));
}

TEST(TableBoundTest, ThrottledForTenSeconds) {
  TableBound bound;
  EXPECT_FALSE(bound.Throttled(kStart));
  ASSERT_TRUE(bound.TrySend(25, kStart));
  bound.OnReply({25, 24, true}, kStart);
  EXPECT_TRUE(bound.Throttled(kStart + seconds(9)));
  EXPECT_FALSE(bound.Throttled(kStart + seconds(10)));
}

}  // namespace
}  // namespace ddb
