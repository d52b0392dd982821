#include "dynamodb/watched_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class HandClock final : public Clock {
 public:
  Instant Now() const override { return now; }
  int64_t WallMillis() const override { return 0; }
  Instant now{std::chrono::hours(1)};
};

// Answers when the test says so.
class HeldClient final : public Client {
 public:
  void Send(const Operation&, Buffer&, Done done) override { waiting.push_back(std::move(done)); }
  size_t in_flight() const override { return waiting.size(); }
  std::vector<Done> waiting;
};

class CollectingLog final : public Log {
 public:
  void Write(LogLevel level, std::string message) override { lines.emplace_back(level, std::move(message)); }
  std::vector<std::pair<LogLevel, std::string>> lines;
};

class WatchedClientTest : public testing::Test {
 protected:
  void Send() {
    client_.Send("DescribeTable", body_, [this](const Reply&) { ++answered_; });
  }
  void Answer(const Verdict& verdict, std::string_view body = "") {
    Reply reply;
    reply.verdict = verdict;
    reply.body = body;
    const Client::Done done = std::move(held_->waiting.front());
    held_->waiting.erase(held_->waiting.begin());
    done(reply);
  }
  void Fail(ReplyFault fault, Reaction reaction = Reaction::kRetry) {
    Verdict verdict;
    verdict.reaction = reaction;
    verdict.fault = fault;
    Answer(verdict);
  }
  std::vector<std::string> Say(Duration later) {
    clock_.now = start_ + later;
    log_.lines.clear();
    client_.SayTrouble(log_);
    std::vector<std::string> texts;
    for (const auto& [level, text] : log_.lines) texts.push_back(text);
    return texts;
  }

  HandClock clock_;
  const Instant start_ = clock_.now;
  CollectingLog log_;
  Buffer body_;
  int answered_ = 0;
  HeldClient* held_ = new HeldClient;
  WatchedClient client_{std::unique_ptr<Client>(held_), clock_, {"http://here:8000", "us-east-1", true}};
};

TEST_F(WatchedClientTest, SaysWithinThreeSecondsThatNoReplyHasCome) {
  EXPECT_THAT(Say(seconds(9)), IsEmpty()) << "nothing was asked";
  clock_.now = start_;
  Send();
  EXPECT_THAT(Say(seconds(1)), IsEmpty());
  EXPECT_THAT(Say(milliseconds(2500)), ElementsAre(AllOf(HasSubstr("http://here:8000"), HasSubstr("2 s"))));
  EXPECT_EQ(log_.lines[0].first, LogLevel::kInfo);
  EXPECT_THAT(Say(seconds(30)), IsEmpty()) << "once a minute";
  EXPECT_THAT(Say(seconds(63)), testing::SizeIs(1));
}

TEST_F(WatchedClientTest, SaysWhatIsWrongWhileRequestsAreTriedAgain) {
  for (int i = 0; i < 3; ++i) {
    Send();
    Fail(ReplyFault::kNoAddress);
  }
  EXPECT_EQ(answered_, 3);
  EXPECT_THAT(Say(seconds(2)),
              ElementsAre(AllOf(HasSubstr("has no address (3 in a row)"), HasSubstr("tried again"))));
  EXPECT_EQ(log_.lines[0].first, LogLevel::kWarn);
  Send();
  Answer({}, "<html>");
  EXPECT_THAT(Say(seconds(5)), IsEmpty()) << "not a line for each";
  EXPECT_THAT(Say(seconds(18)), ElementsAre(HasSubstr("HTML")));
}

TEST_F(WatchedClientTest, AnAnswerEndsIt) {
  Send();
  Fail(ReplyFault::kReset);
  Send();
  Fail(ReplyFault::kRefusedByName, Reaction::kFailConfig);
  EXPECT_THAT(Say(seconds(5)), IsEmpty());
  Send();
  Answer({}, "{}");
  EXPECT_THAT(Say(seconds(15)), IsEmpty());
}

}  // namespace
}  // namespace ddb
