#include "delivery/chance_refusals.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

// A rate that is cut by a fifth whenever a tenth of what was sent lately is refused, as `refused` says of
// the rate; one reply of ten items each time.
class ChanceRefusalsTest : public testing::Test {
 protected:
  template <class Refused>
  void Run(double length_s, Refused refused) {
    for (const double end = now_ + length_s; now_ < end;) {
      now_ += 10 / rate_;
      const double share = refused(rate_);
      chance_.OnReply(now_ - 0.01, 10 * (1 - share), 10 * share);
      if (share <= chance_.share(now_) + 0.1) continue;
      const ChanceRefusals::Verdict verdict = chance_.OnCut(now_, rate_, /*item=*/1);
      if (verdict.what == ChanceRefusals::Verdict::kCut) rate_ *= 0.8;
      if (verdict.what == ChanceRefusals::Verdict::kGoBack) rate_ = verdict.rate;
    }
  }
  double now_ = 1000, rate_ = 100;
  ChanceRefusals chance_;
};

TEST_F(ChanceRefusalsTest, AThirdWhateverTheRateIsChance) {
  Run(60, [](double) { return 1.0 / 3; });
  EXPECT_EQ(rate_, 100) << "gone back to";
  EXPECT_NEAR(chance_.share(now_), 1.0 / 3, 0.01);
}

TEST_F(ChanceRefusalsTest, OfATableThatTakesLessItIsNot) {
  for (const double capacity : {50.0, 20.0, 5.0}) {
    rate_ = 100;
    Run(120, [capacity](double rate) { return rate > capacity ? 1 - capacity / rate : 0; });
    EXPECT_EQ(chance_.share(now_), 0) << capacity;
    EXPECT_LE(rate_, 1.2 * capacity);
    now_ += 1000;
  }
}

TEST_F(ChanceRefusalsTest, ItIsForgottenAndFoundAgain) {
  Run(60, [](double) { return 0.3; });
  ASSERT_GT(chance_.share(now_), 0.2);
  EXPECT_EQ(chance_.share(now_ + 310), 0);
  Run(600, [](double rate) { return rate > 30 ? 1 - 30 / rate : 0; });
  EXPECT_EQ(chance_.share(now_), 0) << "now it is the table that takes less";
  EXPECT_LE(rate_, 36);
}

TEST_F(ChanceRefusalsTest, ItGetsLessWhenLessIsRefused) {
  Run(60, [](double) { return 0.3; });
  Run(20, [](double) { return 0.0; });
  EXPECT_LT(chance_.share(now_), 0.1);
}

TEST(SavedDoubtTest, OneItemOfManyMayBeChance) {
  SavedDoubt doubt;
  EXPECT_TRUE(doubt.MayBeChance(10, 24, 1, 25));
  for (int i = 0; i < 30; ++i) doubt.OnReply(11 + i, 24, 1);
  EXPECT_TRUE(doubt.MayBeChance(50, 24, 1, 25)) << "and goes on so";
}

TEST(SavedDoubtTest, HalfOfManyIsNone) {
  SavedDoubt doubt;
  EXPECT_FALSE(doubt.MayBeChance(10, 12, 13, 25));
}

TEST(SavedDoubtTest, WhatIsSentNextTells) {
  SavedDoubt doubt;
  EXPECT_TRUE(doubt.MayBeChance(10, 20, 5, 25));
  doubt.OnReply(9, 0, 25);  // it was on its way then
  for (int i = 0; i < 5; ++i) doubt.OnReply(11 + i, 3, 22);
  EXPECT_FALSE(doubt.MayBeChance(20, 14, 11, 25)) << "it is empty";
  doubt.Clear();
  EXPECT_TRUE(doubt.MayBeChance(30, 20, 5, 25));
}

}  // namespace
}  // namespace ddb
