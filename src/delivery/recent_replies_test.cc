#include "delivery/recent_replies.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ddb {
namespace {

TEST(RecentRepliesTest, TheLastRequestsWhenTheyAreFew) {
  RecentReplies replies;
  for (int i = 0; i < 100; ++i) replies.Add(1000 + i, 0.5, i < 60 ? 10 : 5, i < 60 ? 0 : 5, 10);
  EXPECT_EQ(replies.Refused().requests, capacity_rules::kRequests);
  EXPECT_EQ(replies.Refused().items, 10.0 * capacity_rules::kRequests);
  EXPECT_DOUBLE_EQ(replies.Refused().refused, 0.5) << "sixty that were stored as a whole came before them";
}

TEST(RecentRepliesTest, OfNoneOfThemTooLongAgo) {
  RecentReplies replies;
  for (int i = 0; i < 30; ++i) replies.Add(1000 + 10 * i, 0.5, 1, 0, 1);
  EXPECT_EQ(replies.Refused().requests, 7u) << "in a minute";
}

TEST(RecentRepliesTest, SomeTimeWhenTheyAreMany) {
  RecentReplies replies;
  for (int i = 0; i < 10000; ++i) replies.Add(1000 + i / 1000.0, 0.5, 1, i < 9000 ? 0 : 1, 1);
  const RecentReplies::Share share = replies.Refused();
  EXPECT_NEAR(static_cast<double>(share.requests), 500, 500 / 16.0);
  EXPECT_DOUBLE_EQ(share.refused, 0.5);
}

TEST(RecentRepliesTest, ABusyTableTakesNoMoreThanAnother) {
  RecentReplies replies;
  size_t most = 0;
  double now = 1000;
  for (int i = 0; i < 100000; ++i) {
    now += i < 50000 ? 1e-4 : 1e-2;
    replies.Add(now, 0.5, 25, 0, 25);
    most = std::max(most, replies.entries());
  }
  EXPECT_LE(most, 64u);
  replies.Clear();
  EXPECT_EQ(replies.Refused().requests, 0u);
  EXPECT_EQ(replies.entries(), 0u);
}

}  // namespace
}  // namespace ddb
