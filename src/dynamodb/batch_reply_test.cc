#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "dynamodb/item_key.h"
#include "dynamodb/responses.h"

namespace ddb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const TableKeys kKeys{{"id", 'S'}, KeyAttribute{"t", 'N'}};

std::string Put(std::string_view id, std::string_view t) {
  return R"({"PutRequest":{"Item":{"data":{"M":{}},"id":{"S":")" + std::string(id) + R"("},"t":{"N":")" +
         std::string(t) + R"("}}}})";
}
std::string Delete(std::string_view id, std::string_view t) {
  return R"({"DeleteRequest":{"Key":{"id":{"S":")" + std::string(id) + R"("},"t":{"N":")" + std::string(t) +
         R"("}}}})";
}
std::string Unprocessed(const std::string& entries, std::string_view table = "tab") {
  return R"({"UnprocessedItems":{")" + std::string(table) + R"(":[)" + entries + "]}}";
}

class BatchReply : public testing::Test {
 protected:
  bool Read(std::string_view body) {
    return ReadBatchWriteReply(body, "tab", kKeys, std::vector<std::string_view>(sent_.begin(), sent_.end()),
                               outcome_);
  }
  std::vector<std::string> sent_ = {Put("a", "1000"), Put("b", "1000"), Delete("c", "5")};
  BatchWriteOutcome outcome_;
};

TEST_F(BatchReply, AllStored) {
  EXPECT_TRUE(Read(R"({"UnprocessedItems":{}})"));
  EXPECT_THAT(outcome_.unprocessed, IsEmpty());
  EXPECT_TRUE(Read(" { \"UnprocessedItems\" : { } } "));
  EXPECT_THAT(outcome_.unprocessed, IsEmpty());
  EXPECT_TRUE(Read(R"({"UnprocessedItems":{"tab":[]}})"));
  EXPECT_THAT(outcome_.unprocessed, IsEmpty());
}

TEST_F(BatchReply, EntriesAreMatchedByOperationAndKey) {
  EXPECT_TRUE(Read(Unprocessed(Put("b", "1000"))));
  EXPECT_THAT(outcome_.unprocessed, ElementsAre(1));
  EXPECT_TRUE(Read(Unprocessed(Delete("c", "5") + "," + Put("a", "1000"))));
  EXPECT_THAT(outcome_.unprocessed, UnorderedElementsAre(0, 2));
}

TEST_F(BatchReply, NumbersAreComparedByValueAndStringsByTheirBytes) {
  EXPECT_TRUE(Read(Unprocessed(Put("a", "1e3"))));
  EXPECT_THAT(outcome_.unprocessed, ElementsAre(0));
  EXPECT_TRUE(Read(Unprocessed(Put("\\u0061", "1000.00"))));
  EXPECT_THAT(outcome_.unprocessed, ElementsAre(0));
  EXPECT_TRUE(Read(Unprocessed(Delete("c", "5.0e0"))));
  EXPECT_THAT(outcome_.unprocessed, ElementsAre(2));
}

TEST_F(BatchReply, ANullMemberCountsAsAbsent) {
  EXPECT_TRUE(
      Read(Unprocessed(R"({"DeleteRequest":null,"PutRequest":{"Item":{"id":{"S":"a"},"t":{"N":"1000"}}}})")));
  EXPECT_THAT(outcome_.unprocessed, ElementsAre(0));
}

TEST_F(BatchReply, WhatDoesNotAddUpIsNoAnswer) {
  const std::string bad[] = {
      "",
      "{}",
      "null",
      "[]",
      R"({"UnprocessedItems":null})",
      R"({"UnprocessedItems":[]})",
      R"({"UnprocessedItems":{})",
      R"({"UnprocessedItems":{},"UnprocessedItems":{}})",
      R"({"unprocesseditems":{}})",
      R"({"UnprocessedItems":{}}x)",
      R"({"UnprocessedItems":{"tab":{}}})",
      R"({"UnprocessedItems":{"tab":null}})",
      Unprocessed(Put("a", "1000"), "other"),
      Unprocessed(Put("x", "1000")),
      Unprocessed(Put("a", "1001")),
      Unprocessed(Delete("a", "1000")),
      Unprocessed(Put("c", "5")),
      Unprocessed(Put("a", "1000") + "," + Put("a", "1e3")),
      Unprocessed("{}"),
      Unprocessed("7"),
      Unprocessed(R"({"PutRequest":{}})"),
      Unprocessed(R"({"PutRequest":{"Item":{"id":{"S":"a"}}}})"),
      Unprocessed(R"({"PutRequest":{"Item":{"id":{"N":"1"},"t":{"N":"1000"}}}})"),
      Unprocessed(R"({"PutRequest":{"Item":{"id":{"S":"a"},"t":{"N":"many"}}}})"),
      Unprocessed(R"({"PutRequest":{"Item":{"id":{"S":"a"},"t":{"N":"1000"}}},"UpdateRequest":{}})"),
  };
  for (const std::string& body : bad) EXPECT_FALSE(Read(body)) << body;
}

TEST_F(BatchReply, ConsumedCapacityIsSummedForTheTable) {
  EXPECT_TRUE(Read(R"({"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"tab","CapacityUnits":3.5},)"
                   R"({"TableName":"other","CapacityUnits":9},{"TableName":"tab","CapacityUnits":2}]})"));
  ASSERT_TRUE(outcome_.consumed_units);
  EXPECT_DOUBLE_EQ(*outcome_.consumed_units, 5.5);
  EXPECT_TRUE(Read(R"({"ConsumedCapacity":"much","UnprocessedItems":{}})"));
  EXPECT_FALSE(outcome_.consumed_units);
}

TEST(CanonicalNumber, EqualExactlyWhenTheValuesAre) {
  const std::vector<std::vector<std::string>> groups = {
      {"0", "-0", "0.0", "0e400", "-0.0e-99999999999"},
      {"1000", "1e3", "1E+3", "1000.000", "0.1e4", "100000e-2"},
      {"-1000", "-1e3"},
      {"1.5", "15e-1", "1.50"},
      {"0.001", "1e-3"},
      {"1e125"},
      {"1e-130"},
      {"12345678901234567890123456789012345678"},
      {"12345678901234567890123456789012345679"},
  };
  std::vector<std::string> seen;
  for (const auto& group : groups) {
    const auto first = CanonicalNumber(group[0]);
    ASSERT_TRUE(first) << group[0];
    for (const std::string& text : group) EXPECT_EQ(CanonicalNumber(text), first) << text;
    EXPECT_THAT(seen, testing::Not(testing::Contains(*first)));
    seen.push_back(*first);
  }
  for (const char* text :
       {"", "-", ".", ".5", "+1", "e5", "1e", "1e+", "1x", "NaN", "1.2.3", "1e2.5", " 1", "1 "}) {
    EXPECT_FALSE(CanonicalNumber(text)) << text;
  }
}

TEST(CanonicalKey, PartsDoNotRunTogether) {
  const TableKeys strings{{"a", 'S'}, KeyAttribute{"b", 'S'}};
  simdjson::dom::parser first, second;
  simdjson::dom::element one, two;
  ASSERT_FALSE(first.parse(std::string(R"({"a":{"S":"x1:"},"b":{"S":"y"}})")).get(one));
  ASSERT_FALSE(second.parse(std::string(R"({"a":{"S":"x"},"b":{"S":"1:y"}})")).get(two));
  EXPECT_NE(CanonicalKey(one, strings), CanonicalKey(two, strings));
}

}  // namespace
}  // namespace ddb
