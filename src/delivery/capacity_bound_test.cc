#include "delivery/capacity_bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class CapacityBoundTest : public testing::Test {
 protected:
  // One request after the other, each answered after 10 ms: `taken` of its units.
  void SendOne(double units, double taken) {
    ASSERT_TRUE(bound_.MaySend(units, now_));
    bound_.Send(units, now_);
    const Instant sent = now_;
    now_ += milliseconds(10);
    bound_.OnReply({sent, units, taken, units - taken, 25}, now_);
  }
  // How many units leave at once.
  double Burst(double units) {
    double sent = 0;
    while (sent < 1e6 && bound_.MaySend(units, now_)) {
      bound_.Send(units, now_);
      sent += units;
    }
    return sent;
  }
  Instant now_{seconds(1000)};
  CapacityBound bound_;
};

TEST_F(CapacityBoundTest, AnUnknownTableIsAskedForMoreAndMore) {
  EXPECT_EQ(Burst(25), 50) << "until a reply says something";
  bound_.OnReply({now_, 25, 25, 0, 25}, now_ + milliseconds(10));
  EXPECT_EQ(Burst(25), 50) << "the one that was answered, and one more";
  EXPECT_FALSE(bound_.limits()) << "nothing was refused";
}

// 0.1 + 0.2 + 0.3 - 0.1 - 0.2 - 0.3 is not zero.
TEST_F(CapacityBoundTest, WhenNothingIsInFlightARequestOfAnySizeMayLeave) {
  for (const double units : {0.1, 0.2, 0.3}) bound_.Send(units, now_);
  for (const double units : {0.1, 0.2}) bound_.OnReply({now_, units, units, 0, 1}, now_ + milliseconds(10));
  bound_.OnUnknown(0.3);
  EXPECT_TRUE(bound_.MaySend(1e4, now_ + milliseconds(10)));
}

TEST_F(CapacityBoundTest, WhatNobodyWantedToSendSaysNothing) {
  for (int i = 0; i < 1000; ++i) {
    SendOne(1, 1);
    now_ += seconds(1);
  }
  EXPECT_LE(Burst(25), 75);
}

TEST_F(CapacityBoundTest, ADescribedTableIsSentWhatItMayHaveSaved) {
  bound_.Describe({.units = 100, .certain = true}, now_);
  for (int i = 0; i < 1000; ++i) {
    now_ += milliseconds(10);
    if (bound_.MaySend(25, now_)) SendOne(25, 25);
  }
  double sent = 0;
  for (int i = 0; i < 100; ++i) {
    now_ += milliseconds(10);
    if (!bound_.MaySend(25, now_)) continue;
    SendOne(25, 25);
    sent += 25;
  }
  EXPECT_GE(sent, 500) << "of the 30,000 units that five minutes have saved";
}

TEST_F(CapacityBoundTest, ADescriptionThatIsNotCertainIsTriedOut) {
  bound_.Describe({.units = 10, .certain = false}, now_);
  for (int i = 0; i < 300; ++i) SendOne(25, 25);
  EXPECT_GE(Burst(25), 25) << "2,500 units a second are no trouble";
}

TEST_F(CapacityBoundTest, AfterARefusalTheRateIsWhatIsDescribed) {
  bound_.Describe({.units = 100, .certain = true}, now_);
  now_ += seconds(1);
  SendOne(25, 10);
  EXPECT_EQ(bound_.rate(), 100);
  EXPECT_FALSE(bound_.MaySend(1, now_)) << "a pause, in which nothing is lost";
  EXPECT_TRUE(bound_.limits());
  now_ += seconds(10);
  EXPECT_LE(Burst(1), 50) << "what nobody sent meanwhile is kept, and spent with care";
  EXPECT_EQ(bound_.request_units(), 50);
}

TEST_F(CapacityBoundTest, WithoutADescriptionTheRateIsMeasured) {
  // A table that takes 1,000 units a second.
  double level = 25, at = 0;
  for (int i = 0; i < 4000 && bound_.rate() == 0; ++i) {
    now_ += milliseconds(1);
    if (!bound_.MaySend(25, now_)) continue;
    const double second = std::chrono::duration<double>(now_.time_since_epoch()).count();
    level = std::min(1000.0, level + (at > 0 ? (second - at) * 1000 : 0));
    at = second;
    const double taken = std::min(25.0, std::floor(level));
    level -= taken;
    SendOne(25, taken);
  }
  EXPECT_NEAR(bound_.rate(), 1000, 150);
}

TEST_F(CapacityBoundTest, WhatIsConsumedBeyondWhatWasForeseenIsPaid) {
  bound_.Describe({.units = 100, .certain = true}, now_);
  now_ += seconds(1);
  SendOne(10, 5);
  now_ += seconds(1);
  ASSERT_TRUE(bound_.MaySend(10, now_));
  bound_.Send(10, now_);
  bound_.OnReply({now_, 10, 200, 0, 10}, now_ + milliseconds(10));
  now_ += seconds(1);
  EXPECT_FALSE(bound_.MaySend(10, now_));
  now_ += seconds(2);
  EXPECT_TRUE(bound_.MaySend(10, now_));
}

TEST_F(CapacityBoundTest, ATableThatTakesNothingIsAskedNowAndThen) {
  bound_.Describe({.units = 100, .certain = true}, now_);
  now_ += seconds(1);
  int requests = 0;
  for (int i = 0; i < 6000; ++i) {
    now_ += milliseconds(10);
    if (!bound_.MaySend(1, now_)) continue;
    SendOne(1, 0);
    ++requests;
  }
  EXPECT_TRUE(bound_.dark());
  EXPECT_LE(requests, 150);
  while (!bound_.MaySend(1, now_)) now_ += milliseconds(10);
  SendOne(1, 1);
  EXPECT_FALSE(bound_.dark());
  EXPECT_EQ(bound_.rate(), 10) << "a tenth at first";
}

// What is described where nothing is enforced says nothing of how fast it is when it takes something again.
TEST_F(CapacityBoundTest, AfterTheDarkAnUnknownTableIsAskedForMoreAndMore) {
  bound_.Describe({.units = 10, .certain = false}, now_);
  while (!bound_.dark()) {
    now_ += milliseconds(10);
    if (bound_.MaySend(1, now_)) SendOne(1, 0);
  }
  double stored = 0;
  for (const Instant end = now_ + seconds(10); now_ < end; now_ += milliseconds(1)) {
    if (!bound_.MaySend(25, now_)) continue;
    SendOne(25, 25);
    stored += 25;
  }
  EXPECT_GE(stored, 5000);
}

TEST_F(CapacityBoundTest, RepliesThatTakeLongerThanAnyPause) {
  for (int i = 0; i < 50; ++i) {
    while (!bound_.MaySend(25, now_)) now_ += milliseconds(100);
    bound_.Send(25, now_);
    const Instant sent = now_;
    now_ += seconds(8);
    bound_.OnReply({sent, 25, 1, 24, 25}, now_);
  }
  EXPECT_GT(bound_.rate(), 0);
  EXPECT_LT(bound_.rate(), 25);
}

// A refusal by chance, and a source that has little: that is not what the table takes.
TEST_F(CapacityBoundTest, WhatASlowSourceSentIsNotTheTablesCapacity) {
  SendOne(1, 0);
  for (int i = 0; i < 20; ++i) {
    now_ += seconds(1);
    SendOne(1, 1);
  }
  SendOne(1, 0);
  EXPECT_EQ(bound_.rate(), 0) << "still unknown";
  EXPECT_EQ(Burst(25), 50);
}

TEST_F(CapacityBoundTest, WhereNothingIsDescribedNothingIsCertain) {
  bound_.Describe({.units = 0, .certain = true}, now_);
  SendOne(1, 0);
  for (int i = 0; i < 3000; ++i) {
    now_ += milliseconds(10);
    if (bound_.MaySend(1, now_)) SendOne(1, i % 50 == 0 ? 0 : 1);
  }
  now_ += seconds(2);
  EXPECT_TRUE(bound_.MaySend(1, now_)) << "a second of the least capacity that there is";
}

// A request of many was refused while nothing was known; that is no debt of the small ones that come after
// it.
TEST_F(CapacityBoundTest, GrowsAgainSoonAfterRefusalsByChance) {
  bound_.Describe({.units = 20, .certain = true}, now_);
  now_ += seconds(1);
  SendOne(500, 0);
  for (int i = 0; i < 6; ++i) {
    while (!bound_.MaySend(10, now_)) now_ += milliseconds(10);
    SendOne(10, i % 2 == 0 ? 0 : 10);
  }
  ASSERT_LT(bound_.rate(), 15);
  for (const Instant end = now_ + seconds(150); now_ < end; now_ += milliseconds(10))
    if (bound_.MaySend(10, now_)) SendOne(10, 10);
  EXPECT_GE(bound_.rate(), 20);
}

TEST_F(CapacityBoundTest, MoreThanIsDescribedIsTriedNowAndThen) {
  bound_.Describe({.units = 100, .certain = true}, now_);
  now_ += seconds(1);
  SendOne(1, 0);
  double most = 0;
  const auto send_for = [&](Duration time) {
    most = 0;
    for (const Instant end = now_ + time; now_ < end; now_ += milliseconds(10)) {
      for (int i = 0; i < 10 && bound_.MaySend(1, now_); ++i) {
        bound_.Send(1, now_);
        bound_.OnReply({now_, 1, 1, 0, 1}, now_);
      }
      most = std::max(most, bound_.rate());
    }
  };
  send_for(seconds(10));
  EXPECT_EQ(most, 100);
  send_for(seconds(20));
  ASSERT_GT(most, 100);
  while (!bound_.MaySend(1, now_)) now_ += milliseconds(1);
  SendOne(1, 0);
  EXPECT_EQ(bound_.rate(), 100) << "it is still so";
  send_for(seconds(10));
  EXPECT_EQ(most, 100);
  send_for(seconds(60));
  EXPECT_GT(most, 200) << "it is no longer so";
}

TEST_F(CapacityBoundTest, ADescriptionThatChanges) {
  bound_.Describe({.units = 100, .certain = true}, now_);
  now_ += seconds(1);
  SendOne(25, 10);
  bound_.Describe({.units = 1000, .certain = true}, now_);
  EXPECT_EQ(bound_.rate(), 1000);
  bound_.Describe({.units = 50, .certain = true}, now_);
  EXPECT_EQ(bound_.rate(), 50);
}

TEST_F(CapacityBoundTest, ADescriptionThatIsTheSameChangesNothing) {
  bound_.Describe({.units = 100, .certain = true}, now_);
  now_ += seconds(1);
  SendOne(25, 10);
  for (int i = 0; i < 4; ++i) {
    while (!bound_.MaySend(1, now_)) now_ += milliseconds(10);
    SendOne(1, 0.5);
  }
  const double rate = bound_.rate();
  ASSERT_LT(rate, 95) << "others write to it, too";
  bound_.Describe({.units = 100, .certain = true}, now_);
  EXPECT_EQ(bound_.rate(), rate);
  bound_.Describe({.units = 200, .certain = true}, now_);
  EXPECT_NEAR(bound_.rate(), 2 * rate, 1) << "the same share of it";
}

TEST_F(CapacityBoundTest, ADescriptionThatIsNoLimitAnyMore) {
  bound_.Describe({.units = 100, .certain = true}, now_);
  now_ += seconds(1);
  SendOne(25, 10);
  bound_.Describe({.units = 0, .certain = true}, now_);
  EXPECT_EQ(bound_.rate(), 0);
  EXPECT_EQ(Burst(25), 50) << "as of an unknown one";
  bound_.Describe({.units = 70, .certain = true}, now_);
  now_ += seconds(1);
  bound_.OnReply({now_ - milliseconds(10), 25, 5, 20, 25}, now_);
  EXPECT_EQ(bound_.rate(), 70);
}

// An emulator's: it took ten times what it describes.
TEST_F(CapacityBoundTest, WhatDidNotHoldBeforeDoesNotHoldWhenItChanges) {
  bound_.Describe({.units = 10, .certain = false}, now_);
  SendOne(25, 0);
  for (int i = 0; i < 3000 && bound_.rate() == 0; ++i) {
    bound_.Send(25, now_);
    EXPECT_FALSE(bound_.MaySend(1e6, now_)) << "there is more to send";
    now_ += milliseconds(50);
    bound_.OnReply({now_ - milliseconds(50), 25, i % 20 == 19 ? 0.0 : 25.0, i % 20 == 19 ? 25.0 : 0.0, 25},
                   now_);
  }
  const double rate = bound_.rate();
  ASSERT_GT(rate, 50);
  bound_.Describe({.units = 5, .certain = false}, now_);
  EXPECT_EQ(bound_.rate(), rate);
  bound_.Describe({.units = 100'000, .certain = false}, now_);
  EXPECT_EQ(bound_.rate(), 100'000) << "more than it was found to take is tried";
}

TEST_F(CapacityBoundTest, ALookIsWantedWhileItHoldsSomethingBack) {
  bound_.Describe({.units = 100, .certain = true}, now_);
  EXPECT_FALSE(bound_.LimitedLately(now_));
  now_ += seconds(1);
  SendOne(25, 10);
  EXPECT_FALSE(bound_.MaySend(25, now_));
  EXPECT_TRUE(bound_.LimitedLately(now_));
  EXPECT_TRUE(bound_.LimitedLately(now_ + seconds(1)));
  EXPECT_FALSE(bound_.LimitedLately(now_ + seconds(5))) << "nobody wants more";
}

// What was saved is spent at a pace, too: what waits for that must not fill the window of the others.
TEST_F(CapacityBoundTest, ItHoldsBackWhileItSpendsWhatWasSaved) {
  bound_.Describe({.units = 10, .certain = true}, now_);
  EXPECT_FALSE(bound_.MaySend(25, now_));
  EXPECT_TRUE(bound_.limits());
}

TEST_F(CapacityBoundTest, ARequestWithoutAnAnswerIsNoLongerInFlight) {
  EXPECT_EQ(Burst(25), 50);
  bound_.OnUnknown(25);
  EXPECT_EQ(Burst(25), 25);
}

}  // namespace
}  // namespace ddb
