// What becomes of tables that are to be overwritten when something goes wrong on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

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

// The drop of one takes minutes, which nobody else waits for.
TEST_F(Replacing, EachTableIsToldOfAsSoonAsItIsReplaced) {
  PlanMany(3);
  Result<TableSurvey> survey = LookAtTables(loop_, db_, log_, plans_, options_);
  ASSERT_TRUE(survey.ok());
  db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    static int busy = 30;
    if (operation != "DeleteTable" || table != "t1" || busy-- <= 0) return std::nullopt;
    return Refusal(Reaction::kRetry, ErrorCode::kResourceInUse, "ResourceInUseException");
  };
  std::vector<std::pair<size_t, Instant>> told;
  ASSERT_TRUE(ReplaceTables(loop_, db_, log_, plans_, options_, *survey, [&](size_t i) {
                told.emplace_back(i, loop_.Now());
                EXPECT_TRUE(survey->tables[i].created);
              }).ok());
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[2].first, 1u);
  EXPECT_GT(told[2].second - told[1].second, std::chrono::seconds(20));
}

// Of thousands of tables it is not kept what each was found to be.
TEST_F(Replacing, OneThatTheSurveyDoesNotTellOfIsLookedAtAgain) {
  Plan("told", TableMode::kRecreate);
  Plan("other", TableMode::kRecreate);
  Existing("told", EverySetting());
  Existing("other", EverySetting());
  Result<TableSurvey> survey = LookAtTables(loop_, db_, log_, plans_, options_);
  ASSERT_TRUE(survey.ok());
  survey->tables[1] = {};
  ASSERT_TRUE(ReplaceTables(loop_, db_, log_, plans_, options_, *survey).ok());
  for (const char* name : {"told", "other"}) {
    EXPECT_EQ(db_.tables[name].create, CreateTableBody(name, kKeys, EverySetting()));
    EXPECT_EQ(db_.Count(std::string("DeleteTable ") + name), 1);
  }
  EXPECT_EQ(db_.Count("DescribeTimeToLive told"), 1);
  EXPECT_EQ(db_.Count("DescribeTimeToLive other"), 2);
}

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
  db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation == "DeleteTable" && table == "t0") return Denied();
    return std::nullopt;
  };
  EXPECT_EQ(Fails().type, FailureType::kConfig);
  // But for its own, which is tried again while it may pass.
  EXPECT_LT(Drops() - db_.Count("DeleteTable t0"), static_cast<int>(kMaxControlCalls));
  for (int i = 0; i < 120; ++i) EXPECT_FALSE(db_.tables.at("t" + std::to_string(i)).gone_at) << i;
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(Replacing, ADropThatIsDeniedForAMomentEndsNothing) {
  for (const int times : {1, 3}) {
    plans_.clear();
    db_.calls.clear();
    PlanMany(120);
    int left = times;
    std::optional<Instant> denied;
    db_.intercept = [&](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
      if (operation != "DeleteTable") return std::nullopt;
      if (table == "t0" && left-- > 0) {
        denied = loop_.Now();
        return Denied();
      }
      if (denied && left >= 0 && table != "t0") {
        EXPECT_LE(loop_.Now() - *denied, db_.latency) << table;
      }
      return std::nullopt;
    };
    ASSERT_TRUE(Prepare().ok());
    EXPECT_EQ(Drops(), 120 + times);
    EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
  }
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
      if (table != first) return std::nullopt;
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
  EXPECT_LT(Seconds(), 13);  // 6 of them for its stand-in
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

INSTANTIATE_TEST_SUITE_P(EveryOpenOutcome, DropWithoutAReply, ::testing::ValuesIn(testkit::OpenOutcomes()));

TEST_F(Replacing, ADropThatWasNeverSentIsNotLookedFor) {
  for (const Verdict& verdict : testkit::NeverSent()) {
    SCOPED_TRACE(testkit::NameOf(verdict));
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
    EXPECT_LT(Seconds(), 3);  // two of them for the denial
  }
}

TEST_F(Replacing, AStopLetsDroppedTablesComeBack) {
  PlanMany(120);
  for (int i = 0; i < 120; i += 2) Existing("t" + std::to_string(i), EverySetting());
  db_.creating = db_.deleting = std::chrono::seconds(1);
  StopAt("DeleteTable t7");
  EXPECT_EQ(Fails().type, FailureType::kTransient);
  for (int i = 0; i < 120; ++i) {
    const std::string name = "t" + std::to_string(i);
    ASSERT_TRUE(db_.tables.contains(name));
    EXPECT_FALSE(db_.tables[name].gone_at) << name;
    EXPECT_EQ(db_.Count("DeleteTable " + StandInName(name)), i % 2 == 0 ? 1 : 0) << name;
  }
  EXPECT_LE(Seconds(), 8);
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(Replacing, ATableThatAStopLeavesDroppedIsNamedWithItsSettings) {
  Plan("a", TableMode::kRecreate);
  Plan("b", TableMode::kRecreate);
  Existing("a", EverySetting()).ttl = "expires";
  Existing("b");
  db_.deleting = std::chrono::hours(1);
  StopAt("DeleteTable a");
  EXPECT_EQ(Fails().type, FailureType::kTransient);
  EXPECT_GE(Seconds(), 5);
  EXPECT_LE(Seconds(), 8);
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("Table a was dropped"));
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("from table " + StandInName("a")));
  EXPECT_EQ(db_.Count("DeleteTable " + StandInName("a")), 0);
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr(CreateTableBody("a", kKeys, EverySetting())));
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr(R"("AttributeName":"expires")"));
}

TEST_F(Replacing, AStopBeforeAnyDropDropsNothing) {
  PlanMany(3);
  options_.stop_requested = [this] { return db_.Count("ListTagsOfResource t2") > 0; };
  EXPECT_EQ(Fails().type, FailureType::kTransient);
  EXPECT_EQ(Drops(), 0);
}

TEST_F(Replacing, WithoutTheRightToSetItsTimeToLiveAgainATableStands) {
  Plan("a", TableMode::kRecreate);
  Existing("a", EverySetting()).ttl = "expires";
  Refuse("UpdateTimeToLive", Denied());
  const Error error = Fails();
  EXPECT_EQ(error.type, FailureType::kConfig);
  EXPECT_THAT(error.message, HasSubstr("dynamodb:UpdateTimeToLive"));
  EXPECT_THAT(error.message, HasSubstr("time to live on attribute expires"));
  EXPECT_EQ(Drops(), 0);
  EXPECT_EQ(db_.tables.size(), 1u);
  EXPECT_EQ(db_.tables["a"].ttl, "expires");
}

// Nothing is asked of a table that has none.
TEST_F(Replacing, NorIsThatRightNeededForATableWithoutOne) {
  Plan("a", TableMode::kRecreate);
  Existing("a", EverySetting());
  Refuse("UpdateTimeToLive", Denied());
  EXPECT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.Count("UpdateTimeToLive a"), 0);
}

TEST_F(Replacing, ATimeToLiveThatCannotBeSetAgainAllTheSameIsAWarning) {
  Plan("a", TableMode::kRecreate);
  Existing("a").ttl = "expires";
  db_.intercept = [this](std::string_view, std::string_view) -> std::optional<Verdict> {
    if (db_.calls.back() != "UpdateTimeToLive a") return std::nullopt;
    return Denied();
  };
  EXPECT_TRUE(Prepare().ok());
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("expires"));
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("dynamodb:UpdateTimeToLive"));
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

// A permission is not known everywhere at once.
TEST_F(Replacing, ADenialThatPassesCostsATableNothing) {
  Plan("a", TableMode::kRecreate);
  TableSettings tagged = EverySetting();
  tagged.tags = {{"team", "x"}};
  for (const std::string call : {"DescribeTable a", "DescribeTimeToLive a", "ListTagsOfResource a", "Probe a",
                                 "CreateTable a", "ProbeTimeToLive a", "UpdateTimeToLive a"}) {
    SCOPED_TRACE(call);
    auto& old = Existing("a", EverySetting());
    old.tags = R"([{"Key":"team","Value":"x"}])";
    old.ttl = "expires";
    db_.calls.clear();
    bool denied = false;
    db_.intercept = [&](std::string_view, std::string_view) -> std::optional<Verdict> {
      if (db_.calls.back() != call || std::exchange(denied, true)) return std::nullopt;
      return Denied();
    };
    ASSERT_TRUE(Prepare().ok());
    EXPECT_TRUE(denied);
    EXPECT_EQ(log_.All(LogLevel::kWarn), "");
    EXPECT_EQ(db_.tables["a"].create, CreateTableBody("a", kKeys, tagged));
    EXPECT_EQ(db_.tables["a"].ttl, "expires");
  }
}

}  // namespace
}  // namespace ddb
