// Point-in-time recovery of tables that are replaced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dynamodb/known_errors.h"
#include "support/dynamodb/tables_fixture.h"

namespace ddb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testkit::Denied;
using testkit::Refusal;
using testkit::Replacing;
using testkit::Tables;

TEST_F(Tables, RecoveryThatMayNotBeSeenIsToldOfOnce) {
  for (const std::string table : {"a", "b"}) {
    Plan(table, TableMode::kRecreate);
    Existing(table).recovery_days = 35;
  }
  plans_[1].settings.recovery_days = 35;
  Refuse("DescribeContinuousBackups", Denied());
  ASSERT_TRUE(Prepare().ok());
  const std::string warnings = log_.All(LogLevel::kWarn);
  EXPECT_THAT(warnings, HasSubstr("dynamodb:DescribeContinuousBackups is missing"));
  EXPECT_EQ(std::count(warnings.begin(), warnings.end(), '\n'), 1);
  EXPECT_EQ(db_.tables["a"].recovery_days, 0);
  EXPECT_EQ(db_.tables["b"].recovery_days, 35) << "the configuration has it on";
}

TEST_F(Tables, AnEndpointThatKnowsNoRecoveryHasNone) {
  Plan("a", TableMode::kRecreate);
  Existing("a");
  Refuse("DescribeContinuousBackups",
         Refusal(Reaction::kFailSystem, ErrorCode::kUnknownOperation, "UnknownOperationException"));
  ASSERT_TRUE(Prepare().ok());
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
  EXPECT_EQ(db_.Count("UpdateContinuousBackups a"), 0);
}

TEST_F(Tables, ATableThatIsUsedAsItIsIsNotAskedForItsRecovery) {
  Plan("a", TableMode::kAppend);
  plans_[0].settings.recovery_days = 35;
  Existing("a");
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.Count("DescribeContinuousBackups a") + db_.Count("UpdateContinuousBackups a"), 0);
}

TEST_F(Replacing, WithoutTheRightToSwitchItsRecoveryOnAgainATableStands) {
  Plan("a", TableMode::kRecreate);
  Existing("a").recovery_days = 7;
  Refuse("UpdateContinuousBackups", Denied());
  const Error error = Fails();
  EXPECT_EQ(error.type, FailureType::kConfig);
  EXPECT_THAT(error.message, HasSubstr("dynamodb:UpdateContinuousBackups"));
  EXPECT_THAT(error.message, HasSubstr("only if it gets its point-in-time recovery again"));
  EXPECT_EQ(Drops(), 0);
  EXPECT_EQ(db_.tables["a"].recovery_days, 7);
}

// Of one that had none, and that the configuration wants to have it, nothing is lost.
TEST_F(Replacing, ARecoveryThatOnlyTheConfigurationWantsIsAWarningWhereItIsDenied) {
  Plan("a", TableMode::kRecreate);
  plans_[0].settings.recovery_days = 35;
  Existing("a");
  Refuse("UpdateContinuousBackups", Denied());
  EXPECT_TRUE(Prepare().ok());
  EXPECT_EQ(Drops(), 1);
  EXPECT_EQ(db_.tables["a"].recovery_days, 0);
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("dynamodb:UpdateContinuousBackups"));
}

}  // namespace
}  // namespace ddb
