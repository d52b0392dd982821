#include "dynamodb/stand_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dynamodb/known_errors.h"
#include "dynamodb/requests.h"
#include "items/table_name.h"
#include "support/dynamodb/fake_dynamodb.h"
#include "support/dynamodb/stand_in_fixture.h"

namespace ddb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testkit::Denied;
using testkit::EverySetting;
using testkit::kKeys;
using testkit::kName;
using testkit::Refusal;
using testkit::StandInTest;

TEST_F(StandInTest, ItsNameIsATableNameAndItsTablesAlone) {
  const std::string longest(kMaxTableName, 'x');
  EXPECT_EQ(StandInName(longest).size(), kMaxTableName);
  EXPECT_NE(StandInName(longest), StandInName(longest.substr(1) + "y"));
  EXPECT_TRUE(kName.starts_with("a_airbyte_stand_in_"));
}

TEST_F(StandInTest, StandsWithAllSettingsWhileTheTableIsGone) {
  bool looked = false;
  db_.intercept = [&](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation != "DeleteTable" || table != "a") return std::nullopt;
    looked = true;
    EXPECT_EQ(db_.tables.at(kName).create, CreateTableBody(kName, kKeys, settings_));
    EXPECT_EQ(db_.tables.at(kName).ttl, "expires");
    EXPECT_LE(db_.tables.at(kName).active_at, loop_.Now());
    return std::nullopt;
  };
  ASSERT_TRUE(Prepare().ok());
  EXPECT_TRUE(looked);
  EXPECT_TRUE(db_.tables.at(kName).gone_at);
  EXPECT_EQ(db_.tables.at("a").create, CreateTableBody("a", kKeys, settings_));
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(StandInTest, ATableThatIsAsTheConfigurationWantsItNeedsNone) {
  TableSettings plain;
  plain.capacity = plans_[0].settings.capacity;
  Existing("a", plain);
  db_.tables["a"].ttl.clear();
  db_.tables["a"].tags = "[]";
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(Created(), 0);
  EXPECT_EQ(db_.Count("DeleteTable a"), 1);
}

TEST_F(StandInTest, EverySettingIsWorthOne) {
  TableSettings plain;
  plain.capacity = plans_[0].settings.capacity;
  plain.attributes = {kKeys.hash, *kKeys.range};
  EXPECT_FALSE(StandIns::Needed(plans_[0], plain));
  const auto needed = [&](auto change) {
    TableSettings settings = plain;
    change(settings);
    return StandIns::Needed(plans_[0], settings);
  };
  EXPECT_TRUE(needed([](TableSettings& s) { s.capacity.write_units = 11; }));
  EXPECT_TRUE(needed([](TableSettings& s) { s.capacity.on_demand = true; }));
  EXPECT_TRUE(needed([](TableSettings& s) { s.indexes = EverySetting().indexes; }));
  EXPECT_TRUE(needed([](TableSettings& s) { s.stream_view = "KEYS_ONLY"; }));
  EXPECT_TRUE(needed([](TableSettings& s) { s.table_class = "STANDARD_INFREQUENT_ACCESS"; }));
  EXPECT_TRUE(needed([](TableSettings& s) { s.kms = true; }));
  EXPECT_TRUE(needed([](TableSettings& s) { s.tags = {{"k", "v"}}; }));
  EXPECT_TRUE(needed([](TableSettings& s) { s.ttl_attribute = "t"; }));
  EXPECT_TRUE(needed([](TableSettings& s) { s.recovery_days = 35; }));
}

TEST_F(StandInTest, ARunThatIsKilledAfterTheDropLosesNothing) {
  KilledAt("CreateTable a");
  EXPECT_FALSE(Prepare().ok());
  db_.RemoveGone();
  ASSERT_FALSE(db_.tables.contains("a"));
  ASSERT_TRUE(db_.tables.contains(kName));
  db_.tables[kName].tags = R"([{"Key":"team","Value":"x"}])";  // those of its CreateTable
  NextRun();
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.tables.at("a").create, CreateTableBody("a", kKeys, settings_));
  EXPECT_EQ(db_.tables.at("a").ttl, "expires");
  EXPECT_TRUE(db_.tables.at(kName).gone_at);
  EXPECT_EQ(db_.Count("DeleteTable a"), 0);
  EXPECT_THAT(log_.All(LogLevel::kInfo), HasSubstr("with the settings that it had"));
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(StandInTest, NorDoesOneThatIsAppendedToAfterwards) {
  KilledAt("CreateTable a");
  EXPECT_FALSE(Prepare().ok());
  db_.RemoveGone();
  ASSERT_FALSE(db_.tables.contains("a"));
  db_.tables.at(kName).tags = R"([{"Key":"team","Value":"x"}])";  // those of its CreateTable
  NextRun();
  plans_.clear();
  Plan("a", TableMode::kAppend);
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.tables.at("a").create, CreateTableBody("a", kKeys, settings_));
  EXPECT_EQ(db_.tables.at("a").ttl, "expires");
  EXPECT_TRUE(db_.tables.at(kName).gone_at);
  EXPECT_THAT(log_.All(LogLevel::kInfo), HasSubstr("with the settings that it had"));
}

TEST_F(StandInTest, ARunThatIsKilledBeforeTheTimeToLiveLosesNothing) {
  KilledAt("UpdateTimeToLive a");
  EXPECT_FALSE(Prepare().ok());
  ASSERT_TRUE(db_.tables.at("a").ttl.empty());
  NextRun();
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.tables.at("a").ttl, "expires");
  EXPECT_TRUE(db_.tables.at(kName).gone_at);
}

class KilledWithRecovery : public StandInTest, public ::testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(, KilledWithRecovery,
                         ::testing::Values("CreateTable a", "UpdateContinuousBackups a",
                                           "UpdateTimeToLive a"));

TEST_P(KilledWithRecovery, LosesNothing) {
  db_.tables.at("a").recovery_days = 7;
  KilledAt(GetParam());
  EXPECT_FALSE(Prepare().ok());
  db_.RemoveGone();
  ASSERT_TRUE(db_.tables.contains(kName));
  EXPECT_EQ(db_.tables.at(kName).recovery_days, 7);
  NextRun();
  plans_.clear();
  Plan("a", TableMode::kAppend);
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.tables.at("a").recovery_days, 7);
  EXPECT_EQ(db_.tables.at("a").ttl, "expires");
  EXPECT_TRUE(db_.tables.at(kName).gone_at);
}

TEST_F(StandInTest, OneThatWasLeftIsMadeAnew) {
  db_.tables[kName].create = CreateTableBody(kName, kKeys, settings_);
  settings_.capacity.write_units = 60;
  Add();
  KilledAt("CreateTable a");
  EXPECT_FALSE(Prepare().ok());
  EXPECT_EQ(Created(), 1);
  EXPECT_EQ(db_.tables.at(kName).create, CreateTableBody(kName, kKeys, settings_));
}

TEST_F(StandInTest, NoTableIsDroppedBeforeAllStandInsAreThere) {
  for (int i = 0; i < 60; ++i) {
    Plan("t" + std::to_string(i), TableMode::kRecreate);
    Existing("t" + std::to_string(i), EverySetting());
  }
  db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation != "CreateTable" || table != StandInName("t59")) return std::nullopt;
    return Refusal(Reaction::kFailConfig, ErrorCode::kUnrecognizedClient, "UnrecognizedClientException");
  };
  EXPECT_FALSE(Prepare().ok());
  for (const std::string& call : db_.calls) {
    if (!call.starts_with("DeleteTable")) continue;
    EXPECT_THAT(call, HasSubstr("_airbyte_stand_in_"));
  }
}

// What a kill could cost without it would be gone without a trace.
TEST_F(StandInTest, WhereNoneMayBeMadeATableWithIndexesOrAKeyIsNotDropped) {
  TableSettings key;
  key.kms = true;
  key.kms_key_arn = "arn:k";
  TableSettings indexes = EverySetting();
  for (const TableSettings& settings : {key, indexes}) {
    for (const Verdict& refusal :
         {Denied(), Refusal(Reaction::kRejectItem, ErrorCode::kValidation),
          Refusal(Reaction::kFailConfig, ErrorCode::kTableLimit, "LimitExceededException"),
          Refusal(Reaction::kFailConfig, ErrorCode::kCapacityLimit, "LimitExceededException")}) {
      const bool limit = refusal.error_name == Text("LimitExceededException");
      db_.tables.clear();
      db_.calls.clear();
      settings_ = settings;
      Add();
      db_.intercept = [&](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
        if (table == kName && operation == "CreateTable") return refusal;
        return std::nullopt;
      };
      const Error error = Fails();
      EXPECT_EQ(error.type, FailureType::kConfig);
      EXPECT_THAT(error.message, HasSubstr(settings.kms ? "encryption key" : "indexes"));
      EXPECT_THAT(error.message, HasSubstr(limit ? "quota raised" : "dynamodb:CreateTable"));
      EXPECT_EQ(db_.Count("DeleteTable a"), 0);
    }
  }
}

TEST_F(StandInTest, WhereNoneMayBeMadeTheLogKeepsOtherSettings) {
  Verdict too_long = Refusal(Reaction::kFailConfig, ErrorCode::kValidation);
  too_long.reason = kLongTableName;
  for (const Verdict& refusal :
       {Denied(), too_long,
        Refusal(Reaction::kFailConfig, ErrorCode::kTableLimit, "LimitExceededException")}) {
    db_.tables.clear();
    settings_ = EverySetting();
    settings_.tags = {{"team", "x"}};
    settings_.indexes.clear();
    settings_.attributes = {kKeys.hash, *kKeys.range};
    Add();
    log_.lines.clear();
    db_.intercept = [&](std::string_view, std::string_view table) -> std::optional<Verdict> {
      if (table == kName) return refusal;
      return std::nullopt;
    };
    if (refusal.code == ErrorCode::kTableLimit) {
      db_.intercept = [&](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
        if (table == kName && operation == "CreateTable") return refusal;
        return std::nullopt;
      };
    }
    ASSERT_TRUE(Prepare().ok());
    EXPECT_EQ(db_.tables.at("a").create, CreateTableBody("a", kKeys, settings_));
    EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("kept in this log alone"));
  }
}

TEST_F(StandInTest, OneThatMayNotBeDeletedIsSaidOnceAndUsedAgain) {
  const auto deny = [this] {
    db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
      if (operation == "DeleteTable" && table == kName) return Denied();
      return std::nullopt;
    };
  };
  for (int run = 0; run < 3; ++run) {
    deny();
    Add();
    ASSERT_TRUE(Prepare().ok()) << run;
    EXPECT_EQ(log_.All(LogLevel::kWarn).empty(), run > 0);
    EXPECT_EQ(Created(), run == 0 ? 1 : 0);
    EXPECT_TRUE(db_.tables.contains(kName) && !db_.tables.at(kName).gone_at);
    db_.tables.at(kName).tags = R"([{"Key":"team","Value":"x"}])";  // those of its CreateTable
    NextRun();
  }
  // The table has changed, and what is there does not keep that.
  deny();
  settings_.capacity.write_units = 60;
  Add();
  EXPECT_THAT(Fails().message, HasSubstr("DeleteTable"));
  EXPECT_EQ(db_.Count("DeleteTable a"), 0);
}

TEST_F(StandInTest, OneThatCannotBeDeletedIsNamed) {
  db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation == "DeleteTable" && table == kName) return Denied();
    return std::nullopt;
  };
  ASSERT_TRUE(Prepare().ok());
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("Table " + kName + " is left behind"));
}

TEST_F(StandInTest, ATableThatWasLookedAtLongAgoIsLookedAtAgain) {
  between_ = [this] {
    loop_.After(std::chrono::minutes(90), [this] { loop_.Stop(); });
    loop_.Run();
    settings_.capacity.write_units = 77;
    Add();
  };
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.tables.at("a").create, CreateTableBody("a", kKeys, settings_));
}

TEST_F(StandInTest, ATableThatWasProtectedMeanwhileIsNotDropped) {
  between_ = [this] {
    loop_.After(std::chrono::minutes(90), [this] { loop_.Stop(); });
    loop_.Run();
    db_.tables["a"].more = R"(,"DeletionProtectionEnabled":true)";
  };
  EXPECT_THAT(Fails().message, HasSubstr("protected against deletion"));
  EXPECT_FALSE(Dropped());
}

class StandInForAKey : public StandInTest {
 protected:
  StandInForAKey() {
    settings_.kms = true;
    settings_.kms_key_arn = "arn:k";
    Add();
  }
  // As a service does that looks at the name before it looks at the key.
  void RefuseTheKey(Verdict verdict, bool other_keys_too = false) {
    db_.intercept = [this, verdict, other_keys_too](std::string_view operation,
                                                    std::string_view table) -> std::optional<Verdict> {
      const std::string_view part = other_keys_too ? "SSESpecification" : "arn:k";
      const bool refused = operation == "CreateTable" && !db_.tables.contains(std::string(table)) &&
                           db_.request.find(part) != std::string::npos;
      return refused ? std::optional(verdict) : std::nullopt;
    };
  }
};

TEST_F(StandInForAKey, AKeyThatMayNotBeUsedShowsBeforeTheDrop) {
  for (const Verdict& refusal :
       {Denied(), Refusal(Reaction::kFailConfig, ErrorCode::kKmsUnavailable, "AccessDeniedException"),
        Refusal(Reaction::kRejectItem, ErrorCode::kValidation)}) {
    RefuseTheKey(refusal, true);
    const Error error = Fails();
    EXPECT_EQ(error.type, FailureType::kConfig);
    EXPECT_THAT(error.message, HasSubstr("arn:k"));
    EXPECT_EQ(db_.Count("DeleteTable a"), 0);
    EXPECT_TRUE(!db_.tables.contains(kName) || db_.tables.at(kName).gone_at);
    loop_.After(std::chrono::minutes(1), [this] { loop_.Stop(); });
    loop_.Run();
    db_.RemoveGone();
  }
}

TEST_F(StandInForAKey, AManagedKeyThatIsNotTheTablesShowsBeforeTheDrop) {
  db_.managed_key = "arn:managed";
  db_.intercept = [this](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation != "CreateTable" || db_.request.find("arn:k") == std::string::npos) return std::nullopt;
    return Refusal(Reaction::kRejectItem, ErrorCode::kValidation);
  };
  const Error error = Fails();
  EXPECT_EQ(error.type, FailureType::kConfig);
  EXPECT_THAT(error.message, HasSubstr("arn:k"));
  EXPECT_EQ(db_.Count("DeleteTable a"), 0);
}

// A run was killed after the drop. DescribeTable tells the key that AWS manages like any other, and
// CreateTable does not take its name.
class StandInThatNamesAManagedKey : public StandInForAKey {
 protected:
  StandInThatNamesAManagedKey() {
    db_.tables.clear();
    Existing(kName, settings_);
    RefuseTheName(Refusal(Reaction::kRejectItem, ErrorCode::kValidation));
  }
  void RefuseTheName(Verdict verdict) {
    db_.intercept = [this, verdict](std::string_view operation, std::string_view) -> std::optional<Verdict> {
      if (operation != "CreateTable" || db_.request.find("arn:k") == std::string::npos) return std::nullopt;
      return verdict;
    };
  }
};

TEST_F(StandInThatNamesAManagedKey, RestoresTheTableWithoutTheName) {
  db_.managed_key = "arn:k";
  ASSERT_TRUE(Prepare().ok());
  TableSettings unnamed = settings_;
  unnamed.kms_key_arn.clear();
  unnamed.tags.clear();  // the stand-in has none here
  EXPECT_EQ(db_.tables.at("a").create, CreateTableBody("a", kKeys, unnamed));
  EXPECT_TRUE(db_.tables.at(kName).gone_at);
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("arn:k"));
}

TEST_F(StandInThatNamesAManagedKey, DoesNotRestoreItWithAnotherKey) {
  for (const TableMode mode : {TableMode::kRecreate, TableMode::kAppend}) {
    db_.managed_key = "arn:another";
    plans_[0].mode = mode;
    const Error error = Fails();
    EXPECT_EQ(error.type, FailureType::kConfig);
    EXPECT_THAT(error.message, HasSubstr("arn:k"));
    EXPECT_FALSE(db_.tables.contains("a") && !db_.tables.at("a").gone_at);
    EXPECT_FALSE(db_.tables.at(kName).gone_at);
  }
}

TEST_F(StandInThatNamesAManagedKey, IsNotTakenForOneWhereTheKeyMayNotBeUsed) {
  db_.managed_key = "arn:k";
  for (const Verdict& refusal :
       {Denied(), Refusal(Reaction::kFailConfig, ErrorCode::kKmsUnavailable, "AccessDeniedException")}) {
    RefuseTheName(refusal);
    EXPECT_FALSE(Prepare().ok());
    EXPECT_FALSE(db_.tables.contains("a"));
    EXPECT_FALSE(db_.tables.at(kName).gone_at);
  }
}

}  // namespace
}  // namespace ddb
