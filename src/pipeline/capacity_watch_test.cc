#include "pipeline/capacity_watch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class TestClock final : public Clock {
 public:
  Instant Now() const override { return now; }
  int64_t WallMillis() const override { return 0; }
  Instant now{std::chrono::hours(1)};
};

std::string Described(const std::string& table, int units, const std::string& status = "ACTIVE") {
  return fmt::format(
      R"({{"Table":{{"TableName":"{}","TableStatus":"{}","AttributeDefinitions":[{{"AttributeName":"k","AttributeType":"S"}}],"KeySchema":[{{"AttributeName":"k","KeyType":"HASH"}}],"ProvisionedThroughput":{{"ReadCapacityUnits":1,"WriteCapacityUnits":{}}}}}}})",
      table, status, units);
}

Verdict Failure(Reaction reaction, ErrorCode code, TransportError transport = TransportError::kNone) {
  Verdict verdict;
  verdict.reaction = reaction;
  verdict.code = code;
  verdict.transport = transport;
  return verdict;
}

// Requests wait until the test answers them.
struct Requests {
  struct Waiting {
    std::string body;
    Client::Done done;
  };
  std::vector<Waiting> waiting;
  int clients = 0;

  void Answer(Verdict verdict, const std::string& body) {
    ASSERT_FALSE(waiting.empty());
    const Waiting first = waiting.front();
    waiting.erase(waiting.begin());
    Reply reply;
    reply.verdict = std::move(verdict);
    reply.body = body;
    first.done(reply);
  }
};

class WaitingClient final : public Client {
 public:
  explicit WaitingClient(Requests& requests) : requests_(requests) { ++requests_.clients; }
  ~WaitingClient() override {
    while (!requests_.waiting.empty())
      requests_.Answer(Failure(Reaction::kRetry, ErrorCode::kTransport, TransportError::kCancelled), "");
  }
  void Send(const Operation& operation, Buffer& body, Done done) override {
    EXPECT_EQ(operation.name, "DescribeTable");
    requests_.waiting.push_back({std::string(body.view()), std::move(done)});
  }
  size_t in_flight() const override { return requests_.waiting.size(); }

 private:
  Requests& requests_;
};

class CapacityWatchTest : public testing::Test {
 protected:
  explicit CapacityWatchTest(size_t tables = 3) : tables_(Targets(tables)), flow_(1, tables) {}

  static TableTargets Targets(size_t count) {
    TableTargets tables;
    for (size_t i = 0; i < count; ++i) tables.push_back({"t" + std::to_string(i), {}, {}});
    return tables;
  }
  static TableDescription Of(int units) {
    TableDescription description;
    description.settings.capacity.write_units = units;
    return description;
  }
  // A table of so many units that has refused something, and for which more waits.
  void Limit(size_t table, int units) {
    watch_.Describe(TableNo(table), Of(units));
    clock_.now += seconds(1);
    WriteGate& gate = flow_.gate(TableNo(table));
    const WriteGate::Answer answer = gate.TrySend({0, 25, clock_.now}, clock_.now);
    ASSERT_TRUE(answer.units);
    gate.OnReply({clock_.now, *answer.units, 5, 20, 25, {}}, clock_.now);
    Want(table);
  }
  void Want(size_t table) {
    EXPECT_FALSE(flow_.gate(TableNo(table)).TrySend({0, 1e12, clock_.now}, clock_.now).units);
  }
  double Rate(size_t table) { return flow_.gate(TableNo(table)).LookAt(clock_.now).rate; }
  void Later(Duration time, std::vector<size_t> wanting) {
    clock_.now += time;
    for (const size_t table : wanting) Want(table);
    watch_.Tick(clock_.now);
  }

  TestClock clock_;
  EventLoop loop_;
  Requests requests_;
  const ClientFactory make_client_ = [this](EventLoop&) {
    return std::make_unique<WaitingClient>(requests_);
  };
  const TableTargets tables_;
  FlowControl flow_;
  CapacityWatch watch_{tables_, flow_, clock_, loop_, make_client_, /*enforced=*/true};
};

TEST_F(CapacityWatchTest, ATableThatIsNotTheLimitIsNotLookedAt) {
  watch_.Describe(TableNo(0), Of(10));
  for (int i = 0; i < 100; ++i) Later(seconds(1), {});
  EXPECT_TRUE(requests_.waiting.empty());
  EXPECT_EQ(requests_.clients, 0) << "nor is there a connection";
}

TEST_F(CapacityWatchTest, WhatALookTellsIsTheRateAtOnce) {
  Limit(1, 50);
  watch_.Tick(clock_.now);
  ASSERT_EQ(requests_.waiting.size(), 1u);
  EXPECT_EQ(requests_.waiting[0].body, R"({"TableName":"t1"})");
  requests_.Answer({}, Described("t1", 500));
  EXPECT_EQ(Rate(1), 500);
  const std::vector<CapacityWatch::Change> changes = watch_.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].table, TableNo(1));
  EXPECT_EQ(changes[0].before, 50);
  EXPECT_EQ(changes[0].after, 500);
  EXPECT_TRUE(watch_.TakeChanges().empty()) << "once";
}

TEST_F(CapacityWatchTest, ATableIsLookedAtEveryFewSecondsAndOnceAtATime) {
  Limit(0, 50);
  watch_.Tick(clock_.now);
  Later(seconds(10), {0});
  EXPECT_EQ(requests_.waiting.size(), 1u) << "one is under way";
  requests_.Answer({}, Described("t0", 50));
  EXPECT_TRUE(watch_.TakeChanges().empty());
  Later(milliseconds(2500), {0});
  EXPECT_TRUE(requests_.waiting.empty());
  Later(milliseconds(500), {0});
  EXPECT_EQ(requests_.waiting.size(), 1u);
}

TEST_F(CapacityWatchTest, ALookThatFailsIsRepeatedLessAndLessOften) {
  Limit(0, 50);
  int looks = 0;
  for (int i = 0; i < 3600; ++i) {
    Later(seconds(1), {0});
    if (requests_.waiting.empty()) continue;
    ++looks;
    requests_.Answer(Failure(Reaction::kFailConfig, ErrorCode::kAccessDenied), "");
  }
  EXPECT_GE(looks, 10);
  EXPECT_LE(looks, 20);
  EXPECT_GT(Rate(0), 0);
}

TEST_F(CapacityWatchTest, WhatIsNoDescriptionOfATableThatTakesWritesSaysNothing) {
  Limit(0, 50);
  for (const std::string& body : {std::string("{}"), std::string("<html>"), Described("t0", 7, "DELETING"),
                                  Described("t0", 7, "CREATING")}) {
    Later(minutes(6), {0});
    requests_.Answer({}, body);
    EXPECT_TRUE(watch_.TakeChanges().empty()) << body;
    EXPECT_GE(Rate(0), 50) << body;
  }
  Later(minutes(6), {0});
  requests_.Answer({}, Described("t0", 7, "UPDATING"));
  EXPECT_EQ(Rate(0), 7);
}

class ManyTablesWatchTest : public CapacityWatchTest {
 protected:
  ManyTablesWatchTest() : CapacityWatchTest(40) {}
};

TEST_F(ManyTablesWatchTest, EachHasItsTurnAndAFewAreLookedAtATime) {
  std::vector<size_t> all;
  for (size_t table = 0; table < 40; ++table) {
    Limit(table, 10);
    all.push_back(table);
  }
  std::map<std::string, int> looks;
  for (int i = 0; i < 16; ++i) {
    Later(milliseconds(500), all);
    EXPECT_LE(requests_.waiting.size(), CapacityWatch::kAtOnce);
    while (!requests_.waiting.empty()) {
      ++looks[requests_.waiting[0].body];
      requests_.Answer({}, Described("t", 10));
    }
  }
  EXPECT_EQ(looks.size(), 40u);
  for (const auto& [body, count] : looks) EXPECT_EQ(count, 2) << body;
}

TEST_F(CapacityWatchTest, ALookThatIsUnderWayEndsWithIt) {
  Limit(0, 50);
  watch_.Tick(clock_.now);
  EXPECT_EQ(requests_.waiting.size(), 1u);
}

}  // namespace
}  // namespace ddb
