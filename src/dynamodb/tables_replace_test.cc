// What becomes of tables that are to be overwritten when something goes wrong on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dynamodb/limits.h"
#include "dynamodb/requests.h"
#include "dynamodb/tables.h"
#include "support/dynamodb/fake_dynamodb.h"
#include "support/dynamodb/outcomes.h"
#include "support/dynamodb/tables_fixture.h"

namespace ddb {
namespace {

using testing::EverySetting;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kKeys;
using ::testing::Not;
using testing::Refusal;
using testing::Tables;
using testing::Unreachable;

Verdict Denied() { return Refusal(Reaction::kFailConfig, ErrorCode::kAccessDenied, "AccessDeniedException"); }

class Replacing : public Tables {
 protected:
  void PlanMany(int count) {
    for (int i = 0; i < count; ++i) {
      Plan("t" + std::to_string(i), TableMode::kRecreate);
      Existing("t" + std::to_string(i));
    }
  }
  int Drops() const {
    int drops = 0;
    for (const std::string& call : db_.calls) drops += call.starts_with("DeleteTable") ? 1 : 0;
    return drops;
  }
  // CreateTable is refused while its body holds `text`.
  void RefuseWith(std::string text, Verdict verdict) {
    db_.intercept = [this, text, verdict](std::string_view operation,
                                          std::string_view) -> std::optional<Verdict> {
      if (operation != "CreateTable" || db_.request.find(text) == std::string::npos) return std::nullopt;
      return verdict;
    };
  }
};

TEST_F(Replacing, NothingIsDroppedWhenAMissingTableCannotBeCreated) {
  Plan("missing", TableMode::kAppend);
  PlanMany(120);
  db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation == "CreateTable" && table == "missing") return Denied();
    return std::nullopt;
  };
  EXPECT_EQ(Fails().stream->name, "stream_missing");
  EXPECT_EQ(Drops(), 0);
}

TEST_F(Replacing, NoDropIsBegunAfterAFailure) {
  PlanMany(120);
  Refuse("DeleteTable", Denied(), 1);
  EXPECT_EQ(Fails().type, FailureType::kConfig);
  EXPECT_LE(Drops(), static_cast<int>(kMaxControlCalls));
  EXPECT_EQ(db_.tables.size(), 120u);
  for (const auto& [name, table] : db_.tables) EXPECT_FALSE(table.gone_at) << name;
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

// Two tables are to be dropped: that of the first ends with the parameter, the other's fails the run.
class DropWithoutAReply : public Replacing, public ::testing::WithParamInterface<Verdict> {
 protected:
  // `gone_after`: the drop was carried out; none: it was not.
  Error FailsBeside(const std::string& first, std::optional<Duration> gone_after) {
    Plan(first, TableMode::kRecreate);
    Plan("denied", TableMode::kRecreate);
    Existing(first, EverySetting());
    Existing("denied");
    db_.intercept = [this, first, gone_after](std::string_view operation,
                                              std::string_view table) -> std::optional<Verdict> {
      if (operation != "DeleteTable") return std::nullopt;
      if (table == "denied") return Denied();
      if (gone_after) db_.tables[first].gone_at = loop_.Now() + *gone_after;
      return GetParam();
    };
    Error error = Fails();
    db_.RemoveGone();
    return error;
  }
};

TEST_P(DropWithoutAReply, IsNotTriedAgainAfterAFailure) {
  EXPECT_EQ(FailsBeside("busy", std::nullopt).stream->name, "stream_denied");
  EXPECT_EQ(db_.Count("DeleteTable busy"), 1);
  EXPECT_EQ(db_.Count("CreateTable busy"), 0);
  ASSERT_TRUE(db_.tables.contains("busy"));
  EXPECT_FALSE(db_.tables["busy"].gone_at);
  EXPECT_LT(Seconds(), 10);
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_P(DropWithoutAReply, IsBroughtToItsEndAfterAFailure) {
  EXPECT_EQ(FailsBeside("lost", std::chrono::seconds(4)).stream->name, "stream_denied");
  EXPECT_EQ(db_.Count("CreateTable lost"), 1);
  ASSERT_TRUE(db_.tables.contains("lost"));
  EXPECT_FALSE(db_.tables["lost"].gone_at);
  EXPECT_EQ(db_.tables["lost"].create, CreateTableBody("lost", kKeys, EverySetting()));
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(EveryOpenOutcome, DropWithoutAReply, ::testing::ValuesIn(testing::OpenOutcomes()));

TEST_F(Replacing, ADropThatWasNeverSentIsNotLookedFor) {
  for (const Verdict& verdict : testing::NeverSent()) {
    SCOPED_TRACE(testing::NameOf(verdict));
    plans_.clear();
    db_.calls.clear();
    Plan("busy", TableMode::kRecreate);
    Plan("denied", TableMode::kRecreate);
    Existing("busy");
    Existing("denied");
    db_.intercept = [&](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
      if (operation != "DeleteTable") return std::nullopt;
      return table == "denied" ? Denied() : verdict;
    };
    EXPECT_EQ(Fails().stream->name, "stream_denied");
    EXPECT_EQ(db_.Count("DeleteTable busy"), 1);
    EXPECT_EQ(db_.Count("DescribeTable busy"), 1);
    EXPECT_LT(Seconds(), 1);
  }
}

TEST_F(Replacing, AStopLetsDroppedTablesComeBack) {
  PlanMany(120);
  options_.stop_requested = [this] { return Drops() > 0; };
  EXPECT_EQ(Fails().type, FailureType::kTransient);
  EXPECT_LE(Drops(), static_cast<int>(kMaxControlCalls));
  EXPECT_EQ(db_.tables.size(), 120u);
  for (const auto& [name, table] : db_.tables) EXPECT_FALSE(table.gone_at) << name;
  EXPECT_LE(Seconds(), 11);
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(Replacing, ATableThatAStopLeavesDroppedIsNamedWithItsSettings) {
  Plan("a", TableMode::kRecreate);
  Plan("b", TableMode::kRecreate);
  Existing("a", EverySetting()).ttl = "expires";
  Existing("b");
  db_.deleting = std::chrono::hours(1);
  options_.stop_requested = [this] { return db_.Count("DeleteTable a") > 0; };
  EXPECT_EQ(Fails().type, FailureType::kTransient);
  EXPECT_GE(Seconds(), 5);
  EXPECT_LE(Seconds(), 7);
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("Table a was dropped"));
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr(CreateTableBody("a", kKeys, EverySetting())));
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr(R"("AttributeName":"expires")"));
}

TEST_F(Replacing, AStopBeforeAnyDropDropsNothing) {
  PlanMany(3);
  options_.stop_requested = [this] { return db_.Count("ListTagsOfResource t2") > 0; };
  EXPECT_EQ(Fails().type, FailureType::kTransient);
  EXPECT_EQ(Drops(), 0);
}

TEST_F(Replacing, ATimeToLiveThatCannotBeSetAgainIsAWarning) {
  Plan("a", TableMode::kRecreate);
  Existing("a").ttl = "expires";
  Refuse("UpdateTimeToLive", Denied());
  EXPECT_TRUE(Prepare().ok());
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("expires"));
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("dynamodb:UpdateTimeToLive"));
}

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
  EXPECT_EQ(db_.tables["a"].ttl, "set");
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
  db_.intercept = [&](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation != "CreateTable" || db_.request == CreateTableBody("a", kKeys, plain)) return std::nullopt;
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

TEST_F(Replacing, AttributesThatNoKeyUsesAreNotSent) {
  Plan("a", TableMode::kRecreate);
  TableSettings settings = EverySetting();
  settings.attributes.push_back({"of_an_index_that_goes_away", 'S'});
  Existing("a", settings);
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.tables["a"].create, CreateTableBody("a", kKeys, EverySetting()));
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(Replacing, OnlyReauthenticationsInARowAreCounted) {
  Plan("a", TableMode::kAppend);
  int calls = 0;
  db_.intercept = [&](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation != "CreateTable" || ++calls > 20) return std::nullopt;
    if (calls % 3 == 0) return Unreachable(TransportError::kReset);
    return Refusal(Reaction::kReauthenticate, ErrorCode::kExpiredToken, "ExpiredTokenException");
  };
  EXPECT_TRUE(Prepare().ok());
}

}  // namespace
}  // namespace ddb
