#include "delivery/rate_controller.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

using std::chrono::seconds;

const Instant kStart = Instant{} + seconds(1000);

TEST(RateControllerTest, BeforeTheFirstThrottleEverythingGoes) {
  RateController rate;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(rate.TrySend(25, kStart));
}

TEST(RateControllerTest, AfterAThrottleInFlightIsBoundedByWhatWasStored) {
  RateController rate;
  ASSERT_TRUE(rate.TrySend(25, kStart));
  ASSERT_TRUE(rate.TrySend(25, kStart));
  rate.OnReply(25, 25, false, kStart);
  rate.OnReply(25, 10, true, kStart);
  // 35 stored in the last minute.
  EXPECT_TRUE(rate.TrySend(25, kStart + seconds(1)));
  EXPECT_FALSE(rate.TrySend(25, kStart + seconds(1)));
  EXPECT_TRUE(rate.TrySend(10, kStart + seconds(1)));
  EXPECT_FALSE(rate.TrySend(1, kStart + seconds(1)));
}

TEST(RateControllerTest, OneRequestAlwaysGoes) {
  RateController rate;
  ASSERT_TRUE(rate.TrySend(25, kStart));
  rate.OnReply(25, 0, true, kStart);
  EXPECT_TRUE(rate.TrySend(25, kStart));
  EXPECT_FALSE(rate.TrySend(1, kStart));
}

TEST(RateControllerTest, TheWindowForgetsAfterAMinute) {
  RateController rate;
  ASSERT_TRUE(rate.TrySend(100, kStart));
  rate.OnReply(100, 100, true, kStart);
  ASSERT_TRUE(rate.TrySend(50, kStart + seconds(59)));
  EXPECT_TRUE(rate.TrySend(50, kStart + seconds(59)));
  EXPECT_FALSE(rate.TrySend(1, kStart + seconds(61)));
}

TEST(RateControllerTest, TheClockOfGivingUpStartsWithTheFirstThatWaitsAndWithEachStored) {
  RateController rate;
  EXPECT_FALSE(rate.WaitedWithoutProgress(kStart));
  rate.AddWaiting(10, kStart);
  EXPECT_EQ(rate.WaitedWithoutProgress(kStart + seconds(7)), seconds(7));
  rate.AddWaiting(10, kStart + seconds(7));
  EXPECT_EQ(rate.WaitedWithoutProgress(kStart + seconds(9)), seconds(9));
  rate.RemoveWaiting(5, kStart + seconds(9));
  EXPECT_EQ(rate.WaitedWithoutProgress(kStart + seconds(10)), seconds(1));
  rate.RemoveWaiting(15, kStart + seconds(10));
  EXPECT_FALSE(rate.WaitedWithoutProgress(kStart + seconds(100)));
}

}  // namespace
}  // namespace ddb
