#include "dynamodb/write_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "dynamodb/item_key.h"
#include "support/dynamodb/keys.h"

namespace ddb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string PutItem(std::string_view id, std::string_view t) {
  return R"({"data":{"M":{}},"id":{"S":")" + std::string(id) + R"("},"t":{"N":")" + std::string(t) + R"("}})";
}
std::string DeleteKey(std::string_view id, std::string_view t) {
  return R"({"id":{"S":")" + std::string(id) + R"("},"t":{"N":")" + std::string(t) + R"("}})";
}
std::string Put(std::string_view id, std::string_view t) {
  return R"({"PutRequest":{"Item":)" + PutItem(id, t) + "}}";
}
std::string Delete(std::string_view id, std::string_view t) {
  return R"({"DeleteRequest":{"Key":)" + DeleteKey(id, t) + "}}";
}
std::string Unprocessed(const std::string& entries, std::string_view table = "tab") {
  return R"({"UnprocessedItems":{")" + std::string(table) + R"(":[)" + entries + "]}}";
}

struct Write {
  WriteOp op;
  std::string bytes;
};

std::string Body(const WriteKind& kind, const std::vector<Write>& writes) {
  Buffer body;
  kind.Begin(body);
  for (const Write& write : writes) {
    const size_t mark = body.size();
    const bool first = &write == &writes.front();
    kind.BeginItem(body, write.op, first);
    const size_t begin = body.size();
    EXPECT_EQ(begin, mark + kind.BeforeItem(write.op, first));
    body.Append(write.bytes);
    kind.EndItem(body, write.op, begin);
  }
  kind.End(body);
  return std::string(body.view());
}

// The bytes on the wire.
TEST(BatchWriteKind, TheRequest) {
  const WriteKind kind = BatchWrite("a.b\"", testkit::kIdAndTime);
  EXPECT_EQ(kind.operation.name, "BatchWriteItem");
  EXPECT_EQ(kind.operation.least_reply, 0u);
  EXPECT_EQ(kind.max_items, 25u);
  EXPECT_EQ(kind.max_bytes, 16'000'000u);
  EXPECT_EQ(Body(kind, {}), R"({"RequestItems":{"a.b\"":[]},"ReturnConsumedCapacity":"TOTAL"})");
  EXPECT_EQ(
      Body(kind, {{WriteOp::kPut, R"({"id":{"S":"a"}})"}}),
      R"({"RequestItems":{"a.b\"":[{"PutRequest":{"Item":{"id":{"S":"a"}}}}]},"ReturnConsumedCapacity":"TOTAL"})");
  EXPECT_EQ(Body(kind, {{WriteOp::kPut, "1"}, {WriteOp::kDelete, "2"}, {WriteOp::kPut, "3"}}),
            R"({"RequestItems":{"a.b\"":[{"PutRequest":{"Item":1}},{"DeleteRequest":{"Key":2}},)"
            R"({"PutRequest":{"Item":3}}]},"ReturnConsumedCapacity":"TOTAL"})");
  EXPECT_EQ(Body(BatchWrite("t", testkit::kIdAndTime, ConsumedDetail::kIndexes), {{WriteOp::kPut, "1"}}),
            R"({"RequestItems":{"t":[{"PutRequest":{"Item":1}}]},"ReturnConsumedCapacity":"INDEXES"})");
  EXPECT_EQ(kind.Around(WriteOp::kPut, "1"), R"({"PutRequest":{"Item":1}})");
  EXPECT_EQ(kind.Around(WriteOp::kDelete, "1"), R"({"DeleteRequest":{"Key":1}})");
}

class BatchReply : public testing::Test {
 protected:
  bool Read(std::string_view body, Verdict verdict = {}) {
    Reply reply;
    reply.verdict = verdict;
    reply.body = body;
    std::vector<SentItem> sent;
    for (const Write& write : sent_) sent.push_back({write.op, write.bytes});
    WriteOutcome outcome;
    outcome.others.push_back({7, ItemOutcome::kLostToNewer});  // of an earlier reply
    outcome.fault = ReplyFault::kHtml;
    outcome.consumed = 7;
    const bool told = kind_.ReadReply(reply, sent, outcome);
    fault_ = outcome.fault;
    consumed_ = outcome.consumed;
    not_yet_.clear();
    for (const WriteOutcome::Item& item : outcome.others) {
      EXPECT_EQ(item.outcome, ItemOutcome::kNotYet);
      not_yet_.push_back(item.index);
    }
    return told;
  }
  const WriteKind kind_ = BatchWrite("tab", testkit::kIdAndTime);
  std::vector<Write> sent_ = {{WriteOp::kPut, PutItem("a", "1000")},
                              {WriteOp::kPut, PutItem("b", "1000")},
                              {WriteOp::kDelete, DeleteKey("c", "5")}};
  std::vector<uint32_t> not_yet_;
  ReplyFault fault_ = ReplyFault::kNone;
  std::optional<double> consumed_;
};

TEST_F(BatchReply, WhatWasConsumed) {
  EXPECT_TRUE(Read(R"({"UnprocessedItems":{}})"));
  EXPECT_EQ(consumed_, std::nullopt);
  EXPECT_TRUE(
      Read(R"({"ConsumedCapacity":[{"CapacityUnits":2.5,"TableName":"tab"}],"UnprocessedItems":{}})"));
  EXPECT_EQ(consumed_, 2.5);
  EXPECT_TRUE(Read(R"({"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"other","CapacityUnits":9},)"
                   R"({"TableName":"arn:aws:dynamodb:eu-west-1:1:table/tab","CapacityUnits":3}]})"));
  EXPECT_EQ(consumed_, 3);
  // It is not what the outcome depends on.
  for (const char* odd :
       {"null", "{}", "[]", "[1]", R"([{"TableName":"tab"}])", R"([{"TableName":"tab","CapacityUnits":-1}])",
        R"([{"TableName":"tab","CapacityUnits":"3"}])"}) {
    EXPECT_TRUE(Read(std::string(R"({"ConsumedCapacity":)") + odd + R"(,"UnprocessedItems":{}})")) << odd;
    EXPECT_EQ(consumed_, std::nullopt) << odd;
  }
}

// As its capacity counts them: local indexes spend of it, global ones have their own.
TEST_F(BatchReply, WhatWasConsumedOfTheTableItself) {
  const auto consumed = [&](const std::string& members) {
    EXPECT_TRUE(Read(R"({"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"tab",)" + members + "}]}"));
    return consumed_;
  };
  const std::string table = R"("CapacityUnits":9.0,"Table":{"CapacityUnits":3.0})";
  EXPECT_EQ(consumed(table), 3);
  EXPECT_EQ(consumed(table + R"(,"GlobalSecondaryIndexes":{"g":{"CapacityUnits":6.0}})"), 3);
  EXPECT_EQ(
      consumed(table + R"(,"LocalSecondaryIndexes":{"l":{"CapacityUnits":2.0},"m":{"CapacityUnits":1}},)"
                       R"("GlobalSecondaryIndexes":{"g":{"CapacityUnits":3.0}})"),
      6);
  EXPECT_EQ(consumed(R"("Table":{"CapacityUnits":2})"), 2) << "without a total";
  for (const char* odd : {"{}", "null", "3", R"({"CapacityUnits":"3"})", R"({"CapacityUnits":null})"})
    EXPECT_EQ(consumed(R"("CapacityUnits":9,"Table":)" + std::string(odd)), 9) << odd;
  for (const char* odd : {"null", "[]", R"({"l":null})", R"({"l":{"CapacityUnits":"x"}})"})
    EXPECT_EQ(consumed(table + R"(,"LocalSecondaryIndexes":)" + odd), 3) << odd;
  EXPECT_EQ(consumed(R"("CapacityUnits":9,"Table":{"CapacityUnits":-1})"), std::nullopt);
}

TEST_F(BatchReply, AllStored) {
  EXPECT_TRUE(Read(R"({"UnprocessedItems":{}})"));
  EXPECT_THAT(not_yet_, IsEmpty());
  EXPECT_TRUE(Read(" { \"UnprocessedItems\" : { } } "));
  EXPECT_THAT(not_yet_, IsEmpty());
  EXPECT_TRUE(Read(R"({"UnprocessedItems":{"tab":[]}})"));
  EXPECT_THAT(not_yet_, IsEmpty());
}

TEST_F(BatchReply, EntriesAreMatchedByOperationAndKey) {
  EXPECT_TRUE(Read(Unprocessed(Put("b", "1000"))));
  EXPECT_THAT(not_yet_, ElementsAre(1));
  EXPECT_TRUE(Read(Unprocessed(Delete("c", "5") + "," + Put("a", "1000"))));
  EXPECT_THAT(not_yet_, UnorderedElementsAre(0, 2));
}

TEST_F(BatchReply, NumbersAreComparedByValueAndStringsByTheirBytes) {
  EXPECT_TRUE(Read(Unprocessed(Put("a", "1e3"))));
  EXPECT_THAT(not_yet_, ElementsAre(0));
  EXPECT_TRUE(Read(Unprocessed(Put("\\u0061", "1000.00"))));
  EXPECT_THAT(not_yet_, ElementsAre(0));
  EXPECT_TRUE(Read(Unprocessed(Delete("c", "5.0e0"))));
  EXPECT_THAT(not_yet_, ElementsAre(2));
}

TEST_F(BatchReply, ANullMemberCountsAsAbsent) {
  EXPECT_TRUE(
      Read(Unprocessed(R"({"DeleteRequest":null,"PutRequest":{"Item":{"id":{"S":"a"},"t":{"N":"1000"}}}})")));
  EXPECT_THAT(not_yet_, ElementsAre(0));
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
      R"({"UnprocessedItems":{},"__type":"x#InternalServerError"})",
      R"({"message":"m","UnprocessedItems":{}})",
      R"({"UnprocessedItems":{},"Message":""})",
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

TEST_F(BatchReply, WhatWasWrongHasAName) {
  const std::pair<std::string, ReplyFault> cases[] = {
      {R"({"UnprocessedItems":{}})", ReplyFault::kNone},
      {R"({ "UnprocessedItems":{}})", ReplyFault::kNone},
      {Unprocessed(Put("a", "1000")), ReplyFault::kUnprocessed},
      {"", ReplyFault::kNotJson},
      {R"({"UnprocessedItems":{)", ReplyFault::kNotJson},
      {"\r\n<!DOCTYPE html><html>log in</html>", ReplyFault::kHtml},
      {"{}", ReplyFault::kNoUnprocessedItems},
      {R"({"message":"m"})", ReplyFault::kErrorAsSuccess},
      {R"({"UnprocessedItems":{},"__type":"x#InternalServerError"})", ReplyFault::kErrorAsSuccess},
      {R"({"UnprocessedItems":null})", ReplyFault::kNoUnprocessedItems},
      {Unprocessed(Put("x", "1000")), ReplyFault::kForeignUnprocessed},
  };
  for (const auto& [body, fault] : cases) {
    Read(body);
    EXPECT_EQ(fault_, fault) << body;
  }
  Verdict refused;
  refused.reaction = Reaction::kRetry;
  Read("{}", refused);
  EXPECT_EQ(fault_, ReplyFault::kNone);  // the verdict has one
}

TEST_F(BatchReply, OtherMembersDoNotMatter) {
  EXPECT_TRUE(Read(R"({"ConsumedCapacity":"much","UnprocessedItems":{},"ItemCollectionMetrics":[1]})"));
  EXPECT_TRUE(Read(R"({"UnprocessedItems":{},"__type":null,"message":null,"new":"member"})"));
  EXPECT_THAT(not_yet_, IsEmpty());
}

// An item and the delete of its key in one request are two things.
TEST_F(BatchReply, APutAndADeleteOfOneKey) {
  sent_ = {{WriteOp::kDelete, DeleteKey("a", "1")}, {WriteOp::kPut, PutItem("a", "1")}};
  EXPECT_TRUE(Read(Unprocessed(Put("a", "1"))));
  EXPECT_THAT(not_yet_, ElementsAre(1));
  EXPECT_TRUE(Read(Unprocessed(Delete("a", "1"))));
  EXPECT_THAT(not_yet_, ElementsAre(0));
}

TEST_F(BatchReply, ARefusalTellsNothingOfItsItems) {
  Verdict refused;
  refused.reaction = Reaction::kRejectItem;
  EXPECT_FALSE(Read(R"({"UnprocessedItems":{}})", refused));
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
