#include "dynamodb/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dynamodb/limits.h"
#include "dynamodb/requests.h"
#include "dynamodb/stand_in.h"
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
using testkit::FakeDynamoDb;
using testkit::kKeys;
using testkit::Refusal;
using testkit::Tables;
using testkit::Unreachable;

TEST_F(Tables, NothingToDo) { EXPECT_TRUE(Prepare().ok()); }

TEST_F(Tables, AMissingTableIsCreatedAndWaitedFor) {
  Plan("a", TableMode::kAppend);
  auto result = Prepare();
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ((*result)[0].keys, kKeys);
  EXPECT_EQ((*result)[0].status, TableStatus::kActive);
  EXPECT_EQ((*result)[0].settings.capacity, (TableCapacity{false, 10, 10}));
  EXPECT_GE(loop_.Now(), db_.tables["a"].active_at);
  EXPECT_LT(Seconds(), 10);
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("10 read and 10 write units"));
}

TEST_F(Tables, AnExistingTableIsUsedAsItIs) {
  Plan("a", TableMode::kAppend);
  Existing("a");
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.calls, (std::vector<std::string>{"DescribeTable a", "DescribeTable " + StandInName("a")}));
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(Tables, ATableThatIsBeingUpdatedTakesData) {
  Plan("a", TableMode::kAppend);
  Existing("a").more = R"(,"TableStatus":"UPDATING")";
  EXPECT_TRUE(Prepare().ok());
}

TEST_F(Tables, ATableThatIsBeingDeletedIsWaitedFor) {
  Plan("a", TableMode::kAppend);
  Existing("a").gone_at = loop_.Now() + std::chrono::seconds(30);
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.Count("CreateTable a"), 1);
  EXPECT_GT(Seconds(), 30);
}

TEST_F(Tables, OtherKeysAreAConfigError) {
  for (const TableMode mode : {TableMode::kAppend, TableMode::kRecreate}) {
    for (const TableKeys& keys : {TableKeys{{"id", 'S'}, {}}, TableKeys{{"_airbyte_ab_id", 'S'}, {}},
                                  TableKeys{{"_airbyte_ab_id", 'S'}, KeyAttribute{"sync_time", 'S'}}}) {
      plans_.clear();
      Plan("a", mode);
      Existing("a", {}, keys);
      const Error error = Fails();
      EXPECT_EQ(error.type, FailureType::kConfig);
      EXPECT_THAT(error.message, HasSubstr(keys.Text()));
      EXPECT_THAT(error.message, HasSubstr(kKeys.Text()));
      ASSERT_TRUE(error.stream);
      EXPECT_EQ(error.stream->name, "stream_a");
      EXPECT_FALSE(Dropped());
    }
  }
}

TEST_F(Tables, ATableWhoseEncryptionKeyIsLostIsAConfigError) {
  Plan("a", TableMode::kAppend);
  Existing("a").more = R"(,"TableStatus":"INACCESSIBLE_ENCRYPTION_CREDENTIALS")";
  EXPECT_EQ(Fails().type, FailureType::kConfig);
}

TEST_F(Tables, RecreateCarriesTheSettingsOver) {
  Plan("a", TableMode::kRecreate);
  FakeDynamoDb::Table& old = Existing("a", EverySetting());
  old.ttl = "expires";
  old.recovery_days = 7;
  old.tags = R"([{"Key":"team","Value":"x"},{"Key":"aws:cloudformation:stack-name","Value":"s"}])";
  const std::string before = old.create;
  auto result = Prepare();
  ASSERT_TRUE(result.ok()) << result.error().message;
  TableSettings tagged = EverySetting();
  tagged.tags = {{"team", "x"}};
  EXPECT_EQ(db_.tables["a"].create, CreateTableBody("a", kKeys, tagged));
  EXPECT_EQ(db_.tables["a"].ttl, "expires");
  EXPECT_EQ(db_.tables["a"].recovery_days, 7);
  EXPECT_EQ(db_.Count("DeleteTable a"), 1);
  // The settings were logged before the drop, in one line.
  EXPECT_THAT(log_.All(LogLevel::kInfo),
              HasSubstr(R"({"CreateTable":)" + CreateTableBody("a", kKeys, tagged) +
                        R"(,"UpdateTimeToLive":{"TableName":"a")"));
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(Tables, RecreateOfAMissingTableCreatesIt) {
  Plan("a", TableMode::kRecreate);
  ASSERT_TRUE(Prepare().ok());
  EXPECT_FALSE(Dropped());
  EXPECT_EQ(db_.Count("CreateTable a"), 1);
}

TEST_F(Tables, ProtectedAndReplicatedTablesAreNeverDropped) {
  for (const std::string more :
       {R"(,"DeletionProtectionEnabled":true)", R"(,"Replicas":[{"RegionName":"eu-west-2"}])",
        R"(,"GlobalTableVersion":"2017.11.29")", R"(,"VectorIndexes":[{"IndexName":"v"}])"}) {
    plans_.clear();
    Plan("a", TableMode::kRecreate);
    Existing("a").more = more;
    const Error error = Fails();
    EXPECT_EQ(error.type, FailureType::kConfig);
    EXPECT_FALSE(Dropped());
    plans_[0].mode = TableMode::kAppend;
    EXPECT_TRUE(Prepare().ok());
  }
}

TEST_F(Tables, NothingIsDroppedOrCreatedBeforeTheWholeCatalogHasPassed) {
  Plan("good", TableMode::kRecreate);
  Plan("missing", TableMode::kAppend);
  Plan("late", TableMode::kAppend);
  Existing("good");
  Existing("late", {}, {{"id", 'S'}, {}}).active_at = loop_.Now() + std::chrono::seconds(60);
  EXPECT_EQ(Fails().stream->name, "stream_late");
  EXPECT_FALSE(Dropped());
  EXPECT_EQ(db_.Count("CreateTable missing"), 0);
}

TEST_F(Tables, WhatTheEndpointDoesNotSupportIsSkippedWithOneWarning) {
  for (const std::string table : {"a", "b"}) {
    Plan(table, TableMode::kRecreate);
    Existing(table);
  }
  db_.intercept = [](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation == "DescribeTimeToLive") {
      return Refusal(Reaction::kFailSystem, ErrorCode::kUnknownOperation, "UnknownOperationException");
    }
    if (operation == "ListTagsOfResource") {
      return Refusal(Reaction::kFailConfig, ErrorCode::kAccessDenied, "AccessDeniedException");
    }
    return std::nullopt;
  };
  ASSERT_TRUE(Prepare().ok());
  const std::string warnings = log_.All(LogLevel::kWarn);
  EXPECT_THAT(warnings, HasSubstr("does not support DescribeTimeToLive"));
  EXPECT_THAT(warnings, HasSubstr("dynamodb:ListTagsOfResource is missing"));
  EXPECT_EQ(std::count(warnings.begin(), warnings.end(), '\n'), 2);
}

TEST_F(Tables, NothingIsDroppedWhoseSettingsCannotBeRead) {
  const Verdict failures[] = {
      Refusal(Reaction::kRejectItem, ErrorCode::kValidation),
      Refusal(Reaction::kReauthenticate, ErrorCode::kExpiredToken, "ExpiredTokenException"),
      Refusal(Reaction::kFailConfig, ErrorCode::kUnrecognizedClient, "UnrecognizedClientException"),
      Refusal(Reaction::kFailConfig, ErrorCode::kInvalidSignature, "InvalidSignatureException"),
      Refusal(Reaction::kFailConfig, ErrorCode::kResourceNotFound, "ResourceNotFoundException"),
      Refusal(Reaction::kFailConfig, ErrorCode::kKmsUnavailable, "KMSAccessDeniedException"),
      Refusal(Reaction::kFailSystem, ErrorCode::kOther, "SomethingNew"),
      Refusal(Reaction::kThrottle, ErrorCode::kThrottled, "ThrottlingException"),
      Refusal(Reaction::kRetry, ErrorCode::kServerError, "InternalServerError"),
      Unreachable(TransportError::kTimeout),
  };
  for (const std::string operation :
       {"DescribeTimeToLive", "ListTagsOfResource", "DescribeContinuousBackups"}) {
    for (const Verdict& failure : failures) {
      SCOPED_TRACE(operation + ": " + testkit::NameOf(failure));
      plans_.clear();
      Plan("a", TableMode::kRecreate);
      Existing("a", EverySetting());
      Refuse(operation, failure);
      const Error error = Fails();
      ASSERT_TRUE(error.stream);
      EXPECT_EQ(error.stream->name, "stream_a");
      EXPECT_FALSE(Dropped());
    }
  }
}

TEST_F(Tables, NothingIsDroppedWhoseSettingsAreNotUnderstood) {
  const std::pair<std::string, std::string> cases[] = {
      {"DescribeTimeToLive", "{}"},
      {"DescribeTimeToLive", R"({"TimeToLiveDescription":[]})"},
      {"DescribeTimeToLive", R"({"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED"}})"},
      {"DescribeContinuousBackups", "{}"},
      {"DescribeContinuousBackups", R"({"ContinuousBackupsDescription":"ENABLED"})"},
      {"ListTagsOfResource", R"({"Tags":{"team":"x"}})"},
      {"ListTagsOfResource", R"({"Tags":[{"Value":"x"}]})"},
  };
  Plan("a", TableMode::kRecreate);
  Existing("a", EverySetting());
  for (const auto& [operation, body] : cases) {
    SCOPED_TRACE(operation + ": " + body);
    db_.calls.clear();
    db_.body_of = {{operation, body}};
    EXPECT_THAT(Fails().message, HasSubstr("reply to " + operation));
    EXPECT_FALSE(Dropped());
  }
}

TEST_F(Tables, EveryPageOfTheTagsIsCarriedOver) {
  Plan("a", TableMode::kRecreate);
  FakeDynamoDb::Table& old = Existing("a", EverySetting());
  old.tags = R"([{"Key":"first","Value":"1"}])";
  old.more_tags = {"[]", R"([{"Key":"third","Value":"3"}])", R"([{"Key":"fourth","Value":"4"}])"};
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.Count("ListTagsOfResource a"), 4);
  TableSettings tagged = EverySetting();
  tagged.tags = {{"first", "1"}, {"third", "3"}, {"fourth", "4"}};
  EXPECT_EQ(db_.tables["a"].create, CreateTableBody("a", kKeys, tagged));
}

TEST_F(Tables, TagsThatMayNotBeSetDoNotPreventTheTable) {
  Plan("a", TableMode::kRecreate);
  Existing("a").tags = R"([{"Key":"team","Value":"x"}])";
  db_.intercept = [this](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation != "CreateTable" || db_.request.find("\"Tags\"") == std::string::npos) return std::nullopt;
    return Denied();
  };
  ASSERT_TRUE(Prepare().ok());
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("dynamodb:TagResource is missing"));
}

TEST_F(Tables, SettingsThatTheEndpointDropsAreNamed) {
  Plan("a", TableMode::kRecreate);
  Existing("a").more = R"(,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"})";
  // The new table has no `more`, but the stream is in its CreateTable: take that away too.
  db_.intercept = [this](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation == "DescribeTable" && db_.Count("CreateTable a") > 0 && db_.tables.contains("a")) {
      TableSettings plain;
      plain.capacity = {false, 10, 10};
      db_.tables["a"].create = CreateTableBody("a", kKeys, plain);
    }
    return std::nullopt;
  };
  db_.creating = std::chrono::seconds(1);
  ASSERT_TRUE(Prepare().ok());
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("did not carry over: stream."));
}

TEST_F(Tables, ManyTablesAtOnceWithABoundOnCalls) {
  for (int i = 0; i < 300; ++i) Plan("t" + std::to_string(i), TableMode::kAppend);
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.tables.size(), 300u);
  EXPECT_EQ(db_.most_in_flight, kMaxControlCalls);
  EXPECT_LT(Seconds(), 15);  // not one after another
}

TEST_F(Tables, LimitsAndBusyTablesAreWaitedOut) {
  Plan("a", TableMode::kRecreate);
  Existing("a");
  Refuse("CreateTable", Refusal(Reaction::kRetry, ErrorCode::kLimitExceeded, "LimitExceededException"), 8);
  EXPECT_TRUE(Prepare().ok());
  db_.calls.clear();
  Refuse("DeleteTable", Refusal(Reaction::kRetry, ErrorCode::kResourceInUse, "ResourceInUseException"), 3);
  EXPECT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.Count("DeleteTable a"), 4);
}

TEST_F(Tables, ALostReplyToCreateOrDeleteIsNoHarm) {
  Plan("a", TableMode::kRecreate);
  db_.done_all_the_same = true;
  for (const Verdict& outcome : testkit::OpenOutcomes()) {
    SCOPED_TRACE(testkit::NameOf(outcome));
    db_.tables.clear();
    Existing("a", EverySetting());
    int create = 1;
    int remove = 1;
    db_.intercept = [&](std::string_view operation, std::string_view) -> std::optional<Verdict> {
      if (operation == "CreateTable" && create-- > 0) return outcome;
      if (operation == "DeleteTable" && remove-- > 0) return outcome;
      return std::nullopt;
    };
    ASSERT_TRUE(Prepare().ok());
    EXPECT_LE(create, 0);
    EXPECT_LE(remove, 0);
    db_.RemoveGone();
    ASSERT_TRUE(db_.tables.contains("a"));
    EXPECT_FALSE(db_.tables["a"].gone_at);
    EXPECT_EQ(db_.tables["a"].create, CreateTableBody("a", kKeys, EverySetting()));
  }
}

TEST_F(Tables, ACreatedTableMayBeUnknownForAWhile) {
  Plan("a", TableMode::kAppend);
  Instant until = loop_.Now() + std::chrono::seconds(10);
  db_.intercept = [&](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation != "DescribeTable" || loop_.Now() > until) return std::nullopt;
    return Refusal(Reaction::kFailConfig, ErrorCode::kResourceNotFound, "ResourceNotFoundException");
  };
  ASSERT_TRUE(Prepare().ok());
  EXPECT_EQ(db_.Count("CreateTable a"), 1);
  EXPECT_EQ(db_.Count("Probe a"), 0);  // a CreateTable of what is there
}

TEST_F(Tables, AnEndpointThatNeverAnswersIsAConfigErrorAfterHalfAMinute) {
  Plan("a", TableMode::kAppend);
  Refuse("DescribeTable", Unreachable(TransportError::kRefused));
  const Error error = Fails();
  EXPECT_EQ(error.type, FailureType::kConfig);
  EXPECT_THAT(error.message, HasSubstr("refused"));
  EXPECT_GE(Seconds(), 30);
  EXPECT_LT(Seconds(), 31);
}

TEST_F(Tables, AnEndpointThatHasAnsweredIsGivenTenMinutes) {
  Plan("a", TableMode::kAppend);
  Refuse("CreateTable", Unreachable(TransportError::kTimeout));
  const Error error = Fails();
  EXPECT_EQ(error.type, FailureType::kTransient);
  EXPECT_GE(Seconds(), 600);
  EXPECT_LT(Seconds(), 625);
}

TEST_F(Tables, ATableThatNeverBecomesActiveIsGivenTenMinutes) {
  Plan("a", TableMode::kAppend);
  db_.creating = std::chrono::hours(5);
  EXPECT_EQ(Fails().type, FailureType::kTransient);
  EXPECT_GE(Seconds(), 600);
  EXPECT_LT(Seconds(), 610);
}

TEST_F(Tables, AFailureDoesNotLeaveAnotherTableDropped) {
  Plan("a", TableMode::kRecreate);
  Plan("b", TableMode::kRecreate);
  Existing("a");
  Existing("b");
  db_.intercept = [](std::string_view operation, std::string_view table) -> std::optional<Verdict> {
    if (operation != "DeleteTable" || table != "a") return std::nullopt;
    return Refusal(Reaction::kFailConfig, ErrorCode::kAccessDenied, "AccessDeniedException");
  };
  const Error error = Fails();
  EXPECT_EQ(error.stream->name, "stream_a");
  EXPECT_THAT(error.message, HasSubstr("dynamodb:DeleteTable on table a"));
  EXPECT_EQ(db_.Count("CreateTable b"), 1);
  EXPECT_GE(loop_.Now(), db_.tables["b"].active_at);
}

TEST_F(Tables, AStopIsObeyedAtOnce) {
  Plan("a", TableMode::kAppend);
  db_.creating = std::chrono::hours(5);
  options_.stop_requested = [this] { return Seconds() > 3; };
  const Error error = Fails();
  EXPECT_EQ(error.type, FailureType::kTransient);
  EXPECT_LT(Seconds(), 3.5);
}

TEST_F(Tables, WrongCredentialsFailAtOnce) {
  for (const ErrorCode code : {ErrorCode::kUnrecognizedClient, ErrorCode::kInvalidSignature}) {
    plans_.clear();
    Plan("a", TableMode::kAppend);
    Refuse("DescribeTable", Refusal(Reaction::kFailConfig, code, "X"));
    const Error error = Fails();
    EXPECT_EQ(error.type, FailureType::kConfig);
    EXPECT_THAT(error.message,
                HasSubstr(code == ErrorCode::kUnrecognizedClient ? "access_key_id" : "secret_access_key"));
    EXPECT_LT(Seconds(), 1);
  }
}

TEST_F(Tables, CredentialsThatNoSignatureMendsFailSoon) {
  Plan("a", TableMode::kAppend);
  Refuse("DescribeTable",
         Refusal(Reaction::kReauthenticate, ErrorCode::kClockSkew, "InvalidSignatureException"));
  const Error error = Fails();
  EXPECT_EQ(error.type, FailureType::kConfig);
  EXPECT_THAT(error.message, HasSubstr("clock"));
  EXPECT_EQ(db_.Count("DescribeTable a"), 3);
}

}  // namespace
}  // namespace ddb
