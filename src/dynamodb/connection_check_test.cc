#include "dynamodb/connection_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dynamodb/requests.h"
#include "support/dynamodb/fake_dynamodb.h"
#include "support/dynamodb/outcomes.h"

namespace ddb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testkit::CollectingLog;
using testkit::Denied;
using testkit::FakeDynamoDb;
using testkit::FakeLoop;
using testkit::Refusal;
using testkit::Unreachable;

class ConnectionChecks : public ::testing::Test {
 protected:
  ConnectionChecks() {
    options_.endpoint = {"https://dynamodb.eu-west-1.amazonaws.com", "eu-west-1", false};
    options_.table = "p_check";
    options_.keys = {{"id", 'S'}, KeyAttribute{"t", 'N'}};
    options_.settings.capacity = {false, 10, 10};
    options_.item = R"({"id":{"S":"x"},"t":{"N":"1"}})";
    options_.control.random = [] { return 0.5; };
    db_.creating = std::chrono::seconds(3);
  }
  ConnectionCheckResult Check() {
    start_ = loop_.Now();
    return CheckConnection(loop_, db_, log_, options_);
  }
  std::string Message() {
    const ConnectionCheckResult result = Check();
    EXPECT_TRUE(result.error);
    return result.error ? result.error->message : "";
  }
  void Refuse(std::string_view operation, Verdict verdict, int times = 1 << 30) {
    db_.intercept = [operation, verdict, times](std::string_view seen,
                                                std::string_view) mutable -> std::optional<Verdict> {
      if (seen != operation || times-- <= 0) return std::nullopt;
      return verdict;
    };
  }
  double Seconds() const { return std::chrono::duration<double>(loop_.Now() - start_).count(); }
  bool TableLeft() const { return db_.tables.contains("p_check") && !db_.tables.at("p_check").gone_at; }

  FakeLoop loop_;
  FakeDynamoDb db_{loop_};
  CollectingLog log_;
  ConnectionCheckOptions options_;
  Instant start_{};
};

TEST_F(ConnectionChecks, CreatesWritesAndDeletes) {
  std::string written;
  db_.on_batch = [&written](std::string_view body) {
    written = body;
    return R"({"UnprocessedItems":{}})";
  };
  const ConnectionCheckResult result = Check();
  EXPECT_FALSE(result.error);
  EXPECT_FALSE(result.stopped);
  EXPECT_EQ(written, R"({"RequestItems":{"p_check":[{"PutRequest":{"Item":)" + options_.item +
                         R"(}}]},"ReturnConsumedCapacity":"TOTAL"})");
  EXPECT_EQ(db_.calls.front(), "CreateTable p_check");
  EXPECT_EQ(db_.calls.back(), "DeleteTable p_check");
  EXPECT_LT(Seconds(), 5);
}

TEST_F(ConnectionChecks, AnUnprocessedItemIsSentAgain) {
  int times = 3;
  db_.on_batch = [&](std::string_view) -> std::string {
    if (times-- <= 0) return R"({"UnprocessedItems":{}})";
    return R"({"UnprocessedItems":{"p_check":[{"PutRequest":{"Item":)" + options_.item +
           R"(}}]},"ReturnConsumedCapacity":"TOTAL"})";
  };
  EXPECT_FALSE(Check().error);
}

TEST_F(ConnectionChecks, AnActiveTableMayStillBeUnknownToWrites) {
  Refuse("BatchWriteItem",
         Refusal(Reaction::kFailConfig, ErrorCode::kResourceNotFound, "ResourceNotFoundException"), 4);
  EXPECT_FALSE(Check().error);
}

TEST_F(ConnectionChecks, AMissingPermissionIsNamedAndTheTableDeleted) {
  for (const std::string operation : {"CreateTable", "DescribeTable", "BatchWriteItem", "DeleteTable"}) {
    db_.tables.clear();
    Refuse(operation, Denied());
    EXPECT_THAT(Message(), HasSubstr("dynamodb:" + operation + " on table p_check"));
    EXPECT_EQ(TableLeft(), operation == "DeleteTable");
    EXPECT_LT(Seconds(), 8);
  }
}

TEST_F(ConnectionChecks, ATableThatCannotBeDeletedIsNamed) {
  Refuse("DeleteTable", Denied());
  EXPECT_THAT(Message(), HasSubstr("Table p_check is left behind"));
}

TEST_F(ConnectionChecks, OneThatMayNotBeLookedAtNorDeletedIsNamedByEveryCheck) {
  Refuse("DeleteTable", Denied());
  db_.intercept = [](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation == "DescribeTable" || operation == "DeleteTable") return Denied();
    return std::nullopt;
  };
  EXPECT_THAT(Message(), HasSubstr("Table p_check is left behind"));
  const std::string again = Message();
  EXPECT_THAT(again, HasSubstr("dynamodb:DescribeTable on table p_check"));
  EXPECT_THAT(again, HasSubstr("Table p_check is there from an earlier check"));
  EXPECT_EQ(db_.tables.size(), 1u);
}

TEST_F(ConnectionChecks, ASuccessThatIsNotDynamoDbsIsNamedByItsEndpoint) {
  db_.body_of = {{"CreateTable", R"({"x":1})"}};
  const std::string message = Message();
  EXPECT_THAT(message, HasSubstr("https://dynamodb.eu-west-1.amazonaws.com"));
  EXPECT_THAT(message, HasSubstr("HTTP status 200"));
  EXPECT_FALSE(TableLeft());
}

TEST_F(ConnectionChecks, ATableOfThatNameWithOtherKeysIsNotOurs) {
  db_.tables["p_check"].create = CreateTableBody("p_check", {{"other", 'S'}, {}}, {});
  EXPECT_THAT(Message(), HasSubstr("HASH other (S)"));
  EXPECT_TRUE(TableLeft());
  db_.tables["p_check"].create = R"({"TableName":"p_check"})";
  EXPECT_THAT(Message(), HasSubstr("not understood"));
  EXPECT_TRUE(TableLeft());
}

TEST_F(ConnectionChecks, ATableThatAnEarlierCheckLeftIsUsedAgain) {
  Refuse("DeleteTable", Denied());
  for (int i = 0; i < 3; ++i) {
    const std::string message = Message();
    EXPECT_THAT(message, HasSubstr("dynamodb:DeleteTable on table p_check"));
    EXPECT_THAT(message, HasSubstr("append works; overwrite does not"));
    EXPECT_THAT(message, HasSubstr("the next check uses it again"));
    EXPECT_EQ(db_.tables.size(), 1u);
  }
  db_.intercept = {};
  EXPECT_FALSE(Check().error);
  EXPECT_FALSE(TableLeft());
}

TEST_F(ConnectionChecks, ATableThatIsStillGoingAwayIsWaitedFor) {
  EXPECT_FALSE(Check().error);
  EXPECT_FALSE(Check().error);
  EXPECT_EQ(db_.Count("DeleteTable p_check"), 2);
  EXPECT_LT(Seconds(), 10);
}

TEST_F(ConnectionChecks, ATableThatAnotherCheckDeletesUnderUsIsMadeAgain) {
  int times = 2;
  db_.intercept = [&](std::string_view operation, std::string_view) -> std::optional<Verdict> {
    if (operation != "BatchWriteItem") return std::nullopt;
    if (times-- > 0) db_.tables.erase("p_check");
    if (db_.tables.contains("p_check")) return std::nullopt;
    return Refusal(Reaction::kFailConfig, ErrorCode::kResourceNotFound, "ResourceNotFoundException");
  };
  EXPECT_FALSE(Check().error);
  EXPECT_EQ(db_.Count("CreateTable p_check"), 2);
}

TEST_F(ConnectionChecks, WithoutTheRightToCreateAppendIsSaidToWork) {
  Refuse("CreateTable", Denied());
  const std::string message = Message();
  EXPECT_THAT(message, HasSubstr("dynamodb:CreateTable on table p_check"));
  EXPECT_THAT(message, HasSubstr("append to tables that exist works"));
  EXPECT_EQ(message.find("left behind"), std::string::npos);
  for (const std::string other : {"BatchWriteItem", "DescribeTable"}) {
    db_.intercept = [&](std::string_view operation, std::string_view) -> std::optional<Verdict> {
      if (operation == "CreateTable" || operation == other) return Denied();
      return std::nullopt;
    };
    const std::string both = Message();
    EXPECT_THAT(both, HasSubstr("dynamodb:" + other + " is not allowed either"));
    EXPECT_EQ(both.find("append"), std::string::npos);
  }
}

TEST_F(ConnectionChecks, NoTableIsSpokenOfThatCannotBeThere) {
  const Verdict refusals[] = {
      Denied(),
      Refusal(Reaction::kFailConfig, ErrorCode::kTableLimit, "LimitExceededException"),
      Refusal(Reaction::kFailConfig, ErrorCode::kUnrecognizedClient, "UnrecognizedClientException"),
      Refusal(Reaction::kRejectItem, ErrorCode::kValidation),
  };
  for (const Verdict& refusal : refusals) {
    int calls = 0;  // the first reply is lost: had it made the table, the second would say that it is there
    db_.intercept = [&](std::string_view operation, std::string_view) -> std::optional<Verdict> {
      if (operation != "CreateTable") return std::nullopt;
      return ++calls == 1 ? Unreachable(TransportError::kReset) : refusal;
    };
    EXPECT_EQ(Message().find("left behind"), std::string::npos);
    EXPECT_EQ(db_.Count("DeleteTable p_check"), 0);
  }
  db_.intercept = [](std::string_view, std::string_view) {
    return std::optional(Unreachable(TransportError::kReset));
  };
  EXPECT_EQ(Message().find("left behind"), std::string::npos);
  EXPECT_LT(Seconds(), 20);
  db_.intercept = {};
  db_.latency = std::chrono::hours(1);
  EXPECT_EQ(Message().find("left behind"), std::string::npos);
}

TEST_F(ConnectionChecks, ATableWhoseCreationWentUnansweredIsDeleted) {
  db_.done_all_the_same = true;
  for (const Verdict& outcome : testkit::OpenOutcomes()) {
    SCOPED_TRACE(testkit::NameOf(outcome));
    for (const int times : {1, 1 << 30}) {
      db_.tables.clear();
      db_.calls.clear();
      Refuse("CreateTable", outcome, times);
      EXPECT_EQ(Check().error.has_value(), times > 1);
      EXPECT_EQ(db_.Count("DeleteTable p_check"), 1);
      EXPECT_TRUE(db_.tables.contains("p_check"));  // it was created
      EXPECT_FALSE(TableLeft());
    }
  }
  Refuse("CreateTable", Unreachable(TransportError::kReset));
  EXPECT_THAT(Message(), HasSubstr("No reply"));
}

TEST_F(ConnectionChecks, ATableWhoseCreationWasNeverSentIsNotDeleted) {
  for (const Verdict& outcome : testkit::NeverSent()) {
    SCOPED_TRACE(testkit::NameOf(outcome));
    db_.calls.clear();
    Refuse("CreateTable", outcome);
    EXPECT_TRUE(Check().error);
    EXPECT_GE(db_.Count("CreateTable p_check"), 1);
    EXPECT_EQ(db_.Count("DeleteTable p_check"), 0);
  }
}

TEST_F(ConnectionChecks, UnreachableEndpointsFailSoonAndByName) {
  const std::pair<TransportError, std::string> cases[] = {
      {TransportError::kResolve, "Region eu-west-1 has no DynamoDB endpoint"},
      {TransportError::kRefused, "refused"},
      {TransportError::kConnectTimeout, "No TLS connection"},
      {TransportError::kTlsUntrusted, "not trusted"},
      {TransportError::kTlsExpired, "expired"},
      {TransportError::kTlsWrongName, "another host name"},
      {TransportError::kTlsTooOld, "no version of TLS from 1.2 on"},
      {TransportError::kTlsClient, "asks for a client's certificate"},
      {TransportError::kTlsOther, "TLS"},
      {TransportError::kMalformed, "HTTP"},
  };
  for (const auto& [error, text] : cases) {
    Refuse("CreateTable", Unreachable(error));
    EXPECT_THAT(Message(), HasSubstr(text));
    EXPECT_LT(Seconds(), 25);
  }
}

TEST_F(ConnectionChecks, ServiceErrorsAreToldApart) {
  const std::pair<ErrorCode, std::string> cases[] = {
      {ErrorCode::kUnrecognizedClient, "access_key_id"},
      {ErrorCode::kInvalidSignature, "secret_access_key"},
      {ErrorCode::kWrongRegion, "dynamodb_region"},
      {ErrorCode::kTableLimit, "limit of tables"},
      {ErrorCode::kUnknownOperation, "does not answer CreateTable as DynamoDB does"},
  };
  for (const auto& [code, text] : cases) {
    Refuse("CreateTable", Refusal(Reaction::kFailConfig, code, "X"));
    EXPECT_THAT(Message(), HasSubstr(text));
    EXPECT_LT(Seconds(), 1);
  }
}

TEST_F(ConnectionChecks, EndsWithin45SecondsWhateverHappens) {
  db_.creating = std::chrono::hours(1);  // it cannot be deleted either
  EXPECT_THAT(Message(), HasSubstr("left behind"));
  EXPECT_LT(Seconds(), 45);

  db_.creating = std::chrono::seconds(1);
  const Verdict failures[] = {Unreachable(TransportError::kReset),
                              Unreachable(TransportError::kTimeout),
                              Refusal(Reaction::kThrottle, ErrorCode::kThrottled, "ThrottlingException"),
                              Refusal(Reaction::kRetry, ErrorCode::kLimitExceeded, "LimitExceededException"),
                              Refusal(Reaction::kRetry, ErrorCode::kServerError, "InternalServerError"),
                              Refusal(Reaction::kFailConfig, ErrorCode::kResourceNotFound, "X")};
  for (const std::string operation : {"CreateTable", "DescribeTable", "BatchWriteItem", "DeleteTable"}) {
    for (const Verdict& failure : failures) {
      SCOPED_TRACE(operation + ": " + testkit::NameOf(failure));
      db_.tables.clear();
      Refuse(operation, failure);
      (void)Check();
      EXPECT_LT(Seconds(), 45);
    }
  }
  db_.tables.clear();
  db_.on_batch = [](std::string_view) { return "{}"; };
  db_.intercept = {};
  EXPECT_TRUE(Check().error);
  EXPECT_LT(Seconds(), 20);
  for (const Duration latency :
       {std::chrono::seconds(9), std::chrono::seconds(14), std::chrono::seconds(3600)}) {
    db_.tables.clear();
    db_.latency = latency;
    EXPECT_TRUE(Check().error);
    EXPECT_LT(Seconds(), 45);
  }
}

TEST_F(ConnectionChecks, EndsWithin20SecondsWhenNothingAnswers) {
  // As the client does it: a request that nothing answers ends after 10 s.
  db_.latency = std::chrono::seconds(10);
  db_.intercept = [](std::string_view, std::string_view) {
    return std::optional(Unreachable(TransportError::kTimeout));
  };
  EXPECT_THAT(Message(), HasSubstr("No reply"));
  EXPECT_LT(Seconds(), 20);
}

TEST_F(ConnectionChecks, AStopCleansUpFirst) {
  db_.creating = std::chrono::seconds(5);
  options_.stop_requested = [this] { return Seconds() > 2; };
  const ConnectionCheckResult result = Check();
  EXPECT_TRUE(result.stopped);
  EXPECT_TRUE(db_.tables.contains("p_check"));  // it was created
  EXPECT_FALSE(TableLeft());
  EXPECT_LT(Seconds(), 2 + 8);
  for (const std::string& call : db_.calls) EXPECT_FALSE(call.starts_with("BatchWriteItem"));
}

TEST_F(ConnectionChecks, ATableThatIsCreatedAfterTheStopIsDeleted) {
  db_.latency_of["CreateTable"] = std::chrono::seconds(4);
  options_.stop_requested = [this] { return Seconds() > 1; };
  const ConnectionCheckResult result = Check();
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(db_.tables.count("p_check"), 1u);  // it came
  EXPECT_FALSE(TableLeft());
  EXPECT_THAT(log_.All(LogLevel::kWarn), IsEmpty());
}

TEST_F(ConnectionChecks, ATableThatIsCreatedAfterATimeOutIsDeleted) {
  options_.work = std::chrono::seconds(10);
  db_.latency_of["CreateTable"] = std::chrono::seconds(17);
  EXPECT_THAT(Message(), HasSubstr("No reply"));
  EXPECT_EQ(db_.tables.count("p_check"), 1u);
  EXPECT_FALSE(TableLeft());
}

TEST_F(ConnectionChecks, AStopEndsSoonAtASilentEndpointAndTellsOfTheTable) {
  db_.latency = std::chrono::hours(1);
  options_.stop_requested = [this] { return Seconds() > 1; };
  EXPECT_TRUE(Check().stopped);
  EXPECT_LT(Seconds(), 10);
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("Table p_check may be left behind"));
}

TEST_F(ConnectionChecks, ATableThatNeverCameMayStillCome) {
  db_.latency_of["CreateTable"] = std::chrono::hours(1);
  options_.stop_requested = [this] { return Seconds() > 1; };
  EXPECT_TRUE(Check().stopped);
  EXPECT_LT(Seconds(), 13);
  EXPECT_THAT(log_.All(LogLevel::kWarn), HasSubstr("Table p_check may be left behind"));
}

TEST_F(ConnectionChecks, TheDeadLetterTableNeedsTheRightKeys) {
  options_.dead_letter_table = "letters";
  EXPECT_FALSE(Check().error);  // write creates it
  EXPECT_EQ(db_.Count("CreateTable letters"), 0);

  db_.tables.clear();
  TableSettings settings;
  settings.capacity.on_demand = true;
  db_.tables["letters"].create = CreateTableBody("letters", options_.keys, settings);
  EXPECT_FALSE(Check().error);

  db_.tables.clear();
  db_.tables["letters"].create = CreateTableBody("letters", {{"other", 'S'}, {}}, settings);
  const std::string message = Message();
  EXPECT_THAT(message, HasSubstr("dead_letter_table"));
  EXPECT_THAT(message, HasSubstr("HASH other (S)"));
  EXPECT_THAT(message, HasSubstr(options_.keys.Text()));
  EXPECT_FALSE(TableLeft());
}

}  // namespace
}  // namespace ddb
