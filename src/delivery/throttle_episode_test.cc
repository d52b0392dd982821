#include "delivery/throttle_episode.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

using std::chrono::seconds;

constexpr Instant kStart{std::chrono::hours(1)};
const ThrottleReason kTable{kThrottledProvisioned, ""};
const ThrottleReason kIndex{kThrottledIndexProvisioned, "by_date"};

class ThrottleEpisodeTest : public testing::Test {
 protected:
  ThrottleReason Cause() const { return throttle_.Look()->cause; }

  ThrottleEpisode throttle_;
};

TEST_F(ThrottleEpisodeTest, ItBeginsWithTheFirstRefusal) {
  EXPECT_FALSE(throttle_.Look());
  throttle_.Refuse(kTable, kStart);
  throttle_.Refuse(kTable, kStart + seconds(5));
  ASSERT_TRUE(throttle_.Look());
  EXPECT_EQ(throttle_.Look()->began, kStart);
  EXPECT_EQ(throttle_.Look()->refused, kStart + seconds(5));
  EXPECT_EQ(Cause(), kTable);
}

TEST_F(ThrottleEpisodeTest, WhatNamesNoCauseChangesNone) {
  throttle_.Refuse({}, kStart);
  EXPECT_FALSE(Cause().known());
  throttle_.Refuse({kThrottledUnnamed, ""}, kStart);
  EXPECT_FALSE(Cause().known());
  throttle_.Refuse(kIndex, kStart);
  throttle_.Refuse({}, kStart);
  throttle_.Refuse({kThrottledUnnamed, ""}, kStart);
  EXPECT_EQ(Cause(), kIndex);
  throttle_.Refuse(kTable, kStart);
  EXPECT_EQ(Cause(), kTable);
}

TEST_F(ThrottleEpisodeTest, ItIsOverWhenNothingWasRefusedForAWhileAndNothingWaits) {
  throttle_.Refuse(kTable, kStart);
  throttle_.EndIfOver(/*held_back=*/false, kStart + times::kThrottledFor - seconds(1));
  EXPECT_TRUE(throttle_.Look());
  throttle_.EndIfOver(/*held_back=*/true, kStart + 9 * times::kThrottledFor);
  EXPECT_TRUE(throttle_.Look());
  throttle_.EndIfOver(/*held_back=*/false, kStart + 9 * times::kThrottledFor);
  EXPECT_FALSE(throttle_.Look());
  throttle_.Refuse({}, kStart + 10 * times::kThrottledFor);
  EXPECT_FALSE(Cause().known()) << "that of the one before says nothing of this one";
}

TEST_F(ThrottleEpisodeTest, OfAPartitionIsWhatTheLastCauseSays) {
  EXPECT_FALSE(throttle_.OfPartition());
  throttle_.Refuse({kThrottledKeyRange, ""}, kStart);
  EXPECT_TRUE(throttle_.OfPartition());
  throttle_.Refuse({}, kStart);
  EXPECT_TRUE(throttle_.OfPartition()) << "what comes back without a word is thought to be for the same";
  throttle_.Refuse(kTable, kStart);
  EXPECT_FALSE(throttle_.OfPartition());
  throttle_.Refuse({kThrottledIndexKeyRange, "by-name"}, kStart);
  EXPECT_TRUE(throttle_.OfPartition());
}

TEST_F(ThrottleEpisodeTest, OneProbeAtATimeAndFewWhileNoCauseIsKnown) {
  EXPECT_FALSE(throttle_.ClaimProbe()) << "nothing is refused";
  throttle_.Refuse({}, kStart);
  EXPECT_TRUE(throttle_.ClaimProbe());
  EXPECT_FALSE(throttle_.ClaimProbe());
  int probes = 1;
  for (int i = 0; i < 100; ++i) {
    throttle_.EndProbe();
    probes += throttle_.ClaimProbe() ? 1 : 0;
  }
  EXPECT_EQ(probes, 5);
  throttle_.EndProbe();
  throttle_.EndIfOver(false, kStart + times::kThrottledFor);
  throttle_.Refuse({}, kStart + times::kThrottledFor);
  EXPECT_TRUE(throttle_.ClaimProbe()) << "another one";
  throttle_.EndProbe();
  throttle_.Refuse(kTable, kStart + times::kThrottledFor);
  EXPECT_FALSE(throttle_.ClaimProbe()) << "there is nothing to find out";
}

}  // namespace
}  // namespace ddb
