#include "delivery/request_window.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

void Replies(RequestWindow& window, int count, Duration latency) {
  for (int i = 0; i < count; ++i) window.OnReply(latency);
}

TEST(RequestWindowTest, FollowsTheShortestLatency) {
  RequestWindow window(256);
  EXPECT_EQ(window.size(), RequestWindow::kLeast);
  Replies(window, 200, microseconds(100));
  EXPECT_LE(window.size(), RequestWindow::kLeast + 4);
  EXPECT_LE(window.bytes(), RequestWindow::kLeastBytes + RequestWindow::kBytesPerMillisecond / 5);
  Replies(window, 200, milliseconds(3));
  EXPECT_EQ(window.size(), RequestWindow::kLeast + 3 * RequestWindow::kPerMillisecond);
  EXPECT_EQ(window.bytes(), RequestWindow::kLeastBytes + 3 * RequestWindow::kBytesPerMillisecond);
  Replies(window, 1000, milliseconds(50));
  EXPECT_EQ(window.size(), 256u);
}

TEST(RequestWindowTest, QueueingDoesNotWidenIt) {
  RequestWindow window(256);
  for (int i = 0; i < 2000; ++i) window.OnReply(i % 16 == 0 ? milliseconds(1) : milliseconds(40));
  EXPECT_LE(window.size(), RequestWindow::kLeast + RequestWindow::kPerMillisecond);
}

TEST(RequestWindowTest, NeverMoreThanTheConnections) {
  RequestWindow window(4);
  EXPECT_EQ(window.size(), 4u);
  Replies(window, 100, milliseconds(100));
  EXPECT_EQ(window.size(), 4u);
}

}  // namespace
}  // namespace ddb
