#include "dynamodb/task_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/dynamodb/fake_dynamodb.h"

namespace ddb {
namespace {

class TaskLanesTest : public ::testing::Test {
 protected:
  // Ends in a later turn, if it waits at all.
  Task<void> Do(size_t at, bool waits) {
    begun_.push_back(at);
    most_ = std::max(most_, ++under_way_);
    if (waits) {
      Resumption resumption;
      struct Turn {
        ControlLoop& loop;
        Resumption& resumption;
        Duration delay;
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> handle) { loop.After(delay, resumption.Of(handle)); }
        void await_resume() const {}
      };
      co_await Turn{loop_, resumption, std::chrono::milliseconds(1 + at % 3)};
    }
    --under_way_;
    if (++ended_ == stop_at_) loop_.Stop();
  }
  void ExpectAllInOrder(size_t count) {
    ASSERT_EQ(begun_.size(), count);
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(begun_[i], i);
    EXPECT_EQ(ended_, count);
  }

  testkit::FakeLoop loop_;
  std::vector<size_t> begun_;
  size_t under_way_ = 0;
  size_t most_ = 0;
  size_t ended_ = 0;
  size_t stop_at_ = 0;
  TaskLanes lanes_{loop_, 7};
};

TEST_F(TaskLanesTest, AllInOrderAndSoManyAtATime) {
  stop_at_ = 100;
  lanes_.Start(100, [this](size_t at) { return Do(at, true); });
  loop_.Run();
  ExpectAllInOrder(100);
  EXPECT_EQ(most_, 7u);
}

// Nothing is as deep as they are many.
TEST_F(TaskLanesTest, AMillionThatEndAtOnce) {
  constexpr size_t kMany = 1'000'000;
  lanes_.Start(kMany, [this](size_t at) { return Do(at, false); });
  ExpectAllInOrder(kMany);
  EXPECT_EQ(most_, 1u);
}

TEST_F(TaskLanesTest, SomeWaitAndOthersDoNot) {
  stop_at_ = 1000;
  lanes_.Start(1000, [this](size_t at) { return Do(at, at % 5 == 0); });
  loop_.Run();
  ExpectAllInOrder(1000);
}

TEST_F(TaskLanesTest, NoMoreAreBegun) {
  stop_at_ = 17;
  lanes_.Start(100, [this](size_t at) {
    if (at == 10) lanes_.BeginNoMore();
    return Do(at, true);
  });
  loop_.After(std::chrono::seconds(1), [this] { loop_.Stop(); });
  loop_.Run();
  EXPECT_EQ(begun_.size(), 11u);
  EXPECT_EQ(ended_, 11u);
}

// What an earlier start left over begins nothing in the next one.
TEST_F(TaskLanesTest, AnotherStartEndsThoseThatWait) {
  stop_at_ = 10;
  lanes_.Start(100, [this](size_t at) { return Do(at, true); });
  loop_.Run();
  EXPECT_EQ(ended_, 10u);
  begun_.clear();
  ended_ = under_way_ = most_ = 0;
  stop_at_ = 50;
  lanes_.Start(50, [this](size_t at) { return Do(at, true); });
  loop_.Run();
  ExpectAllInOrder(50);
  EXPECT_EQ(most_, 7u);
}

}  // namespace
}  // namespace ddb
