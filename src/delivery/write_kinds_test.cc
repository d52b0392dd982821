// Other kinds of write than the batch of puts, through the same Batcher and Dispatcher: a conditional put, of
// which a table takes only what is newer, and deletes among puts. Nobody on the way is told which kind it is.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/delivery/dispatcher_fixture.h"

namespace ddb {
namespace {

// A PutItem that the table takes only if it has no item of that key, or one with a lower `order`.
void AppendOrder(const WriteKind&, size_t begin, Buffer& body) {
  constexpr std::string_view kOrder = R"("order":)";
  const std::string_view item = body.view().substr(begin);
  const size_t value = item.find(kOrder) + kOrder.size();
  const std::string order(item.substr(value, item.find('}', value) + 1 - value));
  body.Append(R"(,"ExpressionAttributeValues":{":order":)");
  body.Append(order);
  body.Append("}");
}

bool ReadPutReply(const WriteKind&, const Reply& reply, std::span<const SentItem> sent,
                  WriteOutcome& outcome) {
  EXPECT_EQ(sent.size(), 1u);
  if (reply.verdict.code == ErrorCode::kConditionFailed) {
    outcome.others.push_back({0, ItemOutcome::kLostToNewer});
    return true;
  }
  return reply.verdict.ok() && reply.body == "{}";
}

WriteKind ConditionalPut(const std::string& table) {
  WriteKind kind;
  kind.operation = {"PutItem", 0};
  kind.max_items = 1;
  kind.max_bytes = 1 << 20;
  kind.table = table;
  kind.keys = {{"id", 'S'}, {}};
  kind.head = R"({"TableName":")" + table + R"(","Item":)";
  kind.tail = R"(,"ConditionExpression":"attribute_not_exists(id) OR #order < :order",)"
              R"("ExpressionAttributeNames":{"#order":"order"}})";
  kind.complete = AppendOrder;
  kind.read = ReadPutReply;
  return kind;
}

std::string Ordered(const std::string& key, int order) {
  return R"({"id":{"S":")" + key + R"("},"order":{"N":")" + std::to_string(order) + R"("}})";
}

class WriteKinds : public DispatcherTest {
 protected:
  WriteKinds() : DispatcherTest(Skip(), TablesOfKinds()) {}

  // "one" takes conditional puts, "two" batches.
  static TableTargets TablesOfKinds() {
    TableTargets tables = Tables();
    tables[kOne].write = ConditionalPut(tables[kOne].name);
    return tables;
  }
  void Add(TableNo table, WriteOp op, const std::string& bytes, RecordGroup* group) {
    Batch& batch = batcher_.Open(table, clock_.Now());
    const size_t mark = batcher_.BeginItem(batch, op);
    batch.body.Append(bytes);
    batcher_.EndItem(table, mark, {.group = group, .letter = nullptr, .op = op});
  }
  void Put(const std::vector<std::string>& items) {
    RecordGroup* group = Register(kOne, static_cast<int>(items.size()), "s");
    for (const std::string& item : items) Add(kOne, WriteOp::kPut, item, group);
    batcher_.SealAll();
  }
};

TEST_F(WriteKinds, AConditionalPutIsARequestForEachItem) {
  client_.answer = [](const auto&, Reply&, std::string& body) { body = "{}"; };
  Put({Ordered("a", 7), Ordered("b", 8)});
  RunUntilIdle();
  EXPECT_EQ(client_.operations, (std::vector<std::string>{"PutItem", "PutItem"}));
  EXPECT_EQ(client_.bodies[0], R"({"TableName":"one","Item":{"id":{"S":"a"},"order":{"N":"7"}},)"
                               R"("ExpressionAttributeValues":{":order":{"N":"7"}},)"
                               R"("ConditionExpression":"attribute_not_exists(id) OR #order < :order",)"
                               R"("ExpressionAttributeNames":{"#order":"order"}})");
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"("recordCount":2.0)"), std::string::npos) << states_out_[0];
  EXPECT_EQ(Charged(), 0u);
}

TEST_F(WriteKinds, AConditionThatFailedIsANewerItemAndSuccess) {
  client_.answer = [](const auto& keys, Reply& reply, std::string& body) {
    body = "{}";
    if (keys[0] == "old") reply.verdict = VerdictOf(Reaction::kFailSystem, ErrorCode::kConditionFailed);
  };
  Put({Ordered("old", 1), Ordered("new", 9)});
  RunUntilIdle();
  EXPECT_FALSE(state_.stopped());
  EXPECT_EQ(client_.requests.size(), 2u) << "sent once each";
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"("recordCount":2.0)"), std::string::npos) << states_out_[0];
  EXPECT_EQ(progress_.retried.value(), 0u);
}

TEST_F(WriteKinds, AConditionalPutIsRepeatedWithTheSameBytes) {
  int requests = 0;
  client_.answer = [&](const auto&, Reply& reply, std::string& body) {
    body = "{}";
    ++requests;
    if (requests == 1) reply.verdict = VerdictOf(Reaction::kThrottle, ErrorCode::kThrottled);
    if (requests == 2) body = "";  // a 200 that does not add up
  };
  Put({Ordered("a", 7)});
  RunUntilIdle();
  ASSERT_EQ(client_.bodies.size(), 3u);
  EXPECT_EQ(client_.bodies[1], client_.bodies[0]);
  EXPECT_EQ(client_.bodies[2], client_.bodies[0]);
  EXPECT_EQ(states_out_.size(), 1u);
}

TEST_F(WriteKinds, ARefusedItemOfAConditionalPutIsRejectedAlone) {
  client_.answer = [](const auto& keys, Reply& reply, std::string& body) {
    body = "{}";
    if (keys[0] == "bad") reply.verdict = VerdictOf(Reaction::kRejectItem, ErrorCode::kValidation);
  };
  Put({Ordered("good", 1), Ordered("bad", 2)});
  RunUntilIdle();
  EXPECT_FALSE(state_.stopped());
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"("recordCount":1.0)"), std::string::npos) << states_out_[0];
  EXPECT_NE(states_out_[0].find(R"("rejectedRecordCount":1.0)"), std::string::npos) << states_out_[0];
}

TEST_F(WriteKinds, DeletesAmongPuts) {
  const std::string key = R"({"id":{"S":"k"}})";
  int requests = 0;
  client_.answer = [&](const auto&, Reply&, std::string& body) {
    body = ++requests == 1 ? R"({"UnprocessedItems":{"two":[{"DeleteRequest":{"Key":)" + key + "}}]}}"
                           : std::string(kAllWritten);
  };
  RecordGroup* group = Register(kTwo, 3, "s");
  Add(kTwo, WriteOp::kPut, key, group);
  Add(kTwo, WriteOp::kDelete, key, group);
  Add(kTwo, WriteOp::kPut, R"({"id":{"S":"l"}})", group);
  batcher_.SealAll();
  RunUntilIdle();
  EXPECT_EQ(
      client_.bodies,
      (std::vector<std::string>{
          R"({"RequestItems":{"two":[{"PutRequest":{"Item":{"id":{"S":"k"}}}},)"
          R"({"DeleteRequest":{"Key":{"id":{"S":"k"}}}},{"PutRequest":{"Item":{"id":{"S":"l"}}}}]},"ReturnConsumedCapacity":"TOTAL"})",
          R"({"RequestItems":{"two":[{"DeleteRequest":{"Key":{"id":{"S":"k"}}}}]},"ReturnConsumedCapacity":"TOTAL"})"}));
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"("recordCount":3.0)"), std::string::npos) << states_out_[0];
}

}  // namespace
}  // namespace ddb
