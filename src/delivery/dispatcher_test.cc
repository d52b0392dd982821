#include "delivery/dispatcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/delivery/dispatcher_fixture.h"

namespace ddb {
namespace {

TEST_F(DispatcherTest, StoresEverythingAndLetsTheStateGo) {
  Give(kOne, 103, "k");
  RunUntilIdle();
  ExpectExactlyStored(103, "k");
  EXPECT_EQ(client_.requests.size(), 5u);
  EXPECT_EQ(states_out_.size(), 1u);
  EXPECT_EQ(progress_.stored.value(), 103u);
  EXPECT_EQ(Charged(), 0u);
  EXPECT_FALSE(state_.stopped());
}

TEST_F(DispatcherTest, UnprocessedItemsAreSentAgainAndOnlyThey) {
  std::set<std::string> refused_once = {"k0", "k3", "k24"};
  client_.answer = [&](const auto& keys, Reply&, std::string& body) {
    std::vector<std::string> left;
    for (const std::string& key : keys) {
      if (refused_once.erase(key) > 0) left.push_back(key);
    }
    body = left.empty() ? std::string(kAllWritten) : FakeClient::Unprocessed("one", left);
  };
  Give(kOne, 25, "k");
  RunUntilIdle();
  ExpectExactlyStored(25, "k");
  ASSERT_EQ(client_.requests.size(), 3u);
  EXPECT_EQ(client_.requests[1], std::vector<std::string>{"k0"}) << "one alone, as it may say why";
  EXPECT_EQ(client_.requests[2], (std::vector<std::string>{"k3", "k24"}));
  EXPECT_EQ(states_out_.size(), 1u);
  EXPECT_EQ(Charged(), 0u);
}

// Half of a request is taken, and what is sent alone is refused: then the reply says why.
TEST_F(DispatcherTest, OneItemAloneFindsOutWhyATableIsThrottled) {
  std::set<std::string> refused = {"k0", "k3", "k24"};
  int alone = 0;
  client_.answer = [&](const auto& keys, Reply& reply, std::string& body) {
    body = kAllWritten;
    std::vector<std::string> left;
    for (const std::string& key : keys) {
      if (refused.contains(key)) left.push_back(key);
    }
    if (left.empty()) return;
    if (left.size() < keys.size()) {
      body = FakeClient::Unprocessed("one", left);
    } else {
      alone += keys.size() == 1 ? 1 : 0;
      reply.verdict = VerdictOf(Reaction::kThrottle, ErrorCode::kThrottled);
      reply.verdict.reason = kThrottledIndexProvisioned;
      reply.verdict.index = "by_date";
      refused.clear();
    }
  };
  Give(kOne, 25, "k");
  RunUntilIdle();
  EXPECT_EQ(alone, 1);
  ExpectExactlyStored(25, "k");
  EXPECT_EQ(progress_.stored.value(), 25u);
  ASSERT_TRUE(flow_.throttle(kOne).Look());
  EXPECT_EQ(flow_.throttle(kOne).Look()->cause, (ThrottleReason{kThrottledIndexProvisioned, "by_date"}));
  EXPECT_FALSE(flow_.throttle(kTwo).Look());
  EXPECT_EQ(states_out_.size(), 1u);
  EXPECT_EQ(Charged(), 0u);
}

// Whatever becomes of it, it is one item of the batch, which is settled once.
TEST_F(DispatcherTest, WhatIsSentAloneCanMeetAnyFate) {
  for (const Reaction fate :
       {Reaction::kRetry, Reaction::kThrottle, Reaction::kReauthenticate, Reaction::kNone}) {
    const std::string prefix = "r" + std::to_string(static_cast<int>(fate)) + "_";
    int requests = 0;
    client_.answer = [&](const auto& keys, Reply& reply, std::string& body) {
      body = kAllWritten;
      if (++requests == 1) body = FakeClient::Unprocessed("one", {keys[1], keys[2]});
      if (requests != 2) return;
      EXPECT_EQ(keys, std::vector<std::string>{prefix + "1"});
      if (fate != Reaction::kNone) reply.verdict = VerdictOf(fate, ErrorCode::kOther);
    };
    Give(kOne, 3, prefix);
    RunUntilIdle();
    ExpectExactlyStored(3, prefix);
    flow_.throttle(kOne).EndIfOver(false, clock_.Now() + seconds(3600));
  }
  EXPECT_EQ(progress_.stored.value(), 12u);
  EXPECT_EQ(states_out_.size(), 4u);
  EXPECT_EQ(Charged(), 0u);
}

TEST_F(DispatcherTest, WhyNothingIsStoredIsRememberedUntilSomethingIs) {
  std::vector<ReplyFault> seen;
  client_.answer = [&](const auto& keys, Reply& reply, std::string& body) {
    const auto trouble = flow_.trouble(kOne).Look();
    seen.push_back(trouble ? trouble->fault.fault : ReplyFault::kNone);
    switch (client_.requests.size()) {
      case 1:
        reply.verdict = VerdictOf(Reaction::kRetry, ErrorCode::kTransport);
        reply.verdict.fault = ReplyFault::kReset;
        break;
      case 2:
        body = FakeClient::Unprocessed("one", {keys.front()});
        break;
      case 3:
        body = "{}";
        break;
      default:
        body = kAllWritten;
    }
  };
  Give(kOne, 2, "k");
  RunUntilIdle();
  EXPECT_EQ(seen, (std::vector<ReplyFault>{ReplyFault::kNone, ReplyFault::kReset, ReplyFault::kNone,
                                           ReplyFault::kNoUnprocessedItems}));
  EXPECT_FALSE(flow_.trouble(kOne).Look());
}

// What stands around the items counts, too.
TEST_F(DispatcherTest, OnASlowLineABodyIsNoLargerThanItMayBe) {
  while (flow_.LookAtLine(clock_.Now()).body_limit > PathBound::kLeastBody) {
    const auto ticket = flow_.Send(kOne, 1, clock_.Now());
    flow_.OnEnd(kOne, ticket, PathBound::Outcome::kTimeout, clock_.Now());
  }
  client_.answer = [](const auto&, Reply&, std::string& body) { body = kAllWritten; };
  RecordGroup* group = Register(kOne, 25, "s");
  for (int i = 0; i < 25; ++i)
    GiveItem(
        kOne, group,
        FakeClient::BareItemOf("k" + std::to_string(i) + std::string(PathBound::kLeastBody / 16 - 28, 'x')));
  batcher_.SealAll();
  RunUntilIdle();
  for (const std::string& body : client_.bodies) EXPECT_LE(body.size(), PathBound::kLeastBody);
  EXPECT_EQ(client_.bodies.size(), 2u);
  EXPECT_EQ(states_out_.size(), 1u);
}

TEST_F(DispatcherTest, A200ThatStoredNothingIsAThrottle) {
  int requests = 0;
  client_.answer = [&](const auto& keys, Reply&, std::string& body) {
    body = ++requests == 1 ? FakeClient::Unprocessed("one", keys) : std::string(kAllWritten);
    EXPECT_TRUE(states_out_.empty());
  };
  Give(kOne, 25, "k");
  RunUntilIdle();
  ExpectExactlyStored(25, "k");
  ASSERT_EQ(client_.requests.size(), 3u);
  EXPECT_EQ(client_.requests[1].size(), 1u);
  EXPECT_EQ(client_.requests[2].size(), 24u);
  EXPECT_EQ(states_out_.size(), 1u);
}

TEST_F(DispatcherTest, AnUnprocessedItemThatWasNeverSentMakesTheOutcomeUnknown) {
  int requests = 0;
  client_.answer = [&](const auto&, Reply&, std::string& body) {
    body = ++requests == 1 ? FakeClient::Unprocessed("one", {"stranger"}) : std::string(kAllWritten);
  };
  Give(kOne, 3, "k");
  RunUntilIdle();
  ASSERT_EQ(client_.requests.size(), 2u);
  EXPECT_EQ(client_.requests[1], client_.requests[0]);
  EXPECT_EQ(states_out_.size(), 1u);
}

TEST_F(DispatcherTest, TransientErrorsAreRetriedWithTheSameBytes) {
  int requests = 0;
  client_.answer = [&](const auto&, Reply& reply, std::string& body) {
    if (++requests <= 3) {
      reply.verdict = VerdictOf(Reaction::kRetry, ErrorCode::kServerError);
    } else {
      body = kAllWritten;
    }
  };
  Give(kOne, 25, "k");
  RunUntilIdle();
  ExpectExactlyStored(25, "k");
  EXPECT_EQ(client_.requests.size(), 4u);
  EXPECT_EQ(progress_.retried.value(), 3u);
}

TEST_F(DispatcherTest, ARefusedItemIsFoundByBisectionTheOthersAreStored) {
  client_.answer = [&](const auto& keys, Reply& reply, std::string& body) {
    const bool bad = std::find(keys.begin(), keys.end(), "k13") != keys.end();
    if (bad) {
      reply.verdict = VerdictOf(Reaction::kRejectItem, ErrorCode::kValidation);
    } else {
      body = kAllWritten;
    }
  };
  Give(kOne, 25, "k");
  RunUntilIdle();
  EXPECT_EQ(client_.stored.size(), 24u);
  EXPECT_EQ(client_.stored.count("k13"), 0u);
  EXPECT_LE(client_.requests.size(), 11u);  // log2 steps
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(state_.error()->type, FailureType::kConfig);
  EXPECT_NE(state_.error()->message.find("a reason of our own"), std::string::npos);
  EXPECT_TRUE(states_out_.empty());
  EXPECT_EQ(Charged(), 0u);
}

TEST_F(DispatcherTest, ARequestThatIsTooLargeIsHalved) {
  client_.answer = [&](const auto& keys, Reply& reply, std::string& body) {
    if (keys.size() > 6) {
      reply.verdict = VerdictOf(Reaction::kSplit, ErrorCode::kRequestTooLarge);
    } else {
      body = kAllWritten;
    }
  };
  Give(kOne, 25, "k");
  RunUntilIdle();
  ExpectExactlyStored(25, "k");
  EXPECT_FALSE(state_.stopped());
}

TEST_F(DispatcherTest, AFailedTableFailsTheRunWhileOthersAreStored) {
  client_.answer = [&](const auto& keys, Reply& reply, std::string& body) {
    if (keys[0][0] == 'a') {
      reply.verdict = VerdictOf(Reaction::kFailConfig, ErrorCode::kAccessDenied);
    } else {
      body = kAllWritten;
    }
  };
  Give(kOne, 200, "a");
  Give(kTwo, 200, "b");
  RunUntilIdle();
  ExpectExactlyStored(200, "b");
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(state_.error()->stream->name, "one");
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_EQ(states_out_[0].rfind("{b", 0), 0u);
  EXPECT_EQ(Charged(), 0u);

  // What comes for it later is not sent either.
  const size_t requests = client_.requests.size();
  Give(kOne, 100, "late");
  RunUntilIdle();
  EXPECT_EQ(client_.requests.size(), requests);
  EXPECT_EQ(Charged(), 0u);
}

TEST_F(DispatcherTest, ANewTableMayBeUnknownForAWhile) {
  int requests = 0;
  client_.answer = [&](const auto&, Reply& reply, std::string& body) {
    if (++requests == 1) {
      reply.verdict = VerdictOf(Reaction::kFailConfig, ErrorCode::kResourceNotFound);
    } else {
      body = kAllWritten;
    }
  };
  Give(kOne, 1, "k");
  RunUntilIdle();
  EXPECT_FALSE(state_.stopped());
  ExpectExactlyStored(1, "k");
}

TEST_F(DispatcherTest, ATableThatGoesAwayLaterIsTheUsersBusiness) {
  client_.answer = [](const auto&, Reply&, std::string& body) { body = kAllWritten; };
  Give(kOne, 1, "before");
  RunUntilIdle();
  client_.answer = [&](const auto&, Reply& reply, std::string&) {
    reply.verdict = VerdictOf(Reaction::kFailConfig, ErrorCode::kResourceNotFound);
  };
  clock_.offset = seconds(61);
  Give(kOne, 1, "k");
  RunUntilIdle();
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(state_.error()->type, FailureType::kConfig);
}

TEST_F(DispatcherTest, OneThrottledTableDoesNotHoldBackAnother) {
  bool open = false;
  client_.answer = [&](const auto& keys, Reply& reply, std::string& body) {
    if (keys[0][0] == 'a' && !open) {
      reply.verdict = VerdictOf(Reaction::kThrottle, ErrorCode::kThrottled);
      if (client_.stored.size() == 500) open = true;
    } else {
      body = kAllWritten;
    }
  };
  Give(kOne, 200, "a");
  Give(kTwo, 500, "b");
  RunUntilIdle();
  ExpectExactlyStored(200, "a");
  ExpectExactlyStored(500, "b");
  EXPECT_EQ(states_out_[0].rfind("{b", 0), 0u);
}

TEST_F(DispatcherTest, ATableThatOtherWorkersHoldBackGoesOnWhenTheyAreDone) {
  // Another worker has as much in flight as may be to a table of which nothing is known; nothing of ours is,
  // so no reply to us comes.
  WriteGate& gate = flow_.gate(kOne);
  const Instant sent = clock_.Now();
  const WriteGate::Answer other = gate.TrySend({1, 50, sent}, sent);
  ASSERT_TRUE(other.units);
  Give(kOne, 5, "k");
  EXPECT_TRUE(client_.requests.empty());
  EventLoop::Timer timer(loop_);
  timer.Start(RealClock().Now() + std::chrono::milliseconds(20),
              [&] { gate.OnReply({sent, *other.units, 50, 0, 50, {}}, clock_.Now()); });
  RunUntilIdle();
  ExpectExactlyStored(5, "k");
}

TEST_F(DispatcherTest, ABodyThatIsTooLargeForTheLineIsSentInParts) {
  // Nothing is known of the line: a worker's first bodies are a MiB.
  RecordGroup* group = Register(kOne, 7, "s");
  const std::string padding(300'000, 'p');
  for (int i = 0; i < 7; ++i) {
    const std::string item = FakeClient::ItemOf("k" + std::to_string(i));
    GiveItem(kOne, group, item.substr(0, item.size() - 3) + R"(,"p":{"S":")" + padding + R"("}}}})");
  }
  batcher_.SealAll();
  RunUntilIdle();
  ASSERT_EQ(client_.requests.size(), 2u);
  EXPECT_EQ(client_.requests[0], (std::vector<std::string>{"k0", "k1", "k2"}));
  EXPECT_EQ(client_.requests[1], (std::vector<std::string>{"k3", "k4", "k5", "k6"})) << "by then it is known";
  ExpectExactlyStored(7, "k");
  EXPECT_EQ(progress_.retried.value(), 0u);
  EXPECT_EQ(states_out_.size(), 1u);
  EXPECT_EQ(Charged(), 0u);
}

TEST_F(DispatcherTest, SigningAnewIsTriedAndNotForEver) {
  client_.answer = [&](const auto&, Reply& reply, std::string&) {
    reply.verdict = VerdictOf(Reaction::kReauthenticate, ErrorCode::kExpiredToken);
  };
  Give(kOne, 1, "k");
  RunUntilIdle();
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(client_.requests.size(), 9u);
}

}  // namespace
}  // namespace ddb
