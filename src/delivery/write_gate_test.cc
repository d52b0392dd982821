#include "delivery/write_gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

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

TEST_F(WriteGateTest, WhatAPartitionRefusesSlowsNothingElse) {
  const auto refused = [&](bool hot, bool of_partition) {
    for (int i = 0; i < 200; ++i) {
      now_ += milliseconds(100);
      const WriteGate::Answer answer = gate_.TrySend({0, 1, now_, hot}, now_);
      if (!answer.units) continue;
      WriteGate::Reply reply{now_, *answer.units, 0, 1, 1, {}};
      reply.hot = hot;
      reply.of_partition = of_partition;
      gate_.OnReply(reply, now_ + milliseconds(10));
    }
    return gate_.LookAt(now_);
  };
  EXPECT_FALSE(refused(false, true).dark);
  EXPECT_FALSE(refused(true, true).dark);
  EXPECT_DOUBLE_EQ(gate_.LookAt(now_).rate, 100);
  EXPECT_TRUE(refused(false, false).dark) << "the table itself";
}

TEST_F(WriteGateTest, WhatIsHotWaitsForNobodyElseAndCountsForTheTableAndTheLimit) {
  now_ += seconds(1);
  EXPECT_TRUE(May(0, 10, now_));
  while (May(0, 1, now_)) continue;
  const WriteGate::Answer hot = gate_.TrySend({0, 5, now_ - seconds(9), true}, now_);
  ASSERT_TRUE(hot.units) << "the table has nothing left now";
  const auto wait = [&] { return gate_.TrySend({0, 20, now_}, now_).wait; };
  const Duration before = wait();
  WriteGate::Reply reply{now_, *hot.units, 5, 0, 5, {}};
  reply.hot = true;
  gate_.OnReply(reply, now_);
  EXPECT_GT(wait(), before + milliseconds(40)) << "5 units of its 100";
  gate_.Limit({.units = 1});
  const auto may_at = [&](seconds later) {
    return gate_.TrySend({0, 5, now_, true}, now_ + later).units.has_value();
  };
  (void)may_at(seconds(8));  // from here on the limit counts
  EXPECT_TRUE(may_at(seconds(10)));
  EXPECT_FALSE(may_at(seconds(12))) << "four of five units are owed";
  EXPECT_TRUE(may_at(seconds(15)));
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

// Two workers ask for a minute; what is sent costs half as much again as its size says. `answers_after`: the
// line's.
double UnitsInAMinute(double cap, double units, Duration answers_after) {
  WriteGate gate;
  gate.Limit({.units = cap});
  const Instant begin{seconds(1000)};
  struct Sent {
    Instant answered;
    WriteGate::Reply reply;
  };
  std::deque<Sent> line;
  double stored = 0;
  size_t turn = 0;
  Instant oldest[2] = {begin, begin};  // that each of them has waiting
  for (Instant now = begin; now < begin + seconds(70); now += milliseconds(1)) {
    while (!line.empty() && line.front().answered <= now) {
      gate.OnReply(line.front().reply, now);
      if (now >= begin + seconds(10)) stored += *line.front().reply.consumed;
      line.pop_front();
    }
    const double wanted = std::max(1.0, std::min(units, gate.LimitsOfRequest().units));
    const size_t worker = turn++ % 2;
    const WriteGate::Answer answer =
        gate.TrySend({.worker = worker, .units = wanted, .oldest = oldest[worker]}, now);
    if (!answer.units) continue;
    oldest[worker] = now;
    line.push_back({now + answers_after,
                    {.sent = now, .units = *answer.units, .stored = wanted, .consumed = 1.5 * wanted}});
  }
  return stored;
}

TEST(WriteGate, ACapIsHeldWithinTwoPercent) {
  for (const double cap : {1.0, 10.0, 100.0, 1000.0, 20000.0}) {
    for (const auto& answers_after : {milliseconds(5), milliseconds(200)}) {
      const double a_second = UnitsInAMinute(cap, 25, answers_after) / 60;
      EXPECT_NEAR(a_second, cap, std::max(0.02 * cap, 0.05)) << cap;
    }
  }
}

constexpr Instant kBegin{seconds(1000)};

TEST(WriteGate, WithoutACapNothingIsHeldBack) {
  WriteGate gate;
  gate.Limit({});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(gate.TrySend({.units = 1, .oldest = kBegin}, kBegin).units);
}

TEST(WriteGate, APercentageFollowsWhatTheTableTakes) {
  WriteGate gate;
  gate.Limit({.percent = 25});
  EXPECT_EQ(gate.LookAt(kBegin).cap, 0) << "of what is not known there is no percentage";
  gate.Describe({.units = 1000, .certain = true}, kBegin);
  EXPECT_EQ(gate.LookAt(kBegin).cap, 250);
  gate.Describe({.units = 40, .certain = true}, kBegin + seconds(1));
  EXPECT_EQ(gate.LookAt(kBegin).cap, 10);
  gate.Describe({.units = 1, .certain = true}, kBegin + seconds(2));
  EXPECT_EQ(gate.LookAt(kBegin).cap, 1) << "a table of which nothing may be used would never end";
  gate.Describe({}, kBegin + seconds(3));
  EXPECT_EQ(gate.LookAt(kBegin).cap, 0);
}

TEST(WriteGate, UnitsAreTheSameWhateverTheTableTakes) {
  WriteGate gate;
  gate.Limit({.units = 500});
  for (const double described : {0.0, 100.0, 5000.0}) {
    gate.Describe({.units = described, .certain = true}, kBegin);
    EXPECT_EQ(gate.LookAt(kBegin).cap, 500);
  }
}

// Else nobody finds out that the table takes more by now, as what holds it back is not the table.
TEST(WriteGate, ATableThatAPercentageHoldsBackIsWorthALook) {
  for (const WriteLimit& limit : {WriteLimit{.percent = 10}, WriteLimit{.units = 10}}) {
    WriteGate gate;
    gate.Limit(limit);
    gate.Describe({.units = 100, .certain = false}, kBegin);
    EXPECT_FALSE(gate.LimitedLately(kBegin));
    EXPECT_TRUE(gate.TrySend({.units = 5, .oldest = kBegin}, kBegin).units);
    EXPECT_FALSE(gate.TrySend({.units = 5, .oldest = kBegin}, kBegin).units);
    EXPECT_EQ(gate.LimitedLately(kBegin), limit.percent > 0);
    EXPECT_FALSE(gate.LimitedLately(kBegin + seconds(60)));
  }
}

TEST(WriteGate, WhatIsOwedIsNoMoreSecondsUnderALowerCap) {
  WriteGate gate;
  gate.Limit({.percent = 100});
  gate.Describe({.units = 1000, .certain = false}, kBegin);
  EXPECT_TRUE(gate.TrySend({.units = 500, .oldest = kBegin}, kBegin).units);
  gate.OnReply({.sent = kBegin, .units = 500, .stored = 500, .consumed = {}}, kBegin);
  gate.Describe({.units = 10, .certain = false}, kBegin);
  EXPECT_FALSE(gate.TrySend({.units = 1, .oldest = kBegin}, kBegin + milliseconds(400)).units);
  EXPECT_TRUE(gate.TrySend({.units = 1, .oldest = kBegin}, kBegin + milliseconds(600)).units);
}

// Whoever has not asked for long has nothing any more, so nobody may be told to wait that long.
TEST(WriteGate, UnderALowCapEverybodyAsksAgainSoon) {
  WriteGate gate;
  gate.Limit({.units = 1});
  EXPECT_TRUE(gate.TrySend({.units = 25, .oldest = kBegin}, kBegin).units);
  const WriteGate::Answer answer = gate.TrySend({.units = 25, .oldest = kBegin}, kBegin);
  EXPECT_FALSE(answer.units);
  EXPECT_LE(answer.wait, seconds(1));
}

TEST(WriteGate, WhatIsSpentIsWhatRepliesSay) {
  WriteGate gate;
  gate.OnReply({.sent = kBegin, .units = 10, .stored = 10, .consumed = 30.0}, kBegin);
  EXPECT_EQ(gate.spent().units, 30);
  gate.OnReply({.sent = kBegin, .units = 10, .stored = 0, .refused = 10, .consumed = 0.0}, kBegin);
  EXPECT_EQ(gate.spent().units, 30) << "what is refused costs nothing";
  WriteGate untold;
  untold.OnReply({.sent = kBegin, .units = 10, .stored = 7, .refused = 3, .consumed = {}}, kBegin);
  EXPECT_EQ(untold.spent().units, 7) << "by the sizes of what was stored";
}

TEST(WriteGate, TheTimeThatALimitCostsIsCounted) {
  WriteGate gate;
  gate.Limit({.units = 10});
  EXPECT_TRUE(gate.TrySend({.units = 50, .oldest = kBegin}, kBegin).units);
  gate.OnReply({.sent = kBegin, .units = 50, .stored = 50, .consumed = {}}, kBegin);
  EXPECT_EQ(gate.spent().capped, Duration::zero());
  for (int i = 0; i <= 8; ++i)
    EXPECT_FALSE(gate.TrySend({.units = 1, .oldest = kBegin}, kBegin + i * milliseconds(500)).units);
  EXPECT_EQ(gate.spent().capped, seconds(4));
  EXPECT_TRUE(gate.TrySend({.units = 50, .oldest = kBegin}, kBegin + seconds(60)).units);
  EXPECT_FALSE(gate.TrySend({.units = 1, .oldest = kBegin}, kBegin + seconds(60)).units);
  EXPECT_EQ(gate.spent().capped, seconds(4)) << "meanwhile nothing waited";
  EXPECT_EQ(gate.spent().held_back, Duration::zero()) << "nor does the table hold it back";
}

TEST_F(WriteGateTest, TheTimeThatATableCostsIsCounted) {
  const Duration before = gate_.spent().held_back;
  for (int i = 0; i <= 4; ++i)
    EXPECT_FALSE(gate_.TrySend({0, 1e9, now_}, now_ + i * milliseconds(500)).units);
  EXPECT_EQ(gate_.spent().held_back - before, seconds(2));
  EXPECT_EQ(gate_.spent().capped, Duration::zero());
}

TEST(WriteGate, UnderACapWhatIsOlderGoesFirst) {
  WriteGate gate;
  gate.Limit({.units = 10});
  EXPECT_TRUE(gate.TrySend({.worker = 0, .units = 5, .oldest = kBegin}, kBegin).units);
  const WriteGate::Answer older = gate.TrySend({.worker = 1, .units = 1, .oldest = kBegin}, kBegin);
  EXPECT_FALSE(older.units);
  EXPECT_TRUE(older.held_back);
  const Instant then = kBegin + milliseconds(420);
  EXPECT_FALSE(gate.TrySend({.worker = 0, .units = 1, .oldest = kBegin + seconds(1)}, then).units);
  EXPECT_TRUE(gate.TrySend({.worker = 1, .units = 1, .oldest = kBegin}, then).units);
}

}  // namespace
}  // namespace ddb
