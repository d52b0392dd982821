// Stand-ins that an earlier run has left beside a table that is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dynamodb/requests.h"
#include "dynamodb/stand_in.h"
#include "support/dynamodb/fake_dynamodb.h"
#include "support/dynamodb/stand_in_fixture.h"

namespace ddb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testkit::Denied;
using testkit::kKeys;
using testkit::kName;
using testkit::Refusal;

class StandInLeft : public testkit::StandInTest {
 protected:
  // A run that overwrites, killed when the call comes; then nothing of it is there but what it has made.
  void Kill(const std::string& call) {
    KilledAt(call);
    EXPECT_FALSE(Prepare().ok());
    db_.RemoveGone();
    if (db_.tables.contains(kName)) TagLikeTheTable();
    if (call.starts_with("UpdateTimeToLive") && db_.tables.contains("a")) {
      db_.tables.at("a").tags = db_.tables.at(kName).tags;  // those of its CreateTable
    }
    NextRun();
  }
  void Mode(TableMode mode) { plans_[0].mode = mode; }
  // As a sync whose streams have said nothing yet.
  Status Look() {
    Result<TableSurvey> survey = LookAtTables(loop_, db_, log_, plans_, options_);
    return survey.ok() ? Ok() : Status(std::move(survey).error());
  }
  // Both are there, the stand-in of the table's settings and with a time to live, which the table has not.
  void StandInWithTimeToLive(std::optional<double> table_created, std::optional<double> stand_in_created) {
    db_.tables["a"].ttl.clear();
    db_.tables["a"].created = table_created;
    testkit::FakeDynamoDb::Table& stand_in = db_.tables[kName];
    stand_in = db_.tables["a"];
    stand_in.create = CreateTableBody(kName, kKeys, settings_);
    stand_in.ttl = "expires";
    stand_in.created = stand_in_created;
  }
  void KeepStandIn() {
    db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
      if (operation == "DeleteTable" && table == kName) return Denied();
      return std::nullopt;
    };
  }
  std::string Warnings() const { return log_.All(LogLevel::kWarn); }
};

TEST_F(StandInLeft, TheTimeToLiveThatAKilledRunDidNotSetIsSet) {
  for (const TableMode mode : {TableMode::kAppend, TableMode::kRecreate}) {
    db_.tables.clear();
    Add();
    Mode(TableMode::kRecreate);
    Kill("UpdateTimeToLive a");
    ASSERT_TRUE(db_.tables.at("a").ttl.empty());
    Mode(mode);
    ASSERT_TRUE(Look().ok());
    EXPECT_EQ(db_.tables.at("a").ttl, "expires");
    EXPECT_FALSE(HasStandIn());
    EXPECT_EQ(db_.Count("DeleteTable a"), 0);
    EXPECT_THAT(Warnings(), HasSubstr("attribute expires is set again"));
    EXPECT_THAT(Warnings(), ::testing::Not(HasSubstr("differs")));
    NextRun();
    ASSERT_TRUE(Look().ok());
    EXPECT_THAT(Warnings(), IsEmpty());
  }
}

TEST_F(StandInLeft, ItIsSetBeforeTheTableIsReplacedAnew) {
  Kill("UpdateTimeToLive a");
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.tables.at("a").ttl, "expires");
  EXPECT_EQ(db_.Count("DeleteTable a"), 1);
  EXPECT_EQ(db_.Count("Probe " + kName), 1);  // the one that was left was still going away
  EXPECT_EQ(Created(), 1);
  EXPECT_FALSE(HasStandIn());
}

// A run that is killed right here has said what it was about to do.
TEST_F(StandInLeft, ItIsToldBeforeTheStandInGoes) {
  Kill("UpdateTimeToLive a");
  bool told = false;
  db_.intercept = [&](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation == "DeleteTable") told = Warnings().find("on attribute expires") != std::string::npos;
    return std::nullopt;
  };
  Mode(TableMode::kAppend);
  ASSERT_TRUE(Look().ok());
  EXPECT_TRUE(told);
}

TEST_F(StandInLeft, ATableThatWasNeverDroppedKeepsWhatItHas) {
  Kill("DeleteTable a");
  db_.tables.at("a").ttl.clear();  // switched off since
  db_.tables.at("a").created = 1;
  Mode(TableMode::kAppend);
  ASSERT_TRUE(Look().ok());
  EXPECT_TRUE(db_.tables.at("a").ttl.empty());
  EXPECT_FALSE(HasStandIn());
  EXPECT_THAT(Warnings(), IsEmpty());
}

TEST_F(StandInLeft, NorDoesOneThatIsReplacedAfterwardsGetMore) {
  Kill("DeleteTable a");
  db_.tables.at("a").ttl.clear();
  db_.tables.at("a").created = 1;
  ASSERT_TRUE(Prepare().ok());
  EXPECT_TRUE(db_.tables.at("a").ttl.empty());
  EXPECT_FALSE(HasStandIn());
  EXPECT_THAT(Warnings(), IsEmpty());
}

TEST_F(StandInLeft, WhereNoTimesAreToldItMayBeEither) {
  using Time = std::optional<double>;
  for (const auto& [table, stand_in] : {std::pair<Time, Time>{}, {5, {}}, {{}, 5}, {5, 5}, {6, 5}}) {
    Mode(TableMode::kAppend);
    db_.tables.clear();
    Add();
    StandInWithTimeToLive(table, stand_in);
    ASSERT_TRUE(Look().ok());
    EXPECT_EQ(db_.tables.at("a").ttl, "expires");
    EXPECT_THAT(Warnings(), HasSubstr("switched off since"));
    EXPECT_FALSE(HasStandIn());
    NextRun();
  }
}

// It has stood there for nobody knows how long. Expired items do not come back.
TEST_F(StandInLeft, OneThatMayNotBeDeletedBringsNoTimeToLiveBack) {
  for (const TableMode mode : {TableMode::kAppend, TableMode::kRecreate, TableMode::kRecreate}) {
    Mode(mode);
    StandInWithTimeToLive(6, 5);
    KeepStandIn();
    ASSERT_TRUE(Prepare().ok());
    EXPECT_TRUE(db_.tables.at("a").ttl.empty());
    EXPECT_THAT(Warnings(), HasSubstr("set the time to live if it is missing"));
    EXPECT_THAT(Warnings(), HasSubstr("Delete " + kName));
    EXPECT_TRUE(HasStandIn());
    NextRun();
    Add();
  }
}

TEST_F(StandInLeft, NorAfterAKill) {
  StandInWithTimeToLive(6, 5);
  KeepStandIn();
  const auto keep = db_.intercept;
  db_.intercept = [this, keep](std::string_view operation, std::string_view table) {
    if (db_.calls.back() == "CreateTable a") killed_ = true;
    return killed_ ? std::optional(testkit::Unreachable(TransportError::kReset)) : keep(operation, table);
  };
  bool first = true;
  options_.stop_requested = [this, first]() mutable { return killed_ && !std::exchange(first, false); };
  EXPECT_FALSE(Prepare().ok());
  db_.RemoveGone();
  ASSERT_FALSE(db_.tables.contains("a"));
  EXPECT_TRUE(db_.tables.at(kName).ttl.empty());
  NextRun();
  KeepStandIn();
  ASSERT_TRUE(Prepare().ok());
  EXPECT_TRUE(db_.tables.at("a").ttl.empty());
  EXPECT_THAT(Warnings(), HasSubstr("its settings come from table " + kName));
}

TEST_F(StandInLeft, OneWhoseTimeToLiveCannotBeChangedIsTold) {
  StandInWithTimeToLive(6, 5);
  db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation == "DeleteTable" && table == kName) return Denied();
    // The service takes one change an hour.
    if (operation == "UpdateTimeToLive" && table == kName) {
      return Refusal(Reaction::kRejectItem, ErrorCode::kValidation);
    }
    return std::nullopt;
  };
  ASSERT_TRUE(Prepare().ok());
  EXPECT_TRUE(db_.tables.at("a").ttl.empty());
  EXPECT_THAT(Warnings(), HasSubstr("keeps another time to live"));
}

TEST_F(StandInLeft, WhatElseDiffersIsTold) {
  StandInWithTimeToLive(6, 5);
  TableSettings other = settings_;
  other.capacity.write_units = 60;
  other.stream_view.clear();
  db_.tables.at("a").create = CreateTableBody("a", kKeys, other);
  db_.tables.at("a").tags = "[]";
  db_.tables.at("a").ttl = "other";
  Mode(TableMode::kAppend);
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(db_.tables.at("a").ttl, "other");
  for (const char* name : {"capacity", "stream", "tags", "time to live"}) {
    EXPECT_THAT(Warnings(), HasSubstr(name));
  }
  EXPECT_THAT(Warnings(), HasSubstr(R"(It was: {"CreateTable":)" + CreateTableBody("a", kKeys, settings_)));
  EXPECT_FALSE(HasStandIn());
}

// No sync ever fails for the lack of them, so they would be missed by nobody.
TEST_F(StandInLeft, OneThatAloneKeepsAKeyOrIndexesStays) {
  settings_.kms = true;
  settings_.kms_key_arn = "arn:k";
  for (const std::string lost : {"indexes", "encryption key", "encryption key and indexes"}) {
    SCOPED_TRACE(lost);
    db_.tables.clear();
    Add();
    StandInWithTimeToLive(6, 5);
    TableSettings other = settings_;
    if (lost.ends_with("indexes")) other.indexes.pop_back();
    if (lost.starts_with("encryption")) other.kms = false, other.kms_key_arn.clear();
    db_.tables.at("a").create = CreateTableBody("a", kKeys, other);
    Mode(TableMode::kAppend);
    ASSERT_TRUE(Look().ok());
    EXPECT_TRUE(HasStandIn());
    EXPECT_THAT(Warnings(),
                AllOf(HasSubstr("differs in its " + lost + " from"), HasSubstr("delete " + kName),
                      HasSubstr(R"(was: {"CreateTable":)" + CreateTableBody("a", kKeys, settings_))));
    // It goes as soon as the table has them again.
    NextRun();
    db_.tables.at("a").create = CreateTableBody("a", kKeys, settings_);
    ASSERT_TRUE(Look().ok());
    EXPECT_FALSE(HasStandIn());
    NextRun();
  }
}

// It alone has it, until the next sync.
TEST_F(StandInLeft, OneWhoseTableCouldNotBeGivenItsTimeToLiveStays) {
  db_.intercept = [this](std::string_view, std::string_view) -> std::optional<Verdict> {
    if (db_.calls.back() == "UpdateTimeToLive a") return Denied();
    return std::nullopt;
  };
  for (const bool restored : {false, true}) {
    SCOPED_TRACE(restored);
    if (restored) db_.tables.erase("a");
    ASSERT_TRUE(Prepare().ok());
    EXPECT_TRUE(db_.tables.at("a").ttl.empty());
    EXPECT_TRUE(HasStandIn());
    EXPECT_THAT(Warnings(), HasSubstr("Table " + kName + " stays"));
    EXPECT_THAT(Warnings(), Not(HasSubstr("left behind")));
    log_.lines.clear();
  }
  NextRun();
  Mode(TableMode::kAppend);
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(db_.tables.at("a").ttl, "expires");
  EXPECT_FALSE(HasStandIn());
}

// Where it has none either, it would stand there for nothing.
TEST_F(StandInLeft, OneThatHasNoTimeToLiveEitherGoes) {
  db_.intercept = [this](std::string_view, std::string_view) -> std::optional<Verdict> {
    if (db_.calls.back().starts_with("UpdateTimeToLive")) return Denied();
    return std::nullopt;
  };
  ASSERT_TRUE(Prepare().ok());
  EXPECT_THAT(Warnings(), HasSubstr("attribute expires is not set"));
  EXPECT_FALSE(HasStandIn());
}

TEST_F(StandInLeft, ATableThatIsBeingChangedIsLeftToTheNextRun) {
  StandInWithTimeToLive(6, 5);
  db_.tables.at("a").more = R"(,"TableStatus":"UPDATING")";
  Mode(TableMode::kAppend);
  ASSERT_TRUE(Look().ok());
  EXPECT_TRUE(HasStandIn());
  EXPECT_THAT(Warnings(), HasSubstr("left to the next sync"));
}

TEST_F(StandInLeft, OneWhoseTimeToLiveCannotBeSetIsTold) {
  StandInWithTimeToLive(6, 5);
  Refuse("UpdateTimeToLive", Denied());
  Mode(TableMode::kAppend);
  ASSERT_TRUE(Look().ok());
  EXPECT_THAT(Warnings(), HasSubstr("attribute expires is not set"));
}

// A run that may not see it does not know what it would have to restore.
TEST_F(StandInLeft, OneThatMayNotBeLookedAtIsTold) {
  db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation == "DescribeTable" && table != "a") return Denied();
    return std::nullopt;
  };
  Mode(TableMode::kAppend);
  ASSERT_TRUE(Look().ok());
  EXPECT_THAT(Warnings(), AllOf(HasSubstr("Table " + kName), HasSubstr("dynamodb:DescribeTable")));
  EXPECT_EQ(log_.lines.size(), 1u);
}

// Which is not ours, whatever it is called: it is not deleted, and keeps nothing.
TEST_F(StandInLeft, ATableOfOtherKeysIsNone) {
  TableKeys other = kKeys;
  other.range.reset();
  Existing(kName, {}, other);
  EXPECT_THAT(Fails().message, AllOf(HasSubstr("other keys"), HasSubstr("out of the way")));
  EXPECT_EQ(db_.Count("DeleteTable a"), 0);
  EXPECT_TRUE(HasStandIn());
}

// The look at it costs no round trip of its own.
TEST_F(StandInLeft, IsLookedForWhileTheTableIsLookedAt) {
  Mode(TableMode::kAppend);
  start_ = loop_.Now();
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(loop_.Now() - start_, db_.latency);
  EXPECT_EQ(db_.calls.size(), 2u);
  EXPECT_THAT(db_.calls[1], StartsWith("DescribeTable " + kName));
}

}  // namespace
}  // namespace ddb
