// What is known of tables that are to be overwritten before the first of them is dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dynamodb/limits.h"
#include "dynamodb/requests.h"
#include "dynamodb/stand_in.h"
#include "dynamodb/tables.h"
#include "support/dynamodb/fake_dynamodb.h"
#include "support/dynamodb/outcomes.h"
#include "support/dynamodb/tables_fixture.h"

namespace ddb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testkit::Denied;
using testkit::EverySetting;
using testkit::kKeys;
using testkit::Refusal;
using testkit::Replacing;
using testkit::Tables;
using testkit::Unreachable;

// ---- what is known before the first drop

TEST_F(Replacing, EveryTableIsProbedWithItsSettingsBeforeTheFirstDrop) {
  PlanMany(120);
  Existing("t7", EverySetting()).tags = R"([{"Key":"team","Value":"x"}])";
  TableSettings settings = EverySetting();
  settings.tags = {{"team", "x"}};
  std::string probe;
  db_.intercept = [&](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation == "CreateTable" && table == "t7" && probe.empty()) probe = db_.request;
    return std::nullopt;
  };
  ASSERT_TRUE(Prepare().ok());
  int probes = 0;
  for (const std::string& call : db_.calls) {
    if (call.starts_with("DeleteTable")) break;
    probes += call.starts_with("Probe ") ? 1 : 0;
  }
  EXPECT_EQ(probes, 120);
  EXPECT_EQ(probe, CreateTableBody("t7", kKeys, settings));
}

TEST_F(Replacing, NothingIsDroppedWithoutTheRightToCreate) {
  PlanMany(3);
  Existing("t1", EverySetting());
  db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation == "CreateTable" && table == "t1") return Denied();
    return std::nullopt;
  };
  const Error error = Fails();
  EXPECT_EQ(error.type, FailureType::kConfig);
  EXPECT_EQ(error.stream->name, "stream_t1");
  EXPECT_THAT(error.message, HasSubstr("dynamodb:CreateTable on table t1"));
  EXPECT_THAT(error.message, HasSubstr("Nothing was changed"));
  EXPECT_EQ(Drops(), 0);
}

TEST_F(Replacing, ALimitOfTablesDoesNotPreventAReplacement) {
  Plan("a", TableMode::kRecreate);
  Existing("a");
  Refuse("CreateTable", Refusal(Reaction::kFailConfig, ErrorCode::kTableLimit, "LimitExceededException"), 1);
  EXPECT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.Count("CreateTable a"), 1);
}

TEST_F(Replacing, ATableThatVanishesBeforeItsProbeIsThereAgain) {
  Plan("a", TableMode::kRecreate);
  TableSettings settings = EverySetting();
  Existing("a", settings).ttl = "expires";
  db_.intercept = [this](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation == "CreateTable") db_.tables.erase("a");
    return std::nullopt;
  };
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(Drops(), 0);
  EXPECT_EQ(db_.tables["a"].create, CreateTableBody("a", kKeys, settings));
  EXPECT_EQ(db_.tables["a"].ttl, "expires");
  EXPECT_GE(loop_.Now(), db_.tables["a"].active_at);
}

class OwnKey : public Replacing {
 protected:
  OwnKey() {
    Plan("a", TableMode::kRecreate);
    settings_.kms = true;
    settings_.kms_key_arn = "arn:k";
    settings_.tags = {{"team", "x"}};
    Existing("a", settings_).tags = R"([{"Key":"team","Value":"x"}])";
  }
  TableSettings settings_ = EverySetting();
};

TEST_F(OwnKey, ComesBack) {
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.tables["a"].create, CreateTableBody("a", kKeys, settings_));
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(OwnKey, ThatMayNotBeUsedIsNamedAndNothingIsDropped) {
  for (const Verdict& refusal :
       {Denied(), Refusal(Reaction::kFailConfig, ErrorCode::kKmsUnavailable, "KMSAccessDeniedException"),
        Refusal(Reaction::kFailConfig, ErrorCode::kKmsUnavailable, "AccessDeniedException"),
        Refusal(Reaction::kFailSystem, ErrorCode::kOther, "SomethingNew")}) {
    RefuseWith("arn:k", refusal);
    const Error error = Fails();
    EXPECT_EQ(error.type, FailureType::kConfig);
    EXPECT_THAT(error.message, HasSubstr("the key arn:k"));
    EXPECT_EQ(Drops(), 0);
    EXPECT_EQ(db_.tables["a"].create, CreateTableBody("a", kKeys, settings_));
  }
}

TEST_F(OwnKey, ThatIsRefusedByNameMayBeTheManagedOne) {
  RefuseWith("arn:k", Refusal(Reaction::kRejectItem, ErrorCode::kValidation));
  db_.managed_key = "arn:k";
  ASSERT_TRUE(Prepare().ok());
  settings_.kms_key_arn.clear();
  EXPECT_EQ(db_.tables["a"].create, CreateTableBody("a", kKeys, settings_));
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(OwnKey, IsNeverLeftOutAfterTheDrop) {
  db_.intercept = [this](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation != "CreateTable" || db_.tables.contains("a")) return std::nullopt;
    if (db_.request.find("SSESpecification") == std::string::npos) return std::nullopt;
    return Refusal(Reaction::kFailConfig, ErrorCode::kKmsUnavailable, "AccessDeniedException");
  };
  EXPECT_EQ(Fails().type, FailureType::kConfig);
  EXPECT_FALSE(db_.tables.contains("a"));
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("arn:k"));
}

TEST_F(OwnKey, ThatTheEndpointForgetsIsAFailure) {
  db_.intercept = [this](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation == "DescribeTable" && db_.Count("CreateTable a") > 0) {
      db_.tables["a"].create = CreateTableBody("a", kKeys, EverySetting());
    }
    return std::nullopt;
  };
  const Error error = Fails();
  EXPECT_EQ(error.type, FailureType::kConfig);
  EXPECT_THAT(error.message, HasSubstr("arn:k"));
  EXPECT_THAT(error.message, HasSubstr("no record is written"));
}

// ---- what is left out

TEST_F(Replacing, ARefusedSettingIsLeftOutByName) {
  const std::pair<std::string, std::string> cases[] = {{"TableClass", "without: table class."},
                                                       {"StreamSpecification", "without: stream."},
                                                       {"\"Tags\"", "without: tags."}};
  for (const auto& [text, warning] : cases) {
    plans_.clear();
    db_.tables.clear();
    log_.lines.clear();
    Plan("a", TableMode::kRecreate);
    Existing("a", EverySetting()).tags = R"([{"Key":"team","Value":"x"}])";
    RefuseWith(text, Refusal(Reaction::kRejectItem, ErrorCode::kValidation));
    ASSERT_TRUE(Prepare().ok());
    EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr(warning));
    const std::string& create = db_.tables["a"].create;
    for (const auto& [other, unused] : cases) {
      EXPECT_EQ(create.find(other) == std::string::npos, other == text) << other << " in " << create;
    }
  }
}

TEST_F(Replacing, AnIndexIsNeverLeftOut) {
  for (const std::string text : {"LocalSecondaryIndexes", "GlobalSecondaryIndexes"}) {
    plans_.clear();
    Plan("a", TableMode::kRecreate);
    Existing("a", EverySetting());
    RefuseWith(text, Refusal(Reaction::kRejectItem, ErrorCode::kValidation));
    EXPECT_EQ(Fails().type, FailureType::kConfig);
    EXPECT_EQ(Drops(), 0);
  }
}

TEST_F(Replacing, AtLastKeysCapacityAndIndexesAreLeft) {
  Plan("a", TableMode::kRecreate);
  Existing("a", EverySetting()).tags = R"([{"Key":"team","Value":"x"}])";
  TableSettings plain = EverySetting();
  plain.stream_view.clear();
  plain.table_class.clear();
  db_.intercept = [&](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation != "CreateTable" || table != "a") return std::nullopt;
    if (db_.request == CreateTableBody("a", kKeys, plain)) return std::nullopt;
    return Refusal(Reaction::kRejectItem, ErrorCode::kValidation);
  };
  ASSERT_TRUE(Prepare().ok());
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("without: tags, table class, stream."));
}

TEST_F(Replacing, ACreateTableThatIsRefusedAfterTheDropFailsWithTheSettingsInAWarning) {
  Plan("a", TableMode::kRecreate);
  Existing("a", EverySetting());
  db_.intercept = [this](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation != "CreateTable" || db_.tables.contains("a")) return std::nullopt;
    return Denied();
  };
  EXPECT_THAT(Fails().message, HasSubstr("dynamodb:CreateTable on table a"));
  const std::string warnings = log_.All(LogLevel::kWarn);
  EXPECT_THAT(warnings, HasSubstr("Table a was dropped"));
  EXPECT_THAT(warnings, HasSubstr(CreateTableBody("a", kKeys, EverySetting())));
  EXPECT_THAT(warnings, Not(HasSubstr("without:")));
}

}  // namespace
}  // namespace ddb
