#include "base/memory_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <type_traits>
#include <vector>

namespace ddb {
namespace {

static_assert(!std::is_copy_constructible_v<Charge> && !std::is_copy_assignable_v<Charge>);
static_assert(std::is_nothrow_move_constructible_v<Charge> && std::is_nothrow_move_assignable_v<Charge>);

TEST(MemoryBudgetTest, GivesWhatFitsAndOneThatDoesNotWhenNothingElseIsHeld) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.TryReserve(60));
  EXPECT_FALSE(budget.TryReserve(41));
  EXPECT_TRUE(budget.tight());
  EXPECT_TRUE(budget.TryReserve(40));
  EXPECT_FALSE(budget.tight());
  EXPECT_EQ(budget.used(), 100u);
  budget.Release(90);
  EXPECT_FALSE(budget.TryReserve(500, 9));
  EXPECT_TRUE(budget.TryReserve(500, 10)) << "all that is taken is the caller's own";
  EXPECT_EQ(budget.used(), 510u);
}

TEST(MemoryBudgetTest, SaysOnceWhenThereMayBeRoom) {
  MemoryBudget budget(100);
  Charge most(budget, 80);
  Charge rest(budget, 15);
  int calls = 0;
  budget.WhenRoom(30, 0, [&] { ++calls; });
  EXPECT_EQ(calls, 0);
  rest.Resize(0);
  EXPECT_EQ(calls, 0) << "80 are used, and 30 do not fit";
  most.Resize(70);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(budget.TryReserve(30));
  budget.Release(30);
  EXPECT_EQ(calls, 1);
}

TEST(MemoryBudgetTest, SaysAtOnceThatThereIsRoomAlready) {
  MemoryBudget budget(100);
  const Charge held(budget, 70);
  int calls = 0;
  budget.WhenRoom(30, 0, [&] { ++calls; });
  EXPECT_EQ(calls, 1);
  budget.WhenRoom(1000, 70, [&] { ++calls; });
  EXPECT_EQ(calls, 2) << "nothing but the caller's own is held";
}

TEST(MemoryBudgetTest, SaysNothingToOneWhoWaitsNoMore) {
  MemoryBudget budget(100);
  Charge held(budget, 100);
  int calls = 0;
  budget.WhenRoom(30, 0, [&] { ++calls; });
  budget.StopWaiting();
  held = {};
  EXPECT_EQ(calls, 0);
}

// One waits, tries again when told, and waits again; the others give back what they took at any moment. A
// lost notification would leave it waiting when they are done.
TEST(MemoryBudgetTest, NoNotificationIsLostBetweenThreads) {
  constexpr int kRounds = 20'000;
  MemoryBudget budget(100);
  std::atomic<bool> done{false};
  std::vector<std::thread> others;
  for (size_t i = 0; i < 3; ++i) {
    others.emplace_back([&budget, &done, i] {
      while (!done) const Charge held(budget, 20 + i);
    });
  }
  std::atomic<int> told{0};
  bool lost = false;
  for (int round = 0; round < kRounds && !lost; ++round) {
    while (!lost) {
      if (const std::optional<Charge> charge = Charge::Reserve(budget, 70, 0)) break;
      const int before = told;
      budget.WhenRoom(70, 0, [&told] { ++told; });
      const auto by = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      while (told == before && !lost) {
        std::this_thread::yield();
        lost = std::chrono::steady_clock::now() > by;
      }
    }
  }
  done = true;
  for (std::thread& other : others) other.join();
  EXPECT_FALSE(lost);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ChargeTest, IsGivenBackWithItsHolder) {
  MemoryBudget budget(100);
  {
    const Charge charge(budget, 30);
    EXPECT_EQ(charge.bytes(), 30u);
    EXPECT_EQ(budget.used(), 30u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ChargeTest, IsCorrectedBothWays) {
  MemoryBudget budget(100);
  Charge charge(budget, 30);
  charge.Resize(70);
  EXPECT_EQ(budget.used(), 70u);
  charge.Resize(20);
  EXPECT_EQ(budget.used(), 20u);
  charge.Resize(20);
  EXPECT_EQ(budget.used(), 20u);
  charge.Resize(500);
  EXPECT_EQ(budget.used(), 500u) << "what exists is counted, whatever the limit";
}

TEST(ChargeTest, MovesToOneHolderOnly) {
  MemoryBudget budget(100);
  Charge from(budget, 30);
  Charge to(std::move(from));
  EXPECT_EQ(from.bytes(), 0u);
  EXPECT_EQ(to.bytes(), 30u);
  EXPECT_EQ(budget.used(), 30u);
  Charge other(budget, 50);
  other = std::move(to);
  EXPECT_EQ(budget.used(), 30u) << "what the other one held is given back";
  EXPECT_EQ(other.bytes(), 30u);
  Charge& same = other;
  other = std::move(same);
  EXPECT_EQ(other.bytes(), 30u) << "moved to itself";
  other = Charge();
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ChargeTest, AbsorbsAnother) {
  MemoryBudget budget(100);
  Charge all;
  all.Absorb(Charge(budget, 30));
  all.Absorb(Charge(budget, 12));
  all.Absorb(Charge());
  EXPECT_EQ(all.bytes(), 42u);
  EXPECT_EQ(budget.used(), 42u);
  all = {};
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ChargeTest, IsReservedOnlyIfTheBudgetHasIt) {
  MemoryBudget budget(100);
  const Charge held(budget, 60);
  EXPECT_FALSE(Charge::Reserve(budget, 41, 0));
  EXPECT_EQ(budget.used(), 60u);
  {
    const std::optional<Charge> reserved = Charge::Reserve(budget, 40, 0);
    ASSERT_TRUE(reserved);
    EXPECT_EQ(budget.used(), 100u);
  }
  EXPECT_EQ(budget.used(), 60u);
  EXPECT_TRUE(Charge::Reserve(budget, 1000, 60)) << "all that is taken is the caller's own";
}

TEST(ChargeTest, ManyThreadsGiveBackAllTheyTook) {
  MemoryBudget budget(1000);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&budget, i] {
      std::vector<Charge> held;
      for (size_t n = 0; n < 20'000; ++n) {
        if (std::optional<Charge> charge = Charge::Reserve(budget, 1 + n % 7, 0)) {
          held.push_back(*std::move(charge));
        }
        if (held.size() > 10 + i) held.erase(held.begin());
        if (!held.empty()) held.back().Resize(n % 11);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace ddb
