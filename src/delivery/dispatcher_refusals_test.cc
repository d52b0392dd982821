#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "delivery/dispatcher.h"
#include "support/delivery/dispatcher_fixture.h"

namespace ddb {
namespace {

class SkippingDispatcherTest : public DispatcherTest {
 protected:
  explicit SkippingDispatcherTest(std::optional<TableNo> dead_letters = std::nullopt)
      : DispatcherTest(Skip(dead_letters)) {}

  void Refuse(std::function<bool(const std::string& key)> bad) {
    client_.answer = [bad = std::move(bad)](const auto& keys, Reply& reply, std::string& body) {
      if (std::any_of(keys.begin(), keys.end(), bad)) {
        reply.verdict = VerdictOf(Reaction::kRejectItem, ErrorCode::kValidation);
      } else {
        body = kAllWritten;
      }
    };
  }
};

TEST_F(SkippingDispatcherTest, ARefusedItemIsCountedAndTheStateGoes) {
  Refuse([](const std::string& key) { return key == "k3" || key == "k20"; });
  Give(kOne, 25, "k");
  RunUntilIdle();
  EXPECT_FALSE(state_.stopped());
  EXPECT_EQ(client_.stored.size(), 23u);
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"({"recordCount":23.0,"rejectedRecordCount":2.0})"), std::string::npos)
      << states_out_[0];
  EXPECT_EQ(log_.messages.size(), 1u);
  EXPECT_EQ(Charged(), 0u);
}

TEST_F(SkippingDispatcherTest, TheHalvesOfARefusedRequestKeepTheirOrder) {
  Refuse([](const std::string& key) { return key == "k3"; });
  Give(kOne, 4, "k");
  RunUntilIdle();
  const std::vector<std::vector<std::string>> sent = {
      {"k0", "k1", "k2", "k3"}, {"k0", "k1"}, {"k2", "k3"}, {"k2"}, {"k3"}};
  EXPECT_EQ(client_.requests, sent);
}

TEST_F(SkippingDispatcherTest, ThreeBatchesRefusedWholeAreAStorm) {
  Refuse([](const std::string&) { return true; });
  Give(kOne, 250, "k");
  RunUntilIdle();
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(state_.error()->type, FailureType::kConfig);
  EXPECT_TRUE(states_out_.empty());
  EXPECT_GE(progress_.rejected.value(), 75u);
}

TEST_F(SkippingDispatcherTest, BatchesOfWhichSomethingIsStoredAreNoStorm) {
  Refuse([](const std::string& key) { return key.back() != '7'; });
  Give(kOne, 200, "k");
  RunUntilIdle();
  EXPECT_FALSE(state_.stopped());
  EXPECT_EQ(client_.stored.size(), 20u);
  EXPECT_EQ(states_out_.size(), 1u);
}

TEST_F(SkippingDispatcherTest, AnItemThatIsTooLargeForThisServiceIsMadeSmaller) {
  int sent = 0;
  client_.answer = [&](const auto&, Reply& reply, std::string& body) {
    body = kAllWritten;
    if (++sent == 1) reply.verdict = VerdictOf(Reaction::kRejectItem, ErrorCode::kItemTooLarge);
  };
  RecordGroup* group = Register(kOne, 1, "s");
  GiveItem(kOne, group,
           R"({"id":{"S":"k"},"_airbyte_data":{"M":{"a":{"S":"b"},"big":{"S":")" + std::string(410'000, 'x') +
               R"("}}}})");
  batcher_.SealAll();
  RunUntilIdle();
  EXPECT_FALSE(state_.stopped());
  EXPECT_EQ(sent, 2);
  EXPECT_EQ(client_.stored["k"], 1);
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"("recordCount":1.0)"), std::string::npos) << states_out_[0];
  EXPECT_NE(states_out_[0].find(R"("nulledValueCount":1.0)"), std::string::npos) << states_out_[0];
  EXPECT_EQ(Charged(), 0u);
}

// What was made smaller fits by both of the rules that are known: to do it again would change nothing.
TEST_F(SkippingDispatcherTest, AnItemThatIsStillTooLargeWhenItWasMadeSmallerIsRejected) {
  client_.answer = [&](const auto&, Reply& reply, std::string&) {
    reply.verdict = VerdictOf(Reaction::kRejectItem, ErrorCode::kItemTooLarge);
  };
  RecordGroup* group = Register(kOne, 1, "s");
  GiveItem(kOne, group,
           R"({"id":{"S":"k"},"_airbyte_data":{"M":{"a":{"S":")" + std::string(300'000, 'x') +
               R"("},"b":{"S":")" + std::string(200'000, 'x') + R"("}}}})");
  batcher_.SealAll();
  RunUntilIdle();
  EXPECT_EQ(client_.requests.size(), 2u);
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"("rejectedRecordCount":1.0)"), std::string::npos) << states_out_[0];
  rejections_.LogTotals();
  EXPECT_EQ(std::count_if(log_.messages.begin(), log_.messages.end(),
                          [](const std::string& message) {
                            return message.find("1 value was set to null") != std::string::npos &&
                                   message.find("; 1 record is noted") != std::string::npos;
                          }),
            1);
}

TEST_F(SkippingDispatcherTest, AnItemThatCannotBeMadeSmallerIsRejected) {
  client_.answer = [](const auto&, Reply& reply, std::string&) {
    reply.verdict = VerdictOf(Reaction::kRejectItem, ErrorCode::kItemTooLarge);
  };
  Give(kOne, 1, "k");  // it is small already
  RunUntilIdle();
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"("rejectedRecordCount":1.0)"), std::string::npos) << states_out_[0];
}

class FailingDispatcherTest : public DispatcherTest {};

TEST_F(FailingDispatcherTest, AnItemRefusedForTooLongIsSentAloneAndGivenUpAfterTenTimesInAMinute) {
  // Hours back, so that whatever is waited for is due on the loop's own clock; a millisecond is a second.
  clock_.offset = -std::chrono::hours(3);
  const Instant begin = clock_.Now();
  EventLoop::Timer tick(loop_);
  std::function<void()> run = [&] {
    clock_.offset += seconds(1);
    tick.Start(RealClock().Now() + std::chrono::milliseconds(1), run);
  };
  run();
  std::vector<Instant> alone;  // replies to k0 without company, when it has waited for so long
  client_.answer = [&](const auto& keys, Reply&, std::string& body) {
    std::vector<std::string> left;
    for (const std::string& key : keys) {
      if (key == "k0" || (key == "k1" && keys.size() > 1)) left.push_back(key);
    }
    const bool overdue = clock_.Now() - begin >= plan_.give_up;
    if (keys == std::vector<std::string>{"k0"} && overdue) alone.push_back(clock_.Now());
    body = left.empty() ? std::string(kAllWritten) : FakeClient::Unprocessed("one", left);
  };
  Give(kOne, 25, "k");
  RunUntilIdle();
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(state_.error()->type, FailureType::kTransient);
  EXPECT_EQ(client_.stored["k1"], 1) << "what is taken alone is stored";
  EXPECT_EQ(client_.stored["k0"], 0);
  ASSERT_GE(alone.size(), 10u);
  EXPECT_GE(alone.back() - alone.front(),
            seconds(59));  // a little passes between a reply and a look at the clock
  // More of it on a machine that is slow, where a tick is a second here all the same.
  const bool sooner = alone[alone.size() - 2] - alone.front() >= seconds(65) && alone.size() - 1 >= 10;
  EXPECT_FALSE(sooner) << "it could have been given up one refusal before";
}

class LetterDispatcherTest : public SkippingDispatcherTest {
 protected:
  LetterDispatcherTest() : SkippingDispatcherTest(kLetters) {}
};

TEST_F(LetterDispatcherTest, TheStateWaitsForTheDeadLetter) {
  Refuse([](const std::string& key) { return key == "k3"; });
  Give(kOne, 25, "k");
  RunUntilIdle();
  EXPECT_EQ(client_.stored.size(), 24u);
  EXPECT_TRUE(states_out_.empty());
  batcher_.SealAll();  // as the worker does by age
  RunUntilIdle();
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"("rejectedRecordCount":1.0)"), std::string::npos);
  EXPECT_EQ(Charged(), 0u);
}

TEST_F(LetterDispatcherTest, TheStateWaitsForEveryPartOfTheDeadLetter) {
  std::mt19937 random(1);
  std::string key;
  while (key.size() < 900'000) key += "0123456789abcdef"[random() % 16];  // as gzip more than one part
  int letters = 0;
  client_.answer = [&](const auto& keys, Reply& reply, std::string& body) {
    if (!keys.empty()) {
      reply.verdict = VerdictOf(Reaction::kRejectItem, ErrorCode::kValidation);
    } else if (++letters == 1) {
      reply.verdict = VerdictOf(Reaction::kSplit, ErrorCode::kRequestTooLarge);
    } else {
      EXPECT_TRUE(states_out_.empty());
      body = kAllWritten;
    }
  };
  Give(kOne, 1, key);
  RunUntilIdle();
  batcher_.SealAll();
  RunUntilIdle();
  EXPECT_EQ(letters, 3);  // both parts, and each
  EXPECT_EQ(states_out_.size(), 1u);
}

}  // namespace
}  // namespace ddb
