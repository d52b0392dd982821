// The numbers of CapacityBound, with their reasons. Units are write units, times are seconds. What they lead
// to is simulated (capacity_simulation_test); docs/decisions/0015-table-bound.md has the figures.
#pragma once

#include <cstddef>

namespace ddb::capacity_rules {

// ---- what a table has

// What it saves, in seconds of its capacity.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
inline constexpr double kSaves = 300;
// The least capacity that a table can have, and so the least that is ever thought to be one.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ProvisionedThroughput.html
inline constexpr double kLeastRate = 1;
inline constexpr double kPartition = 1000;  // units a second that each partition takes

// ---- what was saved

// It leaves within so many seconds, and never at more than kBurst times the rate; of a small table faster,
// up to what one partition takes.
inline constexpr double kSpendSaved = 10;
inline constexpr double kBurst = 10;
// Nor so fast that more than so many seconds of the rate are in flight: it is refused when there is no more.
inline constexpr double kBurstInFlight = 0.3;
// What is not known of how the table counts must not add up to more than there is.
inline constexpr double kSaved = 0.98;

// ---- requests

// A request takes so many seconds of the rate at the most, so that a small table is asked often.
inline constexpr double kRequestSeconds = 0.5;
inline constexpr double kFullRequest = 25;  // units, while nothing is known
inline constexpr double kLevelSeconds = 0.1;
inline constexpr double kForgets = 0.975;  // how large requests were, with each that is sent

// While nothing is known of the table, what is in flight grows with what it takes: it doubles every round
// trip up to so many units, then it grows by this share. What is in flight when the table turns out to be
// empty is sent in vain.
inline constexpr double kFirstWindow = 50;
inline constexpr double kFastStart = 250;
inline constexpr double kSlowStart = 0.25;

// ---- cuts

// A refused share of so much of the last requests says that the rate is too high; less may be chance. Taken
// over so many requests, and so many seconds at the least.
inline constexpr double kShare = 0.02;
inline constexpr double kChance = 1.5;
inline constexpr double kChanceDescribed = 3;  // at a rate that is known to be right, or nearly
inline constexpr double kNearly = 0.95;
inline constexpr size_t kRequests = 40;
inline constexpr size_t kFewRequests = 8;
inline constexpr double kLookedAt = 0.5;
inline constexpr double kRecent = 60;  // what is older says nothing of now
// A cut: this of the rate, or with a known capacity this of its share of it: who has more gives more.
inline constexpr double kCut = 0.05;
inline constexpr double kCutOfShare = 0.3;
inline constexpr double kLeastCut = 0.5;

// ---- growth

// So much of the capacity a second, twice that after each kAccelerate seconds without a cut; of less than
// kLeastGrown as if it were that, or what was taken for next to nothing would stay so for minutes.
inline constexpr double kGrowth = 0.002;
inline constexpr double kAccelerate = 10;
inline constexpr double kMostGrowth = 16;
inline constexpr double kLeastGrown = 10;
// This share of what is stored may be refused for growing; a debt is forgotten after so long, of large items
// when so many of them were stored.
inline constexpr double kBudget = 0.015;
inline constexpr double kDebtSeconds = 60;
inline constexpr double kDebtItems = 7;
inline constexpr double kDebtMost = 300;
// What is described is changed by its owner, or by auto scaling. Where nothing was refused for as long as the
// table takes so many items, in these bounds, more than that is tried, in larger steps at once: there is
// hardly anything saved that could take it, so that one refusal, of an item or two, says that it still holds.
inline constexpr double kHoldsItems = 2000;
inline constexpr double kHoldsLeast = 10;
inline constexpr double kHoldsRoundTrips = 75;
inline constexpr double kHoldsMost = 100;
inline constexpr double kHoldsMostItems = 200;
inline constexpr double kTriedFor = 3 * kAccelerate;
// A table that something waited for within so many seconds is the limit, and worth a look.
inline constexpr double kHeldBackFor = 2;

// ---- measuring

// So many units since it was empty, in so many seconds and some round trips, or at the latest then.
inline constexpr double kMeasureUnits = 50;
inline constexpr double kLeastMeasure = 0.5;
inline constexpr double kMeasureSeconds = 5;
inline constexpr double kHungry = 0.5;  // of that time somebody has to have waited
inline constexpr double kNearlyMeasured = 0.98;
inline constexpr double kFarFromDescribed = 1.25;
// A time in which no reply comes says nothing of the table: this is the longest that is usual.
inline constexpr double kUsual = 1;
inline constexpr double kUsualRate = 10;  // where nothing is known: the capacity that a table gets by default

// ---- a table that takes nothing

inline constexpr int kDarkRequests = 3;
inline constexpr double kFirstTry = 1;
inline constexpr double kHurriedTry = 1.5;
inline constexpr double kDarkAgain = 60;

}  // namespace ddb::capacity_rules
