#include "commands/table_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commands/plan.h"
#include "dynamodb/stand_in.h"

namespace ddb {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Lines final : public Log {
 public:
  void Write(LogLevel, std::string message) override { all += message + "\n"; }
  std::string all;
};

class NameTablesTest : public testing::Test {
 protected:
  NameTablesTest() { config_.table_prefix = "p"; }

  RunPlan PlanOf(const std::vector<StreamId>& streams) {
    Catalog catalog;
    for (const StreamId& id : streams) {
      catalog.streams.emplace_back().id = id;
      catalog.streams.back().mode = mode_;
    }
    return *MakePlan(config_, catalog, 1, {1, 1 << 30});
  }
  Status Name(RunPlan& plan, const std::set<std::string>& there) {
    return NameTables(
        config_,
        [&](const std::vector<std::string>& names) -> Result<TablesFound> {
          TablesFound found;
          for (const std::string& name : names) {
            if (there.contains(name)) found.there.insert(name);
            if (denied_.contains(name)) found.denied.insert(name);
          }
          return found;
        },
        plan, log_);
  }

  Config config_;
  DestinationSyncMode mode_ = DestinationSyncMode::kAppend;
  std::set<std::string> denied_;
  Lines log_;
};

TEST_F(NameTablesTest, AStreamThatStandsAloneGoesOnInItsTableWithDigits) {
  RunPlan both = PlanOf({{std::nullopt, "a.b"}, {std::nullopt, "a_b"}});
  const std::string of_first = both.tables[TableNo(0)].table;
  RunPlan alone = PlanOf({{std::nullopt, "a.b"}});
  EXPECT_EQ(alone.tables[TableNo(0)].table, "p_a_b");
  ASSERT_TRUE(Name(alone, {"p_a_b", of_first}).ok());
  EXPECT_EQ(alone.tables[TableNo(0)].table, of_first);
  EXPECT_TRUE(alone.streams[StreamNo(0)].hashed_name);
  EXPECT_EQ(log_.all, "");
  ASSERT_TRUE(Name(both, {"p_a_b"}).ok());
  EXPECT_THAT(log_.all, AllOf(HasSubstr("the name p_a_b,"), HasSubstr(of_first)));
}

// Whatever makes them meet, each of them is named with the others.
TEST_F(NameTablesTest, StreamsThatMeetForTheFirstTimeAreNamedTogether) {
  const std::vector<std::vector<StreamId>> meetings = {
      {{std::nullopt, "a.b"}, {std::nullopt, "a_b"}},
      {{"a", "b_c"}, {"a_b", "c"}},
      {{"", "a_b"}, {"a", "b"}, {std::nullopt, "a b"}},
  };
  for (const std::vector<StreamId>& streams : meetings) {
    RunPlan plan = PlanOf(streams);
    log_.all.clear();
    ASSERT_TRUE(Name(plan, {}).ok());
    for (const StreamPlan& stream : plan.streams) {
      EXPECT_THAT(log_.all, HasSubstr(stream.id.Display() + " (to " + plan.tables[stream.table].table + ")"));
    }
    EXPECT_THAT(log_.all, HasSubstr("would share the table name p_"));
  }
}

// By an overwrite that was killed between its drop and its creation.
TEST_F(NameTablesTest, ATableWithDigitsThatIsGoneIsKnownByItsStandIn) {
  for (const DestinationSyncMode mode : {DestinationSyncMode::kOverwrite, DestinationSyncMode::kAppend}) {
    mode_ = mode;
    RunPlan both = PlanOf({{std::nullopt, "a.b"}, {std::nullopt, "a_b"}});
    const std::string of_first = both.tables[TableNo(0)].table;
    RunPlan alone = PlanOf({{std::nullopt, "a.b"}});
    ASSERT_TRUE(Name(alone, {"p_a_b", StandInName(of_first)}).ok());
    EXPECT_EQ(alone.tables[TableNo(0)].table, of_first);
    EXPECT_TRUE(alone.streams[StreamNo(0)].hashed_name);
    RunPlan other = PlanOf({{std::nullopt, "a_b"}});
    ASSERT_TRUE(Name(other, {"p_a_b", StandInName(of_first)}).ok());
    EXPECT_EQ(other.tables[TableNo(0)].table, "p_a_b");
  }
}

// So is the table that version 1.0.0 made of an empty namespace.
TEST_F(NameTablesTest, ATableOfTheFirstVersionThatIsGoneIsKnownByItsStandIn) {
  RunPlan plan = PlanOf({{"", "users"}});
  ASSERT_TRUE(Name(plan, {StandInName("p__users")}).ok());
  EXPECT_EQ(plan.tables[TableNo(0)].table, "p__users");
  plan = PlanOf({{"", "users"}});
  ASSERT_TRUE(Name(plan, {StandInName("p_users"), "p__users"}).ok());
  EXPECT_EQ(plan.tables[TableNo(0)].table, "p_users");
}

// Whose the plain table is cannot be known then.
TEST_F(NameTablesTest, ATableWithDigitsThatMayNotBeLookedAtIsTold) {
  const std::string hashed = PlanOf({{std::nullopt, "a.b"}, {std::nullopt, "a_b"}}).tables[TableNo(0)].table;
  denied_ = {hashed};
  const auto there = [](TableNo) { return true; };
  for (const DestinationSyncMode mode : {DestinationSyncMode::kOverwrite, DestinationSyncMode::kAppend}) {
    mode_ = mode;
    const bool overwrites = mode == DestinationSyncMode::kOverwrite;
    RunPlan plan = PlanOf({{std::nullopt, "other"}, {std::nullopt, "a.b"}});
    ASSERT_TRUE(Name(plan, {}).ok());
    EXPECT_TRUE(CheckUnseen(plan, [](TableNo table) { return table == TableNo(0); }, log_).ok());
    EXPECT_EQ(log_.all, "");
    const Status seen = CheckUnseen(plan, there, log_);
    ASSERT_EQ(seen.ok(), !overwrites);
    const std::string told = overwrites ? seen.error().message : log_.all;
    EXPECT_THAT(told, AllOf(HasSubstr("p_a_b"), HasSubstr(hashed), HasSubstr("dynamodb:DescribeTable")));
    EXPECT_TRUE(seen.ok() || seen.error().type == FailureType::kConfig);
    log_.all.clear();
    // With its stand-in there, it is known whose it is.
    plan = PlanOf({{std::nullopt, "a.b"}});
    ASSERT_TRUE(Name(plan, {StandInName(hashed)}).ok());
    EXPECT_TRUE(CheckUnseen(plan, there, log_).ok());
    EXPECT_EQ(log_.all, "");
  }
}

// Of other catalogs nothing is known.
TEST_F(NameTablesTest, AChangedNameOfATableThatWasThereIsTold) {
  std::vector<StreamId> streams = {{std::nullopt, "a b"},
                                   {std::nullopt, "users"},
                                   {"n-s", "t"},
                                   {std::nullopt, "c.d"},
                                   {std::nullopt, "c_d"}};
  RunPlan plan = PlanOf(streams);
  ASSERT_TRUE(Name(plan, {}).ok());
  const auto all = [](TableNo) { return true; };
  const auto none = [](TableNo) { return false; };
  // Those that have digits have their tables for themselves.
  EXPECT_THAT(ChangedNamesWarning(plan, all),
              AllOf(HasSubstr(": a b (p_a_b), n-s.t (p_n_s_t). "), HasSubstr("dynamodb_table_name_prefix")));
  EXPECT_EQ(ChangedNamesWarning(plan, none), "");
  EXPECT_THAT(ChangedNamesWarning(plan, [](TableNo table) { return table.value() == 2; }),
              HasSubstr(": n-s.t (p_n_s_t). "));
  streams = {{std::nullopt, "c.d"}};
  plan = PlanOf(streams);
  ASSERT_TRUE(Name(plan, {}).ok());
  EXPECT_THAT(ChangedNamesWarning(plan, all), HasSubstr("c.d (p_c_d)"));
  streams = {{std::nullopt, "c_d"}, {"n", "Users_2"}, {"", "x"}};
  plan = PlanOf(streams);
  ASSERT_TRUE(Name(plan, {}).ok());
  EXPECT_EQ(ChangedNamesWarning(plan, all), "");
  streams.clear();
  for (int n = 0; n < 5000; ++n) streams.push_back({std::nullopt, "s " + std::to_string(n)});
  plan = PlanOf(streams);
  ASSERT_TRUE(Name(plan, {}).ok());
  EXPECT_THAT(ChangedNamesWarning(plan, all), HasSubstr("s 9 (p_s_9) and 4990 more. "));
}

TEST_F(NameTablesTest, ATableThatIsFoundForAStreamIsNotThatOfTheDeadLetters) {
  RunPlan both = PlanOf({{std::nullopt, "a.b"}, {std::nullopt, "a_b"}});
  config_.dead_letter_table = both.tables[TableNo(0)].table;
  RunPlan alone = PlanOf({{std::nullopt, "a.b"}});
  EXPECT_TRUE(Name(alone, {}).ok());
  const Status shared = Name(alone, {config_.dead_letter_table});
  ASSERT_FALSE(shared.ok());
  EXPECT_THAT(shared.error().message, HasSubstr("dead_letter_table"));
}

TEST_F(NameTablesTest, WhatCannotBeLookedForIsAnError) {
  RunPlan plan = PlanOf({{std::nullopt, "a"}});
  const Status status = NameTables(
      config_, [](const auto&) -> Result<TablesFound> { return TransientError("no reply"); }, plan, log_);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "no reply");
}

}  // namespace
}  // namespace ddb
