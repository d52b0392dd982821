#include "dynamodb/table_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dynamodb/known_errors.h"
#include "support/dynamodb/tables_fixture.h"

namespace ddb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FindTablesTest : public testkit::Tables {
 protected:
  Result<TablesFound> Find(const std::vector<std::string>& names) {
    return FindTables(loop_, db_, names, options_);
  }
};

TEST_F(FindTablesTest, ThoseThatAreThere) {
  Existing("b");
  Existing("d");
  EXPECT_THAT(Find({"a", "b", "c", "d"})->there, ElementsAre("b", "d"));
  EXPECT_TRUE(Find({})->there.empty());
}

TEST_F(FindTablesTest, WhatWeMayNotSeeIsNeitherThereNorNot) {
  Existing("a");
  for (const ErrorCode code : {ErrorCode::kAccessDenied, ErrorCode::kValidation}) {
    Verdict refusal = testkit::Refusal(Reaction::kFailConfig, code);
    if (code == ErrorCode::kValidation) refusal.reason = kBadTableName;
    Refuse("DescribeTable", refusal);
    const auto found = Find({"a", "b"});
    ASSERT_TRUE(found.ok());
    EXPECT_TRUE(found->there.empty());
    EXPECT_EQ(found->denied.size(), code == ErrorCode::kAccessDenied ? 2u : 0u);
  }
}

// A permission is not known everywhere at once.
TEST_F(FindTablesTest, ATableThatIsDeniedOnceIsFound) {
  Existing("a");
  Refuse("DescribeTable", testkit::Denied(), 1);
  EXPECT_THAT(Find({"a"})->there, ElementsAre("a"));
}

// Else a stream whose table is not seen for it would be written to another one.
TEST_F(FindTablesTest, AnyOtherRefusalIsNoAnswer) {
  Existing("a");
  const std::pair<ErrorCode, FailureType> refusals[] = {
      {ErrorCode::kUnrecognizedClient, FailureType::kConfig},
      {ErrorCode::kValidation, FailureType::kConfig},  // of something else than the name
      {ErrorCode::kInvalidSignature, FailureType::kConfig},
      {ErrorCode::kWrongRegion, FailureType::kConfig},
      {ErrorCode::kKmsUnavailable, FailureType::kConfig},
      {ErrorCode::kUnknownOperation, FailureType::kConfig},
      {ErrorCode::kOther, FailureType::kConfig}};
  for (const auto& [code, type] : refusals) {
    Refuse("DescribeTable", testkit::Refusal(Reaction::kFailConfig, code));
    const auto found = Find({"a", "b"});
    ASSERT_FALSE(found.ok()) << static_cast<int>(code);
    EXPECT_EQ(found.error().type, type);
  }
}

TEST_F(FindTablesTest, KeysThatAreRefusedOnceBesideOthersAreTriedAgain) {
  Existing("a");
  Refuse("DescribeTable", testkit::Refusal(Reaction::kFailConfig, ErrorCode::kUnrecognizedClient), 1);
  EXPECT_THAT(Find({"a", "b"})->there, ElementsAre("a"));
}

TEST_F(FindTablesTest, WhatPassesIsWaitedOut) {
  Existing("a");
  Refuse("DescribeTable", testkit::Refusal(Reaction::kThrottle, ErrorCode::kThrottled), 3);
  EXPECT_THAT(Find({"a", "b"})->there, ElementsAre("a"));
}

TEST_F(FindTablesTest, AnEndpointThatDoesNotAnswerIsAnError) {
  Refuse("DescribeTable", testkit::Unreachable(TransportError::kRefused));
  const auto found = Find({"a", "b"});
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().message, HasSubstr("was refused"));
}

TEST_F(FindTablesTest, AStopEndsIt) {
  Refuse("DescribeTable", testkit::Unreachable(TransportError::kRefused));
  options_.stop_requested = [this] {
    return loop_.Now() > Instant{std::chrono::hours(1)} + std::chrono::seconds(2);
  };
  const auto found = Find({"a"});
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().type, FailureType::kTransient);
  EXPECT_THAT(found.error().message, HasSubstr("stopped"));
}

}  // namespace
}  // namespace ddb
