#include "dynamodb/requests.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

#include "dynamodb/responses.h"
#include "dynamodb/retry_policy.h"
#include "support/dynamodb/keys.h"

namespace ddb {
namespace {

TEST(Requests, NamesAreEscaped) {
  EXPECT_EQ(TableNameBody("a\"\\\n"), R"({"TableName":"a\"\\\n"})");
  EXPECT_EQ(UpdateTimeToLiveBody("t", "x\""),
            R"({"TableName":"t","TimeToLiveSpecification":{"AttributeName":"x\"","Enabled":true}})");
  EXPECT_EQ(ListTagsBody("arn", ""), R"({"ResourceArn":"arn"})");
  EXPECT_EQ(ListTagsBody("arn", "n"), R"({"ResourceArn":"arn","NextToken":"n"})");
}

TEST(Requests, CreateTablePlain) {
  TableSettings settings;
  settings.capacity = {false, 10, 12};
  EXPECT_EQ(CreateTableBody("t", testkit::kIdAndTime, settings),
            R"({"TableName":"t","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},)"
            R"({"AttributeName":"t","KeyType":"RANGE"}],"AttributeDefinitions":[)"
            R"({"AttributeName":"id","AttributeType":"S"},{"AttributeName":"t","AttributeType":"N"}],)"
            R"("BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":10,)"
            R"("WriteCapacityUnits":12}})");
  settings.capacity = {true, {}, {}};
  const TableKeys hash_only{{"id", 'S'}, {}};
  EXPECT_EQ(CreateTableBody("t", hash_only, settings),
            R"({"TableName":"t","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],)"
            R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)"
            R"("BillingMode":"PAY_PER_REQUEST"})");
}

TEST(Requests, CreateTableWithWhatOnlyNewTablesGet) {
  TableSettings settings;
  settings.capacity = {true, {}, 40000};
  const TableKeys hash_only{{"id", 'S'}, {}};
  const std::string begin =
      R"({"TableName":"t","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],)"
      R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)"
      R"("BillingMode":"PAY_PER_REQUEST","OnDemandThroughput":{"MaxReadRequestUnits":-1,)"
      R"("MaxWriteRequestUnits":40000})";
  EXPECT_EQ(CreateTableBody("t", hash_only, settings, {}), begin + "}");
  EXPECT_EQ(
      CreateTableBody("t", hash_only, settings,
                      {.deletion_protection = true, .warm_read_units = 12000, .warm_write_units = 5000}),
      begin + R"(,"DeletionProtectionEnabled":true,"WarmThroughput":{"ReadUnitsPerSecond":12000,)"
              R"("WriteUnitsPerSecond":5000}})");
  EXPECT_EQ(CreateTableBody("t", hash_only, settings, {.warm_write_units = 4000}),
            begin + R"(,"WarmThroughput":{"WriteUnitsPerSecond":4000}})");
  EXPECT_EQ(UpdateContinuousBackupsBody("t", 35),
            R"({"TableName":"t","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}})");
  EXPECT_EQ(UpdateContinuousBackupsBody("t", 7),
            R"({"TableName":"t","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true,)"
            R"("RecoveryPeriodInDays":7}})");
}

// A description with every setting that is carried over, as DynamoDB writes it.
constexpr std::string_view kDescription = R"({"Table":{
  "TableName":"t","TableArn":"arn:aws:dynamodb:eu-west-1:1:table/t","TableStatus":"ACTIVE","ItemCount":12,
  "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"t","AttributeType":"N"},
    {"AttributeName":"g","AttributeType":"B"}],
  "KeySchema":[{"AttributeName":"t","KeyType":"RANGE"},{"AttributeName":"id","KeyType":"HASH"}],
  "ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":7.0,"NumberOfDecreasesToday":0},
  "GlobalSecondaryIndexes":[{"IndexName":"gi","IndexStatus":"ACTIVE",
    "KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE",
    "NonKeyAttributes":["x","y"]},"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":2}},
    {"IndexName":"leaving","IndexStatus":"DELETING"}],
  "LocalSecondaryIndexes":[{"IndexName":"li","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},
    {"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
  "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},
  "TableClassSummary":{"TableClass":"STANDARD_INFREQUENT_ACCESS"},
  "SSEDescription":{"Status":"ENABLED","SSEType":"KMS","KMSMasterKeyArn":"arn:aws:kms:k"},
  "DeletionProtectionEnabled":true,"Replicas":[{"RegionName":"eu-west-2"}]}})";

// Byte for byte: with every setting there is, and with a name and a tag that have to be escaped.
TEST(Requests, CreateTableWithEverySetting) {
  TableSettings settings = ReadTableDescription(kDescription)->settings;
  settings.tags = {{"team", "a \"b\""}, {"\x01", "\xFF\xC3\xA9"}};
  EXPECT_EQ(CreateTableBody("t\n", testkit::kIdAndTime, settings),
            R"({"TableName":"t\n","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName")"
            R"(:"t","KeyType":"RANGE"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":")"
            R"(S"},{"AttributeName":"t","AttributeType":"N"},{"AttributeName":"g","AttributeType":"B"}])"
            R"(,"BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapaci)"
            R"(tyUnits":7},"LocalSecondaryIndexes":[{"IndexName":"li","KeySchema":[{"AttributeName":"id)"
            R"(","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionTy)"
            R"(pe":"KEYS_ONLY"}}],"GlobalSecondaryIndexes":[{"IndexName":"gi","KeySchema":[{"AttributeN)"
            R"(ame":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":)"
            R"(["x","y"]},"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":2}}],"Str)"
            R"(eamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},"TableClass":"STAN)"
            R"(DARD_INFREQUENT_ACCESS","SSESpecification":{"Enabled":true,"SSEType":"KMS","KMSMasterKey)"
            R"(Id":"arn:aws:kms:k"},"Tags":[{"Key":"team","Value":"a \"b\""},{"Key":"\u0001","Value":"�)"
            R"(é"}]})");
  settings.capacity = {true, 5, {}};
  settings.kms_key_arn.clear();
  settings.indexes[1].projected.clear();
  settings.tags.clear();
  settings.stream_view.clear();
  EXPECT_EQ(CreateTableBody("t", {{"id", 'S'}, {}}, settings),
            R"({"TableName":"t","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"AttributeDefinit)"
            R"(ions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"t","AttributeType":")"
            R"(N"},{"AttributeName":"g","AttributeType":"B"}],"BillingMode":"PAY_PER_REQUEST","OnDemand)"
            R"(Throughput":{"MaxReadRequestUnits":5,"MaxWriteRequestUnits":-1},"LocalSecondaryIndexes":)"
            R"([{"IndexName":"li","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName")"
            R"(:"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],"GlobalSecondaryI)"
            R"(ndexes":[{"IndexName":"gi","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Project)"
            R"(ion":{"ProjectionType":"INCLUDE"},"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteC)"
            R"(apacityUnits":2}}],"TableClass":"STANDARD_INFREQUENT_ACCESS","SSESpecification":{"Enable)"
            R"(d":true,"SSEType":"KMS"}})");
}

TEST(Responses, DescriptionIsReadWhole) {
  const auto table = ReadTableDescription(kDescription);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->name, "t");
  EXPECT_EQ(table->status, TableStatus::kActive);
  EXPECT_EQ(table->keys, testkit::kIdAndTime);
  EXPECT_EQ(table->keys.Text(), "HASH id (S), RANGE t (N)");
  EXPECT_TRUE(table->deletion_protected);
  EXPECT_TRUE(table->replicated);
  const TableSettings& settings = table->settings;
  EXPECT_EQ(settings.capacity, (TableCapacity{false, 5, 7}));
  EXPECT_EQ(settings.attributes.size(), 3u);
  EXPECT_EQ(settings.stream_view, "NEW_IMAGE");
  EXPECT_EQ(settings.table_class, "STANDARD_INFREQUENT_ACCESS");
  EXPECT_EQ(settings.kms_key_arn, "arn:aws:kms:k");
  ASSERT_EQ(settings.indexes.size(), 2u);
  EXPECT_EQ(settings.indexes[0].name, "li");
  EXPECT_EQ(settings.indexes[1].capacity, (TableCapacity{false, 1, 2}));
  EXPECT_EQ(settings.indexes[1].projected, (std::vector<std::string>{"x", "y"}));
}

TEST(Responses, WhatIsCarriedOverComesBackTheSame) {
  TableSettings settings = ReadTableDescription(kDescription)->settings;
  settings.tags = {{"team", "a \"b\""}};
  const std::string body = CreateTableBody("t", testkit::kIdAndTime, settings);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_FALSE(parser.parse(body).get(root)) << body;
  EXPECT_EQ(std::string_view(root["SSESpecification"]["KMSMasterKeyId"]), "arn:aws:kms:k");
  EXPECT_EQ(std::string_view(root["StreamSpecification"]["StreamViewType"]), "NEW_IMAGE");
  EXPECT_EQ(std::string_view(root["Tags"].at(0)["Value"]), "a \"b\"");
  EXPECT_EQ(int64_t(root["GlobalSecondaryIndexes"].at(0)["ProvisionedThroughput"]["WriteCapacityUnits"]), 2);
  EXPECT_EQ(std::string_view(root["LocalSecondaryIndexes"].at(0)["KeySchema"].at(1)["KeyType"]), "RANGE");
  EXPECT_TRUE(root["LocalSecondaryIndexes"].at(0)["ProvisionedThroughput"].error());
}

TEST(Responses, AStreamThatIsOffIsNone) {
  const std::string table = R"({"Table":{"TableName":"t","TableStatus":"ACTIVE",)"
                            R"("AttributeDefinitions":[{"AttributeName":"h","AttributeType":"S"}],)"
                            R"("KeySchema":[{"AttributeName":"h","KeyType":"HASH"}],)"
                            R"("StreamSpecification":{"StreamEnabled":%,"StreamViewType":"NEW_IMAGE"}}})";
  for (const std::string on : {"true", "false"}) {
    std::string body = table;
    body.replace(body.find('%'), 1, on);
    const auto read = ReadTableDescription(body);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->settings.stream_view, on == "true" ? "NEW_IMAGE" : "");
  }
}

TEST(Responses, OnDemandWithAndWithoutMaxima) {
  const std::string head = R"({"TableDescription":{"TableName":"t","TableStatus":"CREATING",
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],)";
  auto table = ReadTableDescription(head + R"("BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},
    "ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":0},
    "OnDemandThroughput":{"MaxReadRequestUnits":-1,"MaxWriteRequestUnits":400}}})");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->settings.capacity, (TableCapacity{true, {}, 400}));
  EXPECT_EQ(table->status, TableStatus::kCreating);
  EXPECT_FALSE(table->replicated);
  table = ReadTableDescription(head + R"("ProvisionedThroughput":{"WriteCapacityUnits":0}}})");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->settings.capacity, (TableCapacity{true, {}, {}}));
}

// As engines without capacity tell it: Alternator, others with units of the table alone.
TEST(Responses, AnIndexWithoutUnitsHasTheTables) {
  const std::string head = R"({"Table":{"TableName":"t","TableStatus":"ACTIVE",
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
    "GlobalSecondaryIndexes":[{"IndexName":"g","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
      "Projection":{"ProjectionType":"ALL"})";
  const std::string units =
      R"(}],"ProvisionedThroughput":{"ReadCapacityUnits":10,"WriteCapacityUnits":20}}})";
  for (const std::string own :
       {"", R"(,"ProvisionedThroughput":{})",
        R"(,"ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":0})"}) {
    const auto table = ReadTableDescription(head + own + units);
    ASSERT_TRUE(table) << own;
    EXPECT_EQ(table->settings.indexes.at(0).capacity, (TableCapacity{false, 10, 20})) << own;
  }
  const auto own = ReadTableDescription(
      head + R"(,"ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":3})" + units);
  EXPECT_EQ(own->settings.indexes.at(0).capacity, (TableCapacity{false, 10, 3}));
  const auto none = ReadTableDescription(head + R"(}],"BillingModeSummary":{"BillingMode":"PROVISIONED"},
      "ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":0}}})");
  EXPECT_EQ(none->settings.capacity, (TableCapacity{true, {}, {}}));
  EXPECT_EQ(none->settings.indexes.at(0).capacity, (TableCapacity{true, {}, {}}));
}

TEST(Responses, MalformedDescriptionsAreNoAnswer) {
  for (const std::string_view body :
       {"", "[]", "{}", R"({"Table":{}})", R"({"Table":{"TableName":"t","TableStatus":"ACTIVE"}})",
        R"({"Table":{"TableName":"t","TableStatus":"ACTIVE","AttributeDefinitions":[],"KeySchema":[]}})"}) {
    EXPECT_FALSE(ReadTableDescription(body)) << body;
  }
  EXPECT_EQ(ReadTableDescription(R"({"Table":{"TableName":"t","TableStatus":"DELETING"}})")->status,
            TableStatus::kDeleting);
}

TEST(Responses, TimeToLiveAndTags) {
  EXPECT_EQ(ReadTimeToLive(R"({"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"x"}})"),
            "x");
  EXPECT_EQ(ReadTimeToLive(R"({"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}})"), "");
  EXPECT_FALSE(ReadTimeToLive("{}"));
  const auto days_of = [](std::string_view recovery) {
    return ReadRecoveryDays(
        std::string(R"({"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED")") +
        std::string(recovery) + "}}");
  };
  EXPECT_EQ(days_of(""), 0);
  EXPECT_EQ(days_of(R"(,"PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"})"), 0);
  EXPECT_EQ(days_of(R"(,"PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"})"), 35);
  constexpr std::string_view kOn =
      R"(,"PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED",)";
  EXPECT_EQ(days_of(std::string(kOn) + R"("RecoveryPeriodInDays":7})"), 7);
  EXPECT_FALSE(days_of(std::string(kOn) + R"("RecoveryPeriodInDays":36})"));
  EXPECT_FALSE(ReadRecoveryDays("{}"));
  const auto page = ReadTags(R"({"Tags":[{"Key":"k","Value":"v"},{"Key":"e","Value":""}],"NextToken":"n"})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->tags.size(), 2u);
  EXPECT_EQ(page->next_token, "n");
  EXPECT_TRUE(ReadTags("{}")->tags.empty());
  EXPECT_FALSE(ReadTags("[]"));
}

TEST(RetryPolicy, FullJitterOverADoublingInterval) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  EXPECT_EQ(RetryDelay(Reaction::kRetry, 1, 0.0), Duration::zero());
  EXPECT_EQ(RetryDelay(Reaction::kRetry, 1, 0.5), std::chrono::microseconds(12500));
  EXPECT_EQ(RetryDelay(Reaction::kRetry, 3, 0.5), milliseconds(50));
  EXPECT_EQ(RetryDelay(Reaction::kThrottle, 1, 0.5), milliseconds(500));
  EXPECT_EQ(RetryDelay(Reaction::kThrottle, 4, 0.5), seconds(4));
  EXPECT_EQ(RetryDelay(Reaction::kThrottle, 1000000, 0.5), seconds(10));
  EXPECT_LT(RetryDelay(Reaction::kRetry, 1000000, 0.999), times::kLongestPause);
}

}  // namespace
}  // namespace ddb
