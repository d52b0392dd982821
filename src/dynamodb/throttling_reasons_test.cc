#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "dynamodb/errors.h"

namespace ddb {
namespace {

Verdict VerdictOn(std::string_view body) {
  HttpReply reply;
  reply.status = 400;
  reply.body = body;
  return Classify(reply, /*crc_ok=*/true);
}

std::string ThrottleBody(std::string_view key, std::string_view reason) {
  return R"({"__type":"x#ThrottlingException","message":"m",")" + std::string(key) + R"(":[{"reason":")" +
         std::string(reason) + R"(","resource":"arn:aws:dynamodb:eu-west-1:1:table/t"}]})";
}

TEST(ThrottlingReasons, BothSpellingsAndAllSixteen) {
  const std::pair<std::string_view, std::pair<std::string_view, std::string_view>> cases[] = {
      {"ProvisionedThroughputExceeded", {kThrottledProvisioned, kThrottledIndexProvisioned}},
      {"AccountLimitExceeded", {kThrottledAccount, kThrottledIndexAccount}},
      {"KeyRangeThroughputExceeded", {kThrottledKeyRange, kThrottledIndexKeyRange}},
      {"MaxOnDemandThroughputExceeded", {kThrottledOnDemandMax, kThrottledIndexOnDemandMax}},
  };
  for (const auto& [ending, expected] : cases) {
    for (const std::string_view kind : {"Read", "Write"}) {
      for (const std::string_view key : {"ThrottlingReasons", "throttlingReasons"}) {
        const std::string name = std::string(kind) + std::string(ending);
        EXPECT_EQ(VerdictOn(ThrottleBody(key, "Table" + name)).reason, expected.first);
        EXPECT_EQ(VerdictOn(ThrottleBody(key, "Index" + name)).reason, expected.second);
      }
    }
  }
}

std::string IndexIn(const std::string& resource) {
  return VerdictOn(R"({"__type":"ThrottlingException","throttlingReasons":[{"reason":"New"},)"
                   R"({"reason":"IndexWriteKeyRangeThroughputExceeded","resource":)" +
                   resource + "}]}")
      .index;
}

TEST(ThrottlingReasons, AnIndexIsNamedByItsArn) {
  const std::string table = R"("arn:aws:dynamodb:eu-west-1:1:table/t)";
  EXPECT_EQ(IndexIn(table + R"(/index/by_date")"), "by_date");
  EXPECT_EQ(IndexIn(R"("arn:aws-cn:dynamodb:cn-north-1:1:table/a.b/index/I-1.x")"), "I-1.x");
  EXPECT_EQ(IndexIn(table + "/index/" + std::string(255, 'i') + '"'), std::string(255, 'i'));
}

// What a server says else must not get into a log.
TEST(ThrottlingReasons, OnlyWhatCanBeAnIndexIsNamed) {
  const std::string table = R"("arn:aws:dynamodb:eu-west-1:1:table/t)";
  for (const std::string& resource :
       {table + '"', table + R"(/index/")", table + R"(/index/ab")", table + R"(/index/by date")",
        table + R"(/index/a\nb\nc")", table + R"(/index/abc/stream/x")", table + R"(/index/caf\u00e9")",
        table + "/index/" + std::string(256, 'i') + '"', std::string(R"("/index/by_date")"),
        std::string(R"("x:table/t/index/by_date")"), std::string(R"("arn:aws:dynamodb:a:1:index/by_date")"),
        std::string("7"), std::string("null"), std::string(R"({"arn":1})")}) {
    EXPECT_EQ(IndexIn(resource), "") << resource;
  }
  EXPECT_EQ(VerdictOn(R"({"__type":"AccessDeniedException","throttlingReasons":[)"
                      R"({"reason":"IndexWriteKeyRangeThroughputExceeded",)"
                      R"("resource":"arn:aws:dynamodb:eu-west-1:1:table/t/index/by_date"}]})")
                .index,
            "");
}

TEST(ThrottlingReasons, WithoutThemTheMessageTells) {
  const auto reason = [](std::string_view name, std::string_view message) {
    return VerdictOn(R"({"__type":")" + std::string(name) + R"(","message":")" + std::string(message) +
                     R"("})")
        .reason;
  };
  EXPECT_EQ(reason("ProvisionedThroughputExceededException",
                   "The level of configured provisioned throughput for one or more global secondary indexes "
                   "of the table was exceeded."),
            kThrottledIndexProvisioned);
  EXPECT_EQ(reason("ProvisionedThroughputExceededException",
                   "The level of configured provisioned throughput for the table was exceeded."),
            kThrottledProvisioned);
  EXPECT_EQ(reason("ThrottlingException",
                   "Throughput exceeds the current throughput limit for your account. Please contact AWS."),
            kThrottledAccount);
  EXPECT_EQ(reason("ThrottlingException", "Rate exceeded"), kThrottledUnnamed);
}

TEST(ThrottlingReasons, UnknownOrMalformedFallBackToTheName) {
  EXPECT_EQ(VerdictOn(ThrottleBody("throttlingReasons", "TableSecretExceeded")).reason, kThrottledUnnamed);
  const Verdict verdict =
      VerdictOn(R"({"__type":"ProvisionedThroughputExceededException","ThrottlingReasons":{"reason":3}})");
  EXPECT_EQ(verdict.reaction, Reaction::kThrottle);
  EXPECT_EQ(verdict.reason, kThrottledProvisioned);
}

}  // namespace
}  // namespace ddb
