#include "base/ring_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace ddb {
namespace {

using Queue = RingQueue<std::unique_ptr<int>>;

std::unique_ptr<int> Of(int value) { return std::make_unique<int>(value); }

void ExpectSame(const Queue& queue, const std::deque<int>& twin) {
  ASSERT_EQ(queue.size(), twin.size());
  ASSERT_EQ(queue.empty(), twin.empty());
  for (size_t i = 0; i < twin.size(); ++i) ASSERT_EQ(*queue[i], twin[i]);
}

TEST(RingQueue, DoesWhatADequeDoes) {
  std::minstd_rand random(1);
  const auto pick = [&random](size_t below) { return static_cast<size_t>(random()) % below; };
  Queue queue;
  std::deque<int> twin;
  for (int i = 0; i < 20000; ++i) {
    // Long and short ones, in turn.
    const bool grows = i % 400 < 200;
    switch (pick(grows ? 4 : 8)) {
      case 0:
        queue.push_back(Of(i));
        twin.push_back(i);
        break;
      case 1:
        queue.push_front(Of(i));
        twin.push_front(i);
        break;
      case 2: {
        const size_t at = pick(twin.size() + 1);
        queue.insert(at, Of(i));
        twin.insert(twin.begin() + static_cast<std::ptrdiff_t>(at), i);
        break;
      }
      case 7: {
        const size_t size = pick(twin.size() + 1);
        queue.resize(size);
        twin.resize(size);
        break;
      }
      default:
        if (twin.empty()) break;
        ASSERT_EQ(*queue.front(), twin.front());
        queue.pop_front();
        twin.pop_front();
    }
    ExpectSame(queue, twin);
  }
}

TEST(RingQueue, ShrinksWithWhatItHolds) {
  RingQueue<int> queue;
  EXPECT_EQ(queue.capacity(), 0u);
  for (int i = 0; i < 1000; ++i) queue.push_back(i);
  EXPECT_EQ(queue.capacity(), 1024u);
  while (queue.size() > 100) queue.pop_front();
  EXPECT_LE(queue.capacity(), 512u);
  while (!queue.empty()) queue.pop_front();
  EXPECT_LE(queue.capacity(), 4u);
}

// What left is not kept until its place is used again.
TEST(RingQueue, WhatLeavesIsGone) {
  const auto value = std::make_shared<int>(1);
  RingQueue<std::shared_ptr<int>> queue;
  for (int i = 0; i < 3; ++i) queue.push_back(value);
  queue.pop_front();
  EXPECT_EQ(value.use_count(), 3);
  queue.resize(1);
  EXPECT_EQ(value.use_count(), 2);
}

}  // namespace
}  // namespace ddb
