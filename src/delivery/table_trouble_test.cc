#include "delivery/table_trouble.h"

#include <gtest/gtest.h>

#include <string>

#include "delivery/table_errors.h"

namespace ddb {
namespace {

using std::chrono::seconds;

TEST(TableTroubleTest, TellsWhatCameMostOften) {
  TableTrouble trouble;
  EXPECT_FALSE(trouble.Look());
  trouble.Note({.fault = ReplyFault::kReset});
  trouble.Note({.fault = ReplyFault::kHtml, .status = 502});
  trouble.Note({.fault = ReplyFault::kHtml, .status = 504});
  trouble.Note({.fault = ReplyFault::kThrottled, .reason = kThrottledUnnamed});
  const auto seen = trouble.Look();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->replies, 4u);
  EXPECT_EQ(seen->fault.fault, ReplyFault::kHtml);
  EXPECT_EQ(seen->fault.status, 504) << "as it came last";
  EXPECT_EQ(seen->last.fault, ReplyFault::kThrottled);
}

TEST(TableTroubleTest, IsOverWhenSomethingIsStored) {
  TableTrouble trouble;
  for (int i = 0; i < 9; ++i) trouble.Note({.fault = ReplyFault::kReset});
  trouble.Clear();
  EXPECT_FALSE(trouble.Look());
  trouble.Note({.fault = ReplyFault::kCrc32});
  ASSERT_TRUE(trouble.Look());
  EXPECT_EQ(trouble.Look()->fault.fault, ReplyFault::kCrc32) << "not what came before";
  EXPECT_EQ(trouble.Look()->replies, 1u);
}

TEST(TableTroubleTest, EveryFaultHasItsPlace) {
  for (size_t i = 0; i <= static_cast<size_t>(ReplyFault::kRefusedByName); ++i) {
    TableTrouble trouble;
    trouble.Note({.fault = static_cast<ReplyFault>(i)});
    ASSERT_TRUE(trouble.Look());
    EXPECT_EQ(trouble.Look()->fault.fault, static_cast<ReplyFault>(i));
  }
}

// ---- as it is told

class GaveUpErrorTest : public testing::Test {
 protected:
  std::string Told(const Fault& fault) {
    return GaveUpError(target_, endpoint_, seconds(601), TableTrouble::Seen{7, fault, fault}).message;
  }
  static bool Has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
  const TableTarget target_{.name = "t", .stream = {std::nullopt, "s"}, .write = {}};
  EndpointText endpoint_;
};

TEST_F(GaveUpErrorTest, SaysWhatWasWrongAndForHowLong) {
  const Error error = GaveUpError(target_, endpoint_, seconds(601), std::nullopt);
  EXPECT_EQ(error.type, FailureType::kTransient);
  EXPECT_EQ(error.stream, target_.stream);
  EXPECT_TRUE(Has(error.message, "Nothing could be stored in table t for 601 s: no whole reply came."))
      << error.message;
  EXPECT_TRUE(Has(Told({.fault = ReplyFault::kNoUnprocessedItems, .status = 200}), "UnprocessedItems"));
  EXPECT_TRUE(Has(Told({.fault = ReplyFault::kHtml, .status = 503}), "503"));
}

// More capacity is asked for only by who is throttled.
TEST_F(GaveUpErrorTest, NamesTheProxyUnlessDynamoDbItselfSpoke) {
  const std::string name = "the proxy http://p:3128 (HTTPS_PROXY)";
  EXPECT_FALSE(Has(Told({.fault = ReplyFault::kReset}), "proxy http"));
  endpoint_.proxy = name;
  for (const ReplyFault fault :
       {ReplyFault::kNoAddress, ReplyFault::kRefused, ReplyFault::kReset, ReplyFault::kTimeout,
        ReplyFault::kProxyFails, ReplyFault::kNotHttp, ReplyFault::kHtml, ReplyFault::kStatus}) {
    EXPECT_TRUE(Has(Told({.fault = fault}), name)) << static_cast<int>(fault);
  }
  for (const ReplyFault fault :
       {ReplyFault::kThrottled, ReplyFault::kServiceFailed, ReplyFault::kUnprocessed}) {
    EXPECT_FALSE(Has(Told({.fault = fault}), name)) << static_cast<int>(fault);
  }
  EXPECT_TRUE(Has(GaveUpError(target_, endpoint_, seconds(601), std::nullopt).message, name));
}

TEST_F(GaveUpErrorTest, SpeaksOfCapacityToWhoIsThrottledOnly) {
  for (size_t i = 0; i <= static_cast<size_t>(ReplyFault::kRefusedByName); ++i) {
    const auto fault = static_cast<ReplyFault>(i);
    EXPECT_EQ(Has(Told({.fault = fault}), "capacity"), IsThrottle(fault)) << Told({.fault = fault});
  }
  EXPECT_TRUE(IsThrottle(ReplyFault::kThrottled));
  EXPECT_TRUE(IsThrottle(ReplyFault::kUnprocessed));
  EXPECT_TRUE(Has(Told({.fault = ReplyFault::kThrottled, .reason = kThrottledKeyRange}), "hot partition"))
      << "what DynamoDB says is more exact";
}

}  // namespace
}  // namespace ddb
