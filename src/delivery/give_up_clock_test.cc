#include "delivery/give_up_clock.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

using std::chrono::seconds;

const Instant kStart = Instant{} + seconds(1000);

TEST(GiveUpClockTest, StartsWithTheFirstThatWaitsAndWithEachSettled) {
  GiveUpClock clock;
  EXPECT_FALSE(clock.WaitedWithoutProgress(kStart));
  clock.AddWaiting(10, kStart);
  EXPECT_EQ(clock.WaitedWithoutProgress(kStart + seconds(7)), seconds(7));
  clock.AddWaiting(10, kStart + seconds(7));
  EXPECT_EQ(clock.WaitedWithoutProgress(kStart + seconds(9)), seconds(9));
  clock.Settle(5, kStart + seconds(9));
  EXPECT_EQ(clock.WaitedWithoutProgress(kStart + seconds(10)), seconds(1));
  EXPECT_EQ(clock.waiting(), 15u);
  clock.Settle(15, kStart + seconds(10));
  EXPECT_FALSE(clock.WaitedWithoutProgress(kStart + seconds(100)));
}

TEST(GiveUpClockTest, WhatComesAfterAPauseDoesNotInheritIt) {
  GiveUpClock clock;
  clock.AddWaiting(1, kStart);
  clock.Settle(1, kStart + seconds(1));
  clock.AddWaiting(1, kStart + seconds(900));
  EXPECT_EQ(clock.WaitedWithoutProgress(kStart + seconds(901)), seconds(1));
}

}  // namespace
}  // namespace ddb
