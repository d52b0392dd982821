// ControlPlane alone: when it asks again, and who has a call in flight. What it does for tables: tables_test.
#include "dynamodb/control_plane.h"

#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/times.h"
#include "dynamodb/limits.h"
#include "dynamodb/retry_policy.h"
#include "support/dynamodb/fake_dynamodb.h"

namespace ddb {
namespace {

using std::chrono::seconds;
using testkit::FakeLoop;
using testkit::Refusal;
using testkit::Unreachable;

// Answers when the test says so.
class HeldClient final : public Client {
 public:
  explicit HeldClient(FakeLoop& loop) : loop_(loop) {}
  void Send(const Operation&, Buffer& body, Done done) override {
    times.push_back(loop_.Now());
    bodies.emplace_back(body.view());
    waiting.push_back(std::move(done));
    if (on_send) on_send();
  }
  size_t in_flight() const override { return waiting.size(); }
  void Answer(const Verdict& verdict, std::string_view body = "{}") {
    const Done done = std::move(waiting.front());
    waiting.pop_front();
    Reply reply;
    reply.verdict = verdict;
    if (verdict.ok()) reply.body = body;
    done(reply);
  }

  std::vector<Instant> times;
  std::vector<std::string> bodies;
  std::list<Done> waiting;
  std::function<void()> on_send;

 private:
  FakeLoop& loop_;
};

class ControlPlaneTest : public ::testing::Test {
 protected:
  ControlPlaneTest() {
    options_.random = [] { return 0.5; };
  }

  // What is due by now, and nothing later.
  void RunWhatIsDue() {
    loop_.After(Duration::zero(), [this] { loop_.Stop(); });
    loop_.Run();
  }
  // A call of its own, known by its body.
  std::unique_ptr<Task<>> Start(ControlPlane& plane, int number) {
    auto task = std::make_unique<Task<>>(Call(plane, number));
    task->Start();
    return task;
  }
  Task<> Call(ControlPlane& plane, int number) {
    const ControlReply reply =
        co_await plane.Call("DescribeTable", std::to_string(number), loop_.Now() + std::chrono::hours(1));
    ended_.push_back(number);
    ended_well_ = reply.ok();
  }

  FakeLoop loop_;
  HeldClient client_{loop_};
  ControlOptions options_;
  std::vector<int> ended_;
  bool ended_well_ = false;
};

TEST_F(ControlPlaneTest, WaitsBeforeItAsksAgainAsThePolicySays) {
  struct Case {
    Verdict verdict;
    Reaction waits_as;
  };
  for (const Case& c : {Case{Refusal(Reaction::kThrottle, ErrorCode::kThrottled), Reaction::kThrottle},
                        Case{Refusal(Reaction::kRetry, ErrorCode::kServerError), Reaction::kRetry},
                        Case{Unreachable(TransportError::kReset), Reaction::kRetry},
                        // What is busy takes seconds to be free.
                        Case{Refusal(Reaction::kRetry, ErrorCode::kResourceInUse), Reaction::kThrottle},
                        Case{Refusal(Reaction::kRetry, ErrorCode::kLimitExceeded), Reaction::kThrottle}}) {
    for (const double random : {0.25, 0.5}) {
      options_.random = [random] { return random; };
      options_.first_reply = std::chrono::hours(1);
      ControlPlane plane(loop_, client_, options_);
      client_.times.clear();
      client_.on_send = [&] {
        const bool last = client_.times.size() == 8;
        loop_.After(Duration::zero(), [this, last, verdict = last ? Verdict{} : c.verdict] {
          client_.Answer(verdict);
          if (last) loop_.Stop();
        });
      };
      const auto task = Start(plane, 1);
      loop_.Run();
      EXPECT_TRUE(ended_well_);
      ASSERT_EQ(client_.times.size(), 8u);
      for (int failures = 1; failures < 8; ++failures) {
        const auto at = static_cast<size_t>(failures);
        EXPECT_EQ(client_.times[at] - client_.times[at - 1], RetryDelay(c.waits_as, failures, random))
            << static_cast<int>(c.verdict.code) << " after " << failures;
      }
    }
  }
}

// Else a table that was never dropped, or has no time to live, would count as one that was, or has.
TEST_F(ControlPlaneTest, AnErrorUnderTheStatusOfASuccessIsNone) {
  ControlPlane plane(loop_, client_, options_);
  const auto call = Start(plane, 1);
  for (const char* body : {R"({"__type":"x#ThrottlingException"})", R"({"Table":{},"message":"m"})"}) {
    client_.Answer({}, body);
    EXPECT_TRUE(ended_.empty()) << body;
    client_.on_send = [this] { loop_.Stop(); };
    loop_.Run();
  }
  client_.Answer({});
  EXPECT_EQ(ended_.size(), 1u);
  EXPECT_TRUE(ended_well_);
}

TEST_F(ControlPlaneTest, ACallThatEndsLetsTheOneThatWaitsLongestGo) {
  ControlPlane plane(loop_, client_, options_);
  std::vector<std::unique_ptr<Task<>>> tasks;
  const auto most = static_cast<int>(kMaxControlCalls);
  for (int i = 0; i < most + 2; ++i) tasks.push_back(Start(plane, i));
  EXPECT_EQ(client_.bodies.size(), kMaxControlCalls);
  client_.Answer({});
  EXPECT_EQ(client_.bodies.size(), kMaxControlCalls);  // in a turn of its own
  RunWhatIsDue();
  ASSERT_EQ(client_.bodies.size(), kMaxControlCalls + 1);
  EXPECT_EQ(client_.bodies.back(), std::to_string(most));
  for (int i = 0; i < most + 1; ++i) {
    client_.Answer({});
    RunWhatIsDue();
  }
  EXPECT_EQ(ended_.size(), kMaxControlCalls + 2);
}

// Wherever a call is destroyed, the others go on: while it waits for a reply, for a slot, or for the turn in
// which it would have it.
TEST_F(ControlPlaneTest, ACallThatIsDestroyedHoldsNothing) {
  ControlPlane plane(loop_, client_, options_);
  std::vector<std::unique_ptr<Task<>>> tasks;
  const auto most = static_cast<int>(kMaxControlCalls);
  for (int i = 0; i < most + 4; ++i) tasks.push_back(Start(plane, i));
  tasks[kMaxControlCalls].reset();      // waits for a slot
  tasks[0].reset();                     // waits for a reply: its slot goes to the second of those that wait
  tasks[kMaxControlCalls + 1].reset();  // and is to have it in the next turn
  RunWhatIsDue();
  ASSERT_EQ(client_.bodies.size(), kMaxControlCalls + 1);
  EXPECT_EQ(client_.bodies.back(), std::to_string(most + 2));
  client_.Answer({});  // to nobody
  EXPECT_TRUE(ended_.empty());
  tasks.clear();
  RunWhatIsDue();
  while (!client_.waiting.empty()) client_.Answer({});
  EXPECT_TRUE(ended_.empty());
  // All slots are free again.
  client_.bodies.clear();
  for (int i = 0; i < most + 1; ++i) tasks.push_back(Start(plane, i));
  EXPECT_EQ(client_.bodies.size(), kMaxControlCalls);
}

TEST_F(ControlPlaneTest, ACallThatIsDestroyedBetweenTwoAttemptsIsNotResumed) {
  ControlPlane plane(loop_, client_, options_);
  auto task = Start(plane, 1);
  client_.Answer(Refusal(Reaction::kThrottle, ErrorCode::kThrottled));
  task.reset();
  loop_.After(seconds(30), [this] { loop_.Stop(); });
  loop_.Run();
  EXPECT_EQ(client_.times.size(), 1u);
  EXPECT_TRUE(ended_.empty());
}

// For as long as such a lapse lasts.
TEST_F(ControlPlaneTest, KeysThatWereAcceptedAreNotGivenUpAtTheFirstRefusal) {
  const Verdict refusals[] = {
      Refusal(Reaction::kFailConfig, ErrorCode::kUnrecognizedClient, "UnrecognizedClientException"),
      Refusal(Reaction::kFailConfig, ErrorCode::kInvalidSignature, "InvalidSignatureException"),
  };
  for (const Verdict& refusal : refusals) {
    for (const bool accepted : {true, false}) {
      for (const bool passes : {true, false}) {
        ControlPlane plane(loop_, client_, options_);
        if (accepted) {
          const auto first = Start(plane, 0);
          client_.Answer(
              Refusal(Reaction::kFailConfig, ErrorCode::kResourceNotFound, "ResourceNotFoundException"));
        }
        ended_.clear();
        const Instant begin = loop_.Now();
        const auto task = Start(plane, 1);
        while (ended_.empty()) {
          client_.Answer(passes && loop_.Now() - begin > seconds(10) ? Verdict{} : refusal);
          loop_.After(seconds(1), [this] { loop_.Stop(); });
          if (ended_.empty()) loop_.Run();
          while (ended_.empty() && client_.waiting.empty()) {
            loop_.After(seconds(1), [this] { loop_.Stop(); });
            loop_.Run();
          }
        }
        const Duration took = loop_.Now() - begin;
        EXPECT_EQ(ended_well_, accepted && passes);
        const Duration least = accepted ? (passes ? Duration(seconds(10)) : times::kLapse) : Duration::zero();
        const Duration most = accepted ? times::kLapse + seconds(5) : Duration(seconds(1));
        EXPECT_GE(took, least);
        EXPECT_LE(took, most);
      }
    }
  }
}

// Of requests that leave together it does not matter whose reply is read first.
TEST_F(ControlPlaneTest, ARefusalWaitsForTheOthersOfItsFlight) {
  const Verdict refusal =
      Refusal(Reaction::kFailConfig, ErrorCode::kUnrecognizedClient, "UnrecognizedClientException");
  for (const bool refused_first : {true, false}) {
    ControlPlane plane(loop_, client_, options_);
    ended_.clear();
    const auto one = Start(plane, 1);
    const auto two = Start(plane, 2);
    client_.Answer(refused_first ? refusal : Verdict{});
    client_.Answer(refused_first ? Verdict{} : refusal);
    RunWhatIsDue();
    EXPECT_EQ(ended_.size(), 1u) << refused_first;
    loop_.After(seconds(1), [this] { loop_.Stop(); });
    loop_.Run();
    ASSERT_EQ(client_.waiting.size(), 1u) << "the one that was refused is tried again";
    client_.Answer({});
    EXPECT_EQ(ended_.size(), 2u);
    EXPECT_TRUE(ended_well_);
  }
}

TEST_F(ControlPlaneTest, ARefusalOfAllIsOneAtOnce) {
  const Verdict refusal =
      Refusal(Reaction::kFailConfig, ErrorCode::kUnrecognizedClient, "UnrecognizedClientException");
  ControlPlane plane(loop_, client_, options_);
  std::vector<std::unique_ptr<Task<>>> tasks;
  for (int i = 0; i < static_cast<int>(kMaxControlCalls) + 9; ++i) tasks.push_back(Start(plane, i));
  const Instant begin = loop_.Now();
  while (client_.waiting.size() > 1) client_.Answer(refusal);
  RunWhatIsDue();
  EXPECT_TRUE(ended_.empty());
  client_.Answer(refusal);
  RunWhatIsDue();
  EXPECT_EQ(ended_.size(), kMaxControlCalls) << "and only then are others sent";
  EXPECT_EQ(loop_.Now(), begin);
  EXPECT_FALSE(ended_well_);
}

TEST_F(ControlPlaneTest, ARefusalDoesNotWaitForASilentRequest) {
  ControlPlane plane(loop_, client_, options_);
  const auto one = Start(plane, 1);
  const auto two = Start(plane, 2);
  client_.Answer(
      Refusal(Reaction::kFailConfig, ErrorCode::kUnrecognizedClient, "UnrecognizedClientException"));
  loop_.After(seconds(6), [this] { loop_.Stop(); });
  loop_.Run();
  EXPECT_EQ(ended_, std::vector<int>{1});
}

TEST_F(ControlPlaneTest, ACallEndsWithItsDeadlineWhateverItsReplyDoes) {
  ControlPlane plane(loop_, client_, options_);
  bool ended = false;
  const auto call = [&]() -> Task<> {
    const ControlReply reply = co_await plane.Call("CreateTable", "{}", loop_.Now() + seconds(10));
    EXPECT_TRUE(reply.gave_up);
    EXPECT_TRUE(reply.unknown);
    ended = true;
  };
  Task<> task = call();
  task.Start();
  loop_.After(seconds(12), [this] { loop_.Stop(); });
  loop_.Run();
  EXPECT_TRUE(ended);
  client_.Answer({});  // to nobody
}

// What the run has learnt in an earlier step.
TEST_F(ControlPlaneTest, KeysThatWereAcceptedInAnEarlierStepAreNotGivenUpEither) {
  ControlWatch watch("http://here");
  options_.watch = &watch;
  for (int step = 0; step < 2; ++step) {
    ControlPlane plane(loop_, client_, options_);
    const auto task = Start(plane, step);
    if (step == 1) {
      client_.Answer(
          Refusal(Reaction::kFailConfig, ErrorCode::kUnrecognizedClient, "UnrecognizedClientException"));
      loop_.After(seconds(1), [this] { loop_.Stop(); });
      loop_.Run();
      ASSERT_EQ(client_.waiting.size(), 1u);
    }
    client_.Answer({});
  }
  EXPECT_EQ(ended_.size(), 2u);
  EXPECT_TRUE(ended_well_);
}

// A permission is not known everywhere at once.
TEST_F(ControlPlaneTest, ADenialIsNoDenialYet) {
  for (const ErrorCode code : {ErrorCode::kAccessDenied, ErrorCode::kKmsUnavailable}) {
    ControlPlane plane(loop_, client_, options_);
    ended_.clear();
    const auto task = Start(plane, 1);
    for (int denials = 0; denials < 4; ++denials) {
      ASSERT_EQ(client_.waiting.size(), 1u);
      client_.Answer(Refusal(Reaction::kFailConfig, code, "AccessDeniedException"));
      loop_.After(times::kDenialMayPass / 4, [this] { loop_.Stop(); });
      loop_.Run();
    }
    EXPECT_TRUE(ended_.empty());
    client_.Answer({});
    EXPECT_EQ(ended_, std::vector<int>{1});
    EXPECT_TRUE(ended_well_);
  }
}

// Nor is one that stays waited for with every table; but with each of its tables where it is permitted for
// others, as then the next may be a lapse.
TEST_F(ControlPlaneTest, APermissionThatIsMissingIsWaitedForOnce) {
  const Verdict denial = Refusal(Reaction::kFailConfig, ErrorCode::kAccessDenied, "AccessDeniedException");
  ControlWatch watch("http://here");
  options_.watch = &watch;
  for (const bool permitted_between : {false, true}) {
    watch.denied.clear();
    ControlPlane plane(loop_, client_, options_);
    std::vector<Duration> lasted;
    client_.on_send = [&] {
      loop_.After(Duration::zero(), [&] {
        client_.Answer(client_.bodies.back() == "1" ? Verdict{} : denial);
        if (!ended_.empty()) loop_.Stop();
      });
    };
    for (const int call : permitted_between ? std::vector<int>{0, 1, 2} : std::vector<int>{0, 2}) {
      const Instant begin = loop_.Now();
      ended_.clear();
      const auto task = Start(plane, call);
      loop_.Run();
      EXPECT_EQ(ended_well_, call == 1);
      if (call != 1) lasted.push_back(loop_.Now() - begin);
    }
    EXPECT_EQ(lasted[0], times::kDenialMayPass);
    EXPECT_EQ(lasted[1], permitted_between ? times::kDenialMayPass : Duration::zero());
    EXPECT_EQ(watch.Beside().denied, watch.denied);
  }
}

}  // namespace
}  // namespace ddb
