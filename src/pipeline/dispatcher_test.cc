#include "pipeline/dispatcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dynamodb/requests.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kAllWritten = R"({"UnprocessedItems":{}})";

// Time that a test moves; timers of the real loop are due as soon as it has passed them.
class ManualClock final : public Clock {
 public:
  Instant Now() const override { return RealClock().Now() + offset; }
  int64_t WallMillis() const override { return 0; }
  Duration offset{};
};

// Answers every request, on the loop, by what the test says of its items' keys.
class FakeClient final : public Client {
 public:
  explicit FakeClient(EventLoop& loop) : loop_(loop) {}

  void Send(std::string_view operation, Buffer& body, Done done) override {
    EXPECT_EQ(operation, "BatchWriteItem");
    ++in_flight_;
    std::vector<std::string> keys = KeysIn(body.view());
    EXPECT_LE(keys.size(), 25u);
    requests.push_back(keys);
    loop_.Post([this, keys = std::move(keys), done = std::move(done)] {
      --in_flight_;
      std::string text;
      Reply reply;
      answer(keys, reply, text);
      reply.body = text;
      if (reply.verdict.ok()) {
        for (const std::string& key : keys) {
          if (text.find(ItemOf(key)) == std::string::npos) ++stored[key];
        }
      }
      done(reply);
    });
  }
  size_t in_flight() const override { return in_flight_; }

  static std::string ItemOf(const std::string& key) {
    return R"({"PutRequest":{"Item":{"id":{"S":")" + key + R"("}}}})";
  }
  static std::vector<std::string> KeysIn(std::string_view body) {
    std::vector<std::string> keys;
    static constexpr std::string_view kBegin = R"({"id":{"S":")";
    for (size_t at = body.find(kBegin); at != std::string_view::npos; at = body.find(kBegin, at + 1)) {
      const size_t begin = at + kBegin.size();
      keys.emplace_back(body.substr(begin, body.find('"', begin) - begin));
    }
    return keys;
  }
  static std::string Unprocessed(const std::string& table, const std::vector<std::string>& keys) {
    std::string items;
    for (const std::string& key : keys) items += (items.empty() ? "" : ",") + ItemOf(key);
    return R"({"UnprocessedItems":{")" + table + R"(":[)" + items + "]}}";
  }

  std::function<void(const std::vector<std::string>& keys, Reply& reply, std::string& body)> answer =
      [](const auto&, Reply&, std::string& body) { body = kAllWritten; };
  std::vector<std::vector<std::string>> requests;
  std::map<std::string, int> stored;

 private:
  EventLoop& loop_;
  size_t in_flight_ = 0;
};

class CollectingLog final : public Log {
 public:
  void Write(LogLevel, std::string message) override { messages.push_back(std::move(message)); }
  bool Enabled(LogLevel) const override { return true; }
  std::vector<std::string> messages;
};

Verdict VerdictOf(Reaction reaction, ErrorCode code = ErrorCode::kOther) {
  Verdict verdict;
  verdict.reaction = reaction;
  verdict.code = code;
  verdict.status = 400;
  verdict.reason = "a reason of our own";
  return verdict;
}

class DispatcherTest : public ::testing::Test {
 protected:
  explicit DispatcherTest(RejectionPolicy policy = {}) : policy_(policy) {}

  static std::vector<TableTarget> Tables() {
    std::vector<TableTarget> tables;
    for (const char* name : {"one", "two", "letters"}) {
      TableTarget target;
      target.name = name;
      target.stream.name = name;
      target.keys.hash = {"id", 'S'};
      target.request_prefix = BatchWriteHead(name);
      target.request_suffix = kBatchWriteTail;
      tables.push_back(std::move(target));
    }
    return tables;
  }

  // Records with these keys, in batches of 25, all before one STATE of their stream.
  void Give(int table, int count, const std::string& prefix) {
    CheckpointLedger::ChunkContents contents;
    contents.chunk = chunk_;
    ledger_.OpenChunk(chunk_++);
    auto group = std::make_shared<RecordGroup>();
    group->stream = table;
    group->at = {contents.chunk, 0};
    group->outstanding = static_cast<uint64_t>(count);
    contents.groups.push_back(group);
    PendingState state;
    state.at = {contents.chunk, 1};
    state.fields.kind = StateKind::kStream;
    state.stream = table;
    state.line = "{" + prefix + "}";
    state.fields.stats_begin = state.fields.stats_end = state.line.size() - 1;
    contents.states.push_back(std::move(state));
    ASSERT_TRUE(ledger_.Register(std::move(contents)).ok());
    for (int i = 0; i < count; ++i) {
      Batch& batch = batcher_.Open(table, clock_.Now());
      const size_t mark = Batcher::BeginItem(batch);
      batch.body.Append(FakeClient::ItemOf(prefix + std::to_string(i)));
      batch.charged += 10;
      budget_.Add(10);
      batcher_.EndItem(table, mark, group.get());
    }
    batcher_.SealAll();
  }
  // Runs the loop until nothing is left to do (or the run failed and nothing is in flight), at most 60 s.
  void RunUntilIdle() {
    EventLoop::Timer limit(loop_);
    limit.Start(RealClock().Now() + seconds(60), [this] { loop_.Stop(); });
    stop_when_idle_ = true;
    if (!dispatcher_.idle()) loop_.Run();
    EXPECT_TRUE(dispatcher_.idle());
  }
  void ExpectExactlyStored(int count, const std::string& prefix) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(client_.stored[prefix + std::to_string(i)], 1) << i;
  }

  ManualClock clock_;
  EventLoop loop_;
  const std::vector<TableTarget> tables_ = Tables();
  std::vector<RateController> rates_{3};
  std::vector<std::string> states_out_;
  CheckpointLedger ledger_{2, [this](std::string line, size_t) { states_out_.push_back(std::move(line)); }};
  MemoryBudget budget_{1 << 20};
  RunState state_{[] {}};
  CollectingLog log_;
  const RejectionPolicy policy_;
  Rejections rejections_{policy_, tables_, log_};
  EndpointText endpoint_;
  RunContext run_{clock_, tables_,     rates_,       ledger_,      budget_,
                  state_, rejections_, clock_.Now(), seconds(600), endpoint_};
  Progress progress_;
  FakeClient client_{loop_};
  bool stop_when_idle_ = false;
  uint64_t chunk_ = 0;
  Batcher batcher_{tables_, [this](BatchPtr batch) { dispatcher_.Enqueue(std::move(batch)); }};
  RecordRejecter rejecter_{clock_, tables_, rejections_, state_, budget_, batcher_, progress_};
  Dispatcher dispatcher_{loop_,
                         client_,
                         batcher_,
                         rejecter_,
                         run_,
                         4,
                         progress_,
                         [this] {
                           if (stop_when_idle_ && dispatcher_.idle()) loop_.Stop();
                         },
                         [](const KeyedWrite&) {}};
};

TEST_F(DispatcherTest, StoresEverythingAndLetsTheStateGo) {
  Give(0, 103, "k");
  RunUntilIdle();
  ExpectExactlyStored(103, "k");
  EXPECT_EQ(client_.requests.size(), 5u);
  EXPECT_EQ(states_out_.size(), 1u);
  EXPECT_EQ(progress_.stored.value(), 103u);
  EXPECT_EQ(budget_.used(), 0u);
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
  Give(0, 25, "k");
  RunUntilIdle();
  ExpectExactlyStored(25, "k");
  ASSERT_EQ(client_.requests.size(), 2u);
  EXPECT_EQ(client_.requests[1].size(), 3u);
  EXPECT_EQ(states_out_.size(), 1u);
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(DispatcherTest, AnUnprocessedItemThatWasNeverSentMakesTheOutcomeUnknown) {
  int requests = 0;
  client_.answer = [&](const auto&, Reply&, std::string& body) {
    body = ++requests == 1 ? FakeClient::Unprocessed("one", {"stranger"}) : std::string(kAllWritten);
  };
  Give(0, 3, "k");
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
  Give(0, 25, "k");
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
  Give(0, 25, "k");
  RunUntilIdle();
  EXPECT_EQ(client_.stored.size(), 24u);
  EXPECT_EQ(client_.stored.count("k13"), 0u);
  EXPECT_LE(client_.requests.size(), 11u);  // log2 steps
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(state_.error()->type, FailureType::kConfig);
  EXPECT_NE(state_.error()->message.find("a reason of our own"), std::string::npos);
  EXPECT_TRUE(states_out_.empty());
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(DispatcherTest, ARequestThatIsTooLargeIsHalved) {
  client_.answer = [&](const auto& keys, Reply& reply, std::string& body) {
    if (keys.size() > 6) {
      reply.verdict = VerdictOf(Reaction::kSplit, ErrorCode::kRequestTooLarge);
    } else {
      body = kAllWritten;
    }
  };
  Give(0, 25, "k");
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
  Give(0, 200, "a");
  Give(1, 200, "b");
  RunUntilIdle();
  ExpectExactlyStored(200, "b");
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(state_.error()->stream->name, "one");
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_EQ(states_out_[0].rfind("{b", 0), 0u);
  EXPECT_EQ(budget_.used(), 0u);
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
  Give(0, 1, "k");
  RunUntilIdle();
  EXPECT_FALSE(state_.stopped());
  ExpectExactlyStored(1, "k");
}

TEST_F(DispatcherTest, LaterAMissingTableIsTheUsersBusiness) {
  client_.answer = [&](const auto&, Reply& reply, std::string&) {
    reply.verdict = VerdictOf(Reaction::kFailConfig, ErrorCode::kResourceNotFound);
  };
  clock_.offset = seconds(61);
  Give(0, 1, "k");
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
  Give(0, 200, "a");
  Give(1, 500, "b");
  RunUntilIdle();
  ExpectExactlyStored(200, "a");
  ExpectExactlyStored(500, "b");
  EXPECT_EQ(states_out_[0].rfind("{b", 0), 0u);
}

TEST_F(DispatcherTest, SigningAnewIsTriedAndNotForEver) {
  client_.answer = [&](const auto&, Reply& reply, std::string&) {
    reply.verdict = VerdictOf(Reaction::kReauthenticate, ErrorCode::kExpiredToken);
  };
  Give(0, 1, "k");
  RunUntilIdle();
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(client_.requests.size(), 9u);
}

class SkippingDispatcherTest : public DispatcherTest {
 protected:
  explicit SkippingDispatcherTest(std::optional<int> dead_letters = std::nullopt)
      : DispatcherTest(RejectionPolicy{true, dead_letters, 1000}) {}

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
  Give(0, 25, "k");
  RunUntilIdle();
  EXPECT_FALSE(state_.stopped());
  EXPECT_EQ(client_.stored.size(), 23u);
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"({"recordCount":23.0,"rejectedRecordCount":2.0})"), std::string::npos)
      << states_out_[0];
  EXPECT_EQ(log_.messages.size(), 1u);
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(SkippingDispatcherTest, ThreeBatchesRefusedWholeAreAStorm) {
  Refuse([](const std::string&) { return true; });
  Give(0, 250, "k");
  RunUntilIdle();
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(state_.error()->type, FailureType::kConfig);
  EXPECT_TRUE(states_out_.empty());
  EXPECT_GE(progress_.rejected.value(), 75u);
}

TEST_F(SkippingDispatcherTest, BatchesOfWhichSomethingIsStoredAreNoStorm) {
  Refuse([](const std::string& key) { return key.back() != '7'; });
  Give(0, 200, "k");
  RunUntilIdle();
  EXPECT_FALSE(state_.stopped());
  EXPECT_EQ(client_.stored.size(), 20u);
  EXPECT_EQ(states_out_.size(), 1u);
}

class LetterDispatcherTest : public SkippingDispatcherTest {
 protected:
  LetterDispatcherTest() : SkippingDispatcherTest(2) {}
};

TEST_F(LetterDispatcherTest, TheStateWaitsForTheDeadLetter) {
  Refuse([](const std::string& key) { return key == "k3"; });
  Give(0, 25, "k");
  RunUntilIdle();
  EXPECT_EQ(client_.stored.size(), 24u);
  EXPECT_TRUE(states_out_.empty());
  batcher_.SealAll();  // as the worker does by age
  RunUntilIdle();
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_NE(states_out_[0].find(R"("rejectedRecordCount":1.0)"), std::string::npos);
  EXPECT_EQ(budget_.used(), 0u);
}

}  // namespace
}  // namespace ddb
