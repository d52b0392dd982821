#include "delivery/fill_bound.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

void Replies(FillBound& window, int count, Duration latency) {
  for (int i = 0; i < count; ++i) window.OnReply(latency);
}

TEST(FillBoundTest, FollowsTheShortestLatency) {
  FillBound window(256);
  EXPECT_EQ(window.size(), FillBound::kLeast);
  Replies(window, 200, microseconds(100));
  EXPECT_LE(window.size(), FillBound::kLeast + 4);
  EXPECT_LE(window.bytes(), FillBound::kLeastBytes + FillBound::kBytesPerMillisecond / 5);
  Replies(window, 200, milliseconds(3));
  EXPECT_EQ(window.size(), FillBound::kLeast + 3 * FillBound::kPerMillisecond);
  EXPECT_EQ(window.bytes(), FillBound::kLeastBytes + 3 * FillBound::kBytesPerMillisecond);
  Replies(window, 1000, milliseconds(50));
  EXPECT_EQ(window.size(), 256u);
}

TEST(FillBoundTest, QueueingDoesNotWidenIt) {
  FillBound window(256);
  for (int i = 0; i < 2000; ++i) window.OnReply(i % 16 == 0 ? milliseconds(1) : milliseconds(40));
  EXPECT_LE(window.size(), FillBound::kLeast + FillBound::kPerMillisecond);
}

TEST(FillBoundTest, NeverMoreThanTheConnections) {
  FillBound window(4);
  EXPECT_EQ(window.size(), 4u);
  Replies(window, 100, milliseconds(100));
  EXPECT_EQ(window.size(), 4u);
}

}  // namespace
}  // namespace ddb
