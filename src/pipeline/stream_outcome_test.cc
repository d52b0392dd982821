#include "pipeline/stream_outcome.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

constexpr StreamNo kFirst{0};
constexpr StreamNo kSecond{1};

TEST(StreamStatuses, TheLastIsThatOfTheInputNotOfTheClock) {
  StreamStatuses statuses(2);
  statuses.Note(kFirst, StreamStatus::kComplete, {7, 3});
  statuses.Note(kFirst, StreamStatus::kRunning, {7, 2});
  statuses.Note(kFirst, StreamStatus::kStarted, {2, 9});
  EXPECT_EQ(statuses.Last(kFirst), StreamStatus::kComplete);
  statuses.Note(kFirst, StreamStatus::kIncomplete, {8, 0});
  EXPECT_EQ(statuses.Last(kFirst), StreamStatus::kIncomplete);
  EXPECT_EQ(statuses.Last(kSecond), std::nullopt);
}

}  // namespace
}  // namespace ddb
