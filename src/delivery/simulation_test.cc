// All of one worker's delivery under simulated time: long waits in no time, and the same run every time.
#include "support/delivery/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/times.h"
#include "delivery/dispatcher.h"
#include "dynamodb/requests.h"
#include "support/delivery/delivery_fixture.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

Verdict Refusal(Reaction reaction, ErrorCode code) {
  Verdict verdict;
  verdict.reaction = reaction;
  verdict.code = code;
  verdict.status = 400;
  verdict.reason = "a reason of our own";
  return verdict;
}

// One worker, on simulated time.
struct Worker {
  Worker(SimulatedTime& time, RunContext& run, uint32_t seed)
      : client(time),
        alarm(time),
        batcher(run.tables, run.budget, [this](BatchPtr batch) { dispatcher.Enqueue(std::move(batch)); }),
        settlement(run, progress),
        dispatcher(client, alarm, batcher, settlement, run, {8, seed}, progress, [this, &run] {
          if (run.state.stopped()) dispatcher.Hurry();
        }) {}

  SimulatedClient client;
  SimulatedAlarm alarm;
  Progress progress;
  Batcher batcher;
  Settlement settlement;
  Dispatcher dispatcher;
};

// The tables of DeliveryTest, some workers, and no thread or timer but simulated ones.
class SimulatedRun : public DeliveryTest {
 public:
  explicit SimulatedRun(uint32_t seed, RejectionPolicy policy = {}, size_t workers = 1)
      : DeliveryTest(policy) {
    for (size_t i = 0; i < workers; ++i)
      workers_.push_back(std::make_unique<Worker>(time_, run_, seed * 100 + static_cast<uint32_t>(i)));
  }
  void TestBody() override {}
  using DeliveryTest::budget_;
  using DeliveryTest::Register;
  using DeliveryTest::state_;
  using DeliveryTest::states_out_;
  using DeliveryTest::Waiting;

  Worker& worker() { return *workers_.front(); }
  SimulatedClient& client() { return worker().client; }
  const Progress& progress() { return worker().progress; }

  // To the first worker, with a STATE behind them.
  void Give(TableNo table, int count, const std::string& prefix) {
    RecordGroup* group = Register(table, count, prefix);
    for (int i = 0; i < count; ++i) GiveItem(worker(), table, group, prefix + std::to_string(i));
    worker().batcher.SealAll();
  }
  void GiveItem(Worker& worker, TableNo table, RecordGroup* group, const std::string& key) {
    Batch& batch = worker.batcher.Open(table, time_.Now());
    const size_t mark = worker.batcher.BeginItem(batch);
    batch.body.Append(FakeClient::BareItemOf(key));
    worker.batcher.EndItem(table, mark, {.group = group, .letter = nullptr});
  }
  // Returns how long it took.
  Duration RunUntilIdle() {
    const Instant begin = time_.Now();
    const auto idle = [](const auto& worker) { return worker->dispatcher.idle(); };
    while (!std::all_of(workers_.begin(), workers_.end(), idle) && time_.Step()) {
    }
    EXPECT_TRUE(std::all_of(workers_.begin(), workers_.end(), idle));
    return time_.Now() - begin;
  }

  SimulatedTime time_;
  RunContext run_ = ContextAt(time_);
  std::vector<std::unique_ptr<Worker>> workers_;
};

// A table that takes so many items a second, and leaves the rest unprocessed.
class Bucket {
 public:
  Bucket(SimulatedTime& time, double per_second) : time_(time), per_second_(per_second), at_(time.Now()) {}
  size_t Take(size_t items) {
    const double passed = std::chrono::duration<double>(time_.Now() - at_).count();
    at_ = time_.Now();
    level_ = std::min(per_second_, level_ + passed * per_second_);
    const size_t taken = std::min(items, static_cast<size_t>(level_));
    level_ -= static_cast<double>(taken);
    return taken;
  }

 private:
  SimulatedTime& time_;
  const double per_second_;
  Instant at_;
  double level_ = 0;
};

std::vector<std::pair<Instant, std::string>> TraceOfAThrottledRun(uint32_t seed) {
  static constexpr int kRecords = 4000;
  SimulatedRun simulation(seed);
  Bucket bucket(simulation.time_, 20);
  std::multiset<std::string> stored;
  simulation.client().answer = [&](const auto& keys, Reply&, std::string& body) {
    const size_t taken = bucket.Take(keys.size());
    stored.insert(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(taken));
    if (taken < keys.size())
      body = FakeClient::Unprocessed("one", {keys.begin() + static_cast<ptrdiff_t>(taken), keys.end()});
  };
  simulation.Give(kOne, kRecords, "k");
  const Duration took = simulation.RunUntilIdle();
  EXPECT_GE(took, seconds(kRecords / 20 - 2)) << "faster than the table takes it";
  EXPECT_EQ(stored.size(), static_cast<size_t>(kRecords));
  for (const std::string& key : stored) EXPECT_EQ(stored.count(key), 1u) << key;
  EXPECT_FALSE(simulation.state_.stopped());
  EXPECT_EQ(simulation.states_out_.size(), 1u);
  simulation.worker().batcher.DropSpares();
  EXPECT_EQ(simulation.budget_.used(), 0u);
  return simulation.client().trace;
}

TEST(DeliverySimulationTest, MinutesOfAThrottledTableTheSameForTheSameSeed) {
  EXPECT_EQ(TraceOfAThrottledRun(1), TraceOfAThrottledRun(1));
}

TEST(DeliverySimulationTest, OnlySignaturesRefusedInARowCount) {
  SimulatedRun simulation(5);
  int requests = 0;
  simulation.client().answer = [&](const auto&, Reply& reply, std::string&) {
    if (++requests > 40) return;
    reply.verdict = requests % 4 == 0 ? Refusal(Reaction::kRetry, ErrorCode::kServerError)
                                      : Refusal(Reaction::kReauthenticate, ErrorCode::kExpiredToken);
  };
  simulation.Give(kOne, 3, "k");
  (void)simulation.RunUntilIdle();
  EXPECT_EQ(requests, 41);
  EXPECT_FALSE(simulation.state_.stopped());
  EXPECT_EQ(simulation.states_out_.size(), 1u);
}

// A table of the least capacity, and workers that have far more for it than it takes in give_up: every item
// has its turn, so that none is taken for one that its table refuses while it takes others.
TEST(DeliverySimulationTest, NoItemOfASlowTableIsLeftBehindByOthers) {
  constexpr int kRecords = 8000;
  constexpr double kPerSecond = 10;
  for (const uint32_t seed : {1, 2, 3}) {
    SimulatedRun simulation(seed, {}, /*workers=*/4);
    Bucket bucket(simulation.time_, kPerSecond);
    RecordGroup* group = simulation.Register(kOne, kRecords, "s");
    int given = 0;
    for (const auto& worker : simulation.workers_) {
      worker->client.answer = [&](const auto& keys, Reply&, std::string& body) {
        const auto left = keys.begin() + static_cast<ptrdiff_t>(bucket.Take(keys.size()));
        if (left != keys.end()) body = FakeClient::Unprocessed("one", {left, keys.end()});
      };
      for (int i = 0; i < kRecords / 4; ++i)
        simulation.GiveItem(*worker, kOne, group, "k" + std::to_string(given++));
      worker->batcher.SealAll();
    }
    const Duration took = simulation.RunUntilIdle();
    EXPECT_FALSE(simulation.state_.error()) << simulation.state_.error()->message;
    EXPECT_EQ(simulation.states_out_.size(), 1u);
    EXPECT_LT(took, seconds(static_cast<int>(1.1 * kRecords / kPerSecond))) << "capacity was left unused";
  }
}

// A batch that waits for its retry must not keep the run that has failed from ending.
TEST(DeliverySimulationTest, TheRetriesOfAFailedTableGoWithIt) {
  SimulatedRun simulation(3);
  bool denied = false;
  simulation.client().answer = [&](const auto& keys, Reply& reply, std::string&) {
    if (denied) {
      reply.verdict = Refusal(Reaction::kFailConfig, ErrorCode::kAccessDenied);
    } else if (keys.front() == "slow0") {
      reply.verdict = Refusal(Reaction::kThrottle, ErrorCode::kThrottled);
    }
  };
  simulation.Give(kOne, 1, "slow");
  while (simulation.progress().retried.value() < 5) ASSERT_TRUE(simulation.time_.Step());
  denied = true;
  simulation.Give(kOne, 1, "other");
  EXPECT_LE(simulation.RunUntilIdle(), seconds(6)) << "until the table is tried again";
  ASSERT_TRUE(simulation.state_.error());
  EXPECT_EQ(simulation.Waiting(kOne), 0u);
}

TEST(DeliverySimulationTest, ATableThatIsGivenUpIsNotWaitedFor) {
  SimulatedRun simulation(6);
  simulation.client().answer = [](const auto& keys, Reply& reply, std::string&) {
    if (keys.front()[0] == 'a') reply.verdict = Refusal(Reaction::kThrottle, ErrorCode::kThrottled);
  };
  simulation.Give(kOne, 100, "a");
  while (simulation.progress().retried.value() < 30) ASSERT_TRUE(simulation.time_.Step());
  simulation.Give(kTwo, 100, "b");
  simulation.state_.GiveUpOn(kOne, SystemError("given up", "by the test"));
  simulation.worker().dispatcher.Hurry();
  simulation.Give(kOne, 25, "a, late");
  EXPECT_LE(simulation.RunUntilIdle(), 2 * simulation.client().latency);
  EXPECT_EQ(simulation.progress().stored.value(), 100u) << "the other table's";
  EXPECT_EQ(simulation.Waiting(kOne), 0u);
  ASSERT_EQ(simulation.states_out_.size(), 1u);
}

// A reply that never comes is not waited for either.
TEST(DeliverySimulationTest, WhatIsInFlightToATableThatIsGivenUpIsNotWaitedFor) {
  SimulatedRun simulation(7);
  simulation.client().latency = minutes(5);
  simulation.Give(kOne, 50, "a");
  EXPECT_FALSE(simulation.worker().dispatcher.idle());
  simulation.state_.GiveUpOn(kOne, SystemError("given up", "by the test"));
  simulation.worker().dispatcher.Hurry();
  EXPECT_TRUE(simulation.worker().dispatcher.idle());
  while (simulation.time_.Step()) {
  }
  EXPECT_TRUE(simulation.worker().dispatcher.idle()) << "a late answer counts for nothing";
  EXPECT_EQ(simulation.states_out_.size(), 1u) << "but what it stored is stored";
}

// It has 30 s: one that waits for its next try must not wait for most of them.
TEST(DeliverySimulationTest, OnceARunHasFailedPausesAreShort) {
  for (const uint32_t seed : {1, 2, 3, 4, 5}) {
    SimulatedRun simulation(seed);
    bool takes = false;
    simulation.client().answer = [&](const auto&, Reply& reply, std::string&) {
      if (!takes) reply.verdict = Refusal(Reaction::kThrottle, ErrorCode::kThrottled);
    };
    simulation.Give(kOne, 1, "k");
    while (simulation.progress().retried.value() < 12) ASSERT_TRUE(simulation.time_.Step());
    const Instant failed = simulation.time_.Now();
    simulation.state_.Fail(SystemError("failed", "by the test"));
    simulation.worker().dispatcher.Hurry();
    Instant last = failed;
    while (last < failed + seconds(20)) {
      const size_t sent = simulation.client().trace.size();
      while (simulation.client().trace.size() == sent) ASSERT_TRUE(simulation.time_.Step());
      EXPECT_LE(simulation.time_.Now() - last, times::kPauseAfterStop + simulation.client().latency);
      last = simulation.time_.Now();
    }
    takes = true;
    (void)simulation.RunUntilIdle();
    EXPECT_EQ(simulation.states_out_.size(), 1u);
  }
}

TEST(DeliverySimulationTest, OnceARecordHasFailedNothingBehindItIsSent) {
  SimulatedRun simulation(8);
  bool throttled = true;
  std::multiset<std::string> stored;
  simulation.client().answer = [&](const auto& keys, Reply& reply, std::string&) {
    if (keys.front() == "bad0") {
      reply.verdict = Refusal(Reaction::kRejectItem, ErrorCode::kValidation);
    } else if (throttled) {
      reply.verdict = Refusal(Reaction::kThrottle, ErrorCode::kThrottled);
    } else {
      stored.insert(keys.begin(), keys.end());
    }
  };
  simulation.Give(kOne, 30, "before");
  simulation.Give(kOne, 1, "bad");
  simulation.Give(kOne, 30, "behind");
  simulation.Give(kTwo, 30, "other");
  while (!simulation.state_.stopped()) ASSERT_TRUE(simulation.time_.Step());
  simulation.Give(kOne, 30, "late");
  throttled = false;
  const size_t sent = simulation.client().trace.size();
  (void)simulation.RunUntilIdle();
  EXPECT_EQ(stored.size(), 60u) << "of before and of the other stream";
  for (size_t i = sent; i < simulation.client().trace.size(); ++i) {
    EXPECT_FALSE(simulation.client().trace[i].second.starts_with("late"));
    EXPECT_FALSE(simulation.client().trace[i].second.starts_with("behind"));
  }
  EXPECT_EQ(simulation.states_out_.size(), 2u);
  EXPECT_EQ(simulation.Waiting(kOne) + simulation.Waiting(kTwo), 0u);
  simulation.worker().batcher.DropSpares();
  EXPECT_EQ(simulation.budget_.used(), 0u) << "what was dropped is given back";
}

TEST(DeliverySimulationTest, WhatAPartitionRefusesHoldsUpNothingElse) {
  SimulatedRun simulation(4);
  const Instant began = simulation.time_.Now();
  const auto now = [&] { return simulation.time_.Now() - began; };
  std::map<std::string, Duration> stored;
  simulation.client().answer = [&](const auto& keys, Reply& reply, std::string& body) {
    std::vector<std::string> left;
    for (const std::string& key : keys) {
      const bool refused = key.starts_with("hot") && now() < minutes(2);
      refused ? left.push_back(key) : void(stored[key] = now());
    }
    if (left.empty()) return;
    if (left.size() < keys.size()) {
      body = FakeClient::Unprocessed("one", left);
    } else {
      reply.verdict = Refusal(Reaction::kThrottle, ErrorCode::kThrottled);
      reply.verdict.reason = kThrottledKeyRange;
    }
  };
  const auto give = [&simulation](int i) {
    simulation.Give(kOne, 1, "hot" + std::to_string(i) + "-");
    simulation.Give(kOne, 30, "other" + std::to_string(i) + "-");
  };
  give(0);
  for (int i = 1; i < 60; ++i) simulation.time_.At(began + std::chrono::seconds(i), [=] { give(i); });
  (void)simulation.RunUntilIdle();
  ASSERT_EQ(stored.size(), 60u * 31);
  for (const auto& [key, at] : stored) {
    if (key.starts_with("other")) {
      EXPECT_LT(at, std::chrono::seconds(std::stoi(key.substr(5))) + std::chrono::seconds(2)) << key;
    } else {
      EXPECT_LT(at, minutes(3)) << key;
    }
  }
  EXPECT_LT(simulation.client().trace.size(), 60u * 3 + 150) << "requests";
}

TEST(DeliverySimulationTest, AnItemThatItsTableNeverTakesIsGivenUpAloneWhileOthersAreStored) {
  SimulatedRun simulation(4);
  std::set<std::string> stored;
  simulation.client().answer = [&](const auto& keys, Reply&, std::string& body) {
    const bool has_it = std::find(keys.begin(), keys.end(), "k7") != keys.end();
    for (const std::string& key : keys) {
      if (key != "k7") stored.insert(key);
    }
    if (has_it) body = FakeClient::Unprocessed("one", {"k7"});
  };
  simulation.Give(kOne, 25, "k");
  const Duration took = simulation.RunUntilIdle();
  EXPECT_EQ(stored.size(), 24u);
  ASSERT_TRUE(simulation.state_.error());
  EXPECT_EQ(simulation.state_.error()->type, FailureType::kTransient);
  EXPECT_GT(took, minutes(11)) << "10 minutes overdue, and one alone";
  EXPECT_LT(took, minutes(15));
  EXPECT_TRUE(simulation.states_out_.empty());
}

// Halves, smaller parts and letters enter at the end of a turn: a storm of them is no recursion.
TEST(DeliverySimulationTest, EveryRecordOfManyIsRejectedIntoDeadLetters) {
  SimulatedRun simulation(5, Skip(kLetters));
  size_t letters = 0;
  simulation.client().answer = [&](const auto& keys, Reply& reply, std::string&) {
    if (keys.empty()) {
      ++letters;
    } else if (keys.size() > 1 || keys.front().back() != '0') {
      reply.verdict = Refusal(Reaction::kRejectItem, ErrorCode::kValidation);
    }
  };
  simulation.Give(kOne, 500, "k");
  simulation.RunUntilIdle();
  simulation.worker().batcher.SealAll();
  simulation.RunUntilIdle();
  EXPECT_FALSE(simulation.state_.stopped());
  EXPECT_EQ(simulation.progress().rejected.value(), 450u);
  EXPECT_EQ(simulation.progress().stored.value(), 50u);
  EXPECT_EQ(letters, 18u) << "450 letters, 25 a request";
  ASSERT_EQ(simulation.states_out_.size(), 1u);
  EXPECT_NE(simulation.states_out_[0].find(R"({"recordCount":50.0,"rejectedRecordCount":450.0})"),
            std::string::npos)
      << simulation.states_out_[0];
  EXPECT_EQ(simulation.Waiting(kOne) + simulation.Waiting(kLetters), 0u);
}

}  // namespace
}  // namespace ddb
