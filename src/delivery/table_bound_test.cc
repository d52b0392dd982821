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

TEST(TableBoundTest, AfterAThrottleInFlightIsBoundedByWhatWasStored) {
  TableBound bound;
  ASSERT_TRUE(bound.TrySend(25, kStart));
  ASSERT_TRUE(bound.TrySend(25, kStart));
  bound.OnReply({25, 25, false}, kStart);
  bound.OnReply({25, 10, true}, kStart);
  // 35 stored in the last minute.
  EXPECT_TRUE(bound.TrySend(25, kStart + seconds(1)));
  EXPECT_FALSE(bound.TrySend(25, kStart + seconds(1)));
  EXPECT_TRUE(bound.TrySend(10, kStart + seconds(1)));
  EXPECT_FALSE(bound.TrySend(1, kStart + seconds(1)));
}

TEST(TableBoundTest, OneRequestAlwaysGoes) {
  TableBound bound;
  ASSERT_TRUE(bound.TrySend(25, kStart));
  bound.OnReply({25, 0, true}, kStart);
  EXPECT_TRUE(bound.TrySend(25, kStart));
  EXPECT_FALSE(bound.TrySend(1, kStart));
}

TEST(TableBoundTest, TheWindowForgetsAfterAMinute) {
  TableBound bound;
  ASSERT_TRUE(bound.TrySend(100, kStart));
  bound.OnReply({100, 100, true}, kStart);
  ASSERT_TRUE(bound.TrySend(50, kStart + seconds(59)));
  EXPECT_TRUE(bound.TrySend(50, kStart + seconds(59)));
  EXPECT_FALSE(bound.TrySend(1, kStart + seconds(61)));
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
