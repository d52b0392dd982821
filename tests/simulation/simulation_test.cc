// Runs by seed and from kept plans, and what the simulation itself promises: the same run for the same plan,
// a judge that sees what is wrong, plans that become smaller.
//
// DDB_SIMULATION_SEEDS=n runs n seeds; the program `simulate` runs any number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "simulation/input.h"
#include "simulation/judge.h"
#include "simulation/one_run.h"
#include "simulation/plan.h"
#include "simulation/shrink.h"

namespace ddb::simulation {
namespace {

std::string Broken(const RunReport& report) {
  return report.violation ? report.violation->invariant + ": " + report.violation->what() : "";
}

class SimulationTest : public ::testing::Test {
 protected:
  SimulationTest() { signal(SIGPIPE, SIG_IGN); }
};

TEST_F(SimulationTest, HoldsWhateverTheSeed) {
  const char* set = std::getenv("DDB_SIMULATION_SEEDS");
  const uint64_t seeds = set != nullptr ? std::stoull(set) : 250;
  for (uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed)
    EXPECT_EQ(Broken(RunOnce(MakePlan(seed))), "")
        << "again: simulate --seed " << seed << " [--trace] [--shrink]";
}

// What was found once, made small, by what it is: a seed would mean another run after the next change of
// what seeds draw.
TEST_F(SimulationTest, KeptPlansHold) {
  int plans = 0;
  for (const auto& file : std::filesystem::directory_iterator(DDB_TEST_DATA "/simulated")) {
    SCOPED_TRACE("again: simulate --plan " + file.path().string());
    EXPECT_EQ(Broken(RunOnce(PlanFrom(nlohmann::json::parse(std::ifstream(file.path()))))), "");
    ++plans;
  }
  EXPECT_GT(plans, 0);
}

TEST_F(SimulationTest, TheSameSeedIsTheSameRun) {
  std::vector<uint64_t> traces;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const RunReport first = RunOnce(MakePlan(seed));
    const RunReport second = RunOnce(MakePlan(seed));
    EXPECT_EQ(first.trace_hash, second.trace_hash) << "seed " << seed;
    EXPECT_EQ(first.steps, second.steps) << "seed " << seed;
    traces.push_back(first.trace_hash);
  }
  std::sort(traces.begin(), traces.end());
  EXPECT_EQ(std::unique(traces.begin(), traces.end()), traces.end()) << "two seeds, one run";
}

TEST_F(SimulationTest, APlanIsAllThatARunDependsOn) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const Plan plan = MakePlan(seed);
    const Plan read = PlanFrom(nlohmann::json::parse(ToJson(plan).dump()));
    EXPECT_EQ(ToJson(read), ToJson(plan));
    const RunReport drawn = RunOnce(read);
    EXPECT_EQ(RunOnce(plan).trace_hash, drawn.trace_hash);
    Plan listed = plan;
    listed.faults.clear();
    listed.fired = drawn.fired;
    EXPECT_EQ(RunOnce(listed).trace_hash, drawn.trace_hash) << "by a list of the faults that were drawn";
  }
}

// In some hundred seeds, else the simulation is of fair weather.
TEST_F(SimulationTest, EverythingThatItIsForHappens) {
  std::map<std::string, int> faults;
  std::map<std::string, int> ends;
  int sent_again = 0;
  for (uint64_t seed = 1; seed <= 250; ++seed) {
    const RunReport report = RunOnce(MakePlan(seed));
    for (const FiredFault& fired : report.fired) ++faults[fired.fault];
    ++ends[report.end.substr(0, report.end.find(':'))];
    if (report.items_sent > report.items_stored) ++sent_again;
  }
  for (int fault = 1; fault < kFaults; ++fault)
    EXPECT_GT(faults[NameOf(static_cast<Fault>(fault))], 0) << fault;
  for (const char* end : {"all stored", "failed", "signal", "stdout closed"}) EXPECT_GT(ends[end], 0) << end;
  EXPECT_GT(ends["all stored"], 150);
  EXPECT_GT(sent_again, 50);
}

// A plan of one stream: five records, and a STATE behind them.
class JudgeTest : public SimulationTest {
 protected:
  static Plan FiveRecords() {
    Plan plan;
    plan.chunk_bytes = 1 << 16;
    plan.memory_bytes = 1 << 20;
    plan.tables.resize(2);
    plan.input = {{"records", 0, 5, 1}, {"state", 0, 0, 0}};
    return plan;
  }
  static std::string State(int records) {
    return R"({"type":"STATE","state":{"type":"STREAM","n":0,"destinationStats":{"recordCount":)" +
           std::to_string(records) + ".0}}}\n";
  }
  void Store(size_t from, size_t to) {
    for (size_t id = from; id < to; ++id) {
      judge_.OnSent({id, 0, "key " + std::to_string(id), "bytes"});
      judge_.OnStored(id);
    }
  }
  std::string Found() const { return scheduler_.violation() ? scheduler_.violation()->invariant : ""; }

  const Plan plan_ = FiveRecords();
  const Input input_ = MakeInput(plan_);
  Scheduler scheduler_{{.seed = 1, .turn = {}, .ends_after = std::chrono::hours(1)}};
  MemoryBudget budget_{1 << 20};
  Judge judge_{plan_, input_, scheduler_, budget_};
};

TEST_F(JudgeTest, AGoodRunIsOne) {
  Store(0, 5);
  Store(2, 3);  // as late effects do
  judge_.OnOutput(State(5));
  judge_.AtEnd({}, true);
  EXPECT_EQ(Found(), "");
}

TEST_F(JudgeTest, AStateBeforeItsRecords) {
  Store(0, 4);
  judge_.OnOutput(State(5));
  EXPECT_EQ(Found(), "early_state");
}

TEST_F(JudgeTest, AStateThatCountsWrong) {
  Store(0, 5);
  judge_.OnOutput(State(4));
  EXPECT_EQ(Found(), "counts");
}

TEST_F(JudgeTest, AStateTwice) {
  Store(0, 5);
  judge_.OnOutput(State(5) + State(5));
  EXPECT_EQ(Found(), "states");
}

TEST_F(JudgeTest, AStateThatDoesNotCome) {
  Store(0, 5);
  judge_.AtEnd({}, true);
  EXPECT_EQ(Found(), "states");
}

TEST_F(JudgeTest, AStateBehindTheError) {
  Store(0, 5);
  judge_.OnOutput(R"({"type":"TRACE","trace":{"type":"ERROR"}})"
                  "\n");
  judge_.OnOutput(State(5));
  EXPECT_EQ(Found(), "states");
}

TEST_F(JudgeTest, ARecordThatIsNotStored) {
  Store(0, 4);
  judge_.AtEnd({}, true);
  EXPECT_EQ(Found(), "not_stored");
}

TEST_F(JudgeTest, ARecordUnderAnotherKey) {
  Store(0, 5);
  judge_.OnSent({3, 0, "another", "bytes"});
  EXPECT_EQ(Found(), "key_changed");
}

TEST_F(JudgeTest, ARecordWithOtherBytes) {
  Store(0, 5);
  judge_.OnSent({3, 0, "key 3", "others"});
  EXPECT_EQ(Found(), "bytes_changed");
}

TEST_F(JudgeTest, ARecordInAnothersTable) {
  judge_.OnSent({3, 1, "key 3", "bytes"});
  EXPECT_EQ(Found(), "wrong_table");
}

TEST_F(JudgeTest, MemoryThatIsNotGivenBack) {
  Store(0, 5);
  judge_.OnOutput(State(5));
  Charge held(budget_, 1);
  judge_.AtEnd({}, true);
  EXPECT_EQ(Found(), "memory");
}

TEST_F(JudgeTest, AFailureThatNothingExplains) {
  judge_.OnOutput(R"({"type":"TRACE","trace":{"type":"ERROR"}})"
                  "\n");
  judge_.AtEnd({StopReason::kFailure, SystemError("m", "i"), {}}, true);
  EXPECT_EQ(Found(), "ending");
}

TEST(ShrinkTest, WhatDoesNotMatterGoes) {
  signal(SIGPIPE, SIG_IGN);
  Plan plan;
  for (uint64_t seed = 1; plan.input.size() < 20 || plan.workers < 2; ++seed) plan = MakePlan(seed);
  // It takes a record and two workers.
  const auto breaks = [](const Plan& smaller) {
    const bool has = std::any_of(smaller.input.begin(), smaller.input.end(), [](const InputPiece& piece) {
      return piece.what == "records" && piece.count >= 1;
    });
    return has && smaller.workers >= 2;
  };
  const Shrunk shrunk = Shrink(plan, breaks);
  EXPECT_TRUE(breaks(shrunk.plan));
  EXPECT_EQ(shrunk.plan.input.size(), 1u);
  EXPECT_EQ(shrunk.plan.input[0].count, 1);
  EXPECT_EQ(shrunk.plan.input[0].bytes, 1);
  EXPECT_EQ(shrunk.plan.workers, 2);
  EXPECT_EQ(shrunk.plan.tables.size(), 1u);
  EXPECT_TRUE(shrunk.plan.faults.empty());
  EXPECT_TRUE(!shrunk.plan.fired || shrunk.plan.fired->empty());
}

}  // namespace
}  // namespace ddb::simulation
