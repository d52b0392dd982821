// What the tests of delivery stand on: all that the workers of a run share, with three tables, two of streams
// and one of dead letters. Test support.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "delivery/progress.h"
#include "delivery/run_context.h"
#include "support/delivery/checkpoints.h"

namespace ddb {

using std::chrono::seconds;

// Time that a test moves; timers of a real loop are due as soon as it has passed them.
class ManualClock final : public Clock {
 public:
  Instant Now() const override { return RealClock().Now() + offset; }
  int64_t WallMillis() const override { return 0; }
  Duration offset{};
};

class CollectingLog final : public Log {
 public:
  void Write(LogLevel, std::string message) override { messages.push_back(std::move(message)); }
  std::vector<std::string> messages;
};

inline constexpr TableNo kOne{0};
inline constexpr TableNo kTwo{1};
inline constexpr TableNo kLetters{2};

// What is done with refused records, and where they go.
struct RejectionPolicy {
  bool skip = false;
  std::optional<TableNo> dead_letters;
};
inline RejectionPolicy Skip(std::optional<TableNo> dead_letters = std::nullopt) {
  return {true, dead_letters};
}

class DeliveryTest : public ::testing::Test {
 protected:
  explicit DeliveryTest(RejectionPolicy policy = {}, TableTargets tables = Tables())
      : tables_(std::move(tables)), plan_(PlanOf(policy, tables_)) {}

  static RunPlan PlanOf(const RejectionPolicy& policy, const TableTargets& tables) {
    RunPlan plan;
    plan.skip_rejected = policy.skip;
    plan.dead_letters = policy.dead_letters;
    plan.sync_time_millis = 1000;
    for (const TableTarget& target : tables) {
      TablePlan table;
      table.table = target.name;
      table.stream = target.stream;
      StreamPlan stream;
      stream.id = target.stream;
      plan.AddStream(std::move(stream), std::move(table));
    }
    return plan;
  }

  static TableTargets Tables() {
    TableTargets tables;
    for (const char* name : {"one", "two", "letters"}) {
      TableTarget target;
      target.name = name;
      target.stream.name = name;
      target.write = BatchWrite(name, {{"id", 'S'}, {}});
      tables.push_back(std::move(target));
    }
    return tables;
  }

  // So many records of a table's stream, outstanding, and a STATE of it behind them.
  RecordGroup* Register(TableNo table, int count, const std::string& state_text) {
    CheckpointLedger::ChunkContents contents;
    contents.chunk = chunk_;
    ledger_.OpenChunk(chunk_++);
    auto group = std::make_shared<RecordGroup>();
    group->stream = StreamNo(table.value());
    group->at = {contents.chunk, 0};
    group->outstanding = static_cast<uint64_t>(count);
    contents.groups.push_back(group);
    PendingCheckpoint& checkpoint = contents.checkpoints.emplace_back();
    checkpoint.at = {contents.chunk, 1};
    checkpoint.stream = group->stream;
    checkpoint.checkpoint = std::make_unique<NamedCheckpoint>(state_text, states_out_);
    EXPECT_TRUE(ledger_.Register(std::move(contents)).ok());
    return group.get();
  }
  RunContext ContextAt(const Clock& clock) {
    return {.plan = plan_,
            .clock = clock,
            .tables = tables_,
            .flow = flow_,
            .ledger = ledger_,
            .budget = budget_,
            .state = state_,
            .rejections = rejections_,
            .storms = storms_,
            .started = clock.Now(),
            .endpoint = endpoint_};
  }
  uint64_t Waiting(TableNo table) { return flow_.clock(table).waiting(); }

  ManualClock clock_;
  const TableTargets tables_;
  FlowControl flow_{1, 3};
  std::vector<std::string> states_out_;
  CheckpointLedger ledger_{2};
  MemoryBudget budget_{1 << 20};
  RunState state_{[] {}};
  CollectingLog log_;
  const RunPlan plan_;
  Rejections rejections_{plan_, log_};
  RefusalStorms storms_{3};
  EndpointText endpoint_;
  RunContext run_ = ContextAt(clock_);
  Progress progress_;
  uint64_t chunk_ = 0;
};

}  // namespace ddb
