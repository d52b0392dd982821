#include "base/memory_budget.h"

#include <gtest/gtest.h>

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
