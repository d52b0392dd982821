// What the dispatcher's tests stand on: a client that answers as the test says, and the fixture around a
// Dispatcher.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "delivery/dispatcher.h"
#include "delivery/dispatcher_client_testing.h"
#include "dynamodb/requests.h"

namespace ddb {

using std::chrono::seconds;

// Time that a test moves; timers of the real loop are due as soon as it has passed them.
class ManualClock final : public Clock {
 public:
  Instant Now() const override { return RealClock().Now() + offset; }
  int64_t WallMillis() const override { return 0; }
  Duration offset{};
};

class CollectingLog final : public Log {
 public:
  void Write(LogLevel, std::string message) override { messages.push_back(std::move(message)); }
  bool Enabled(LogLevel) const override { return true; }
  std::vector<std::string> messages;
};

inline Verdict VerdictOf(Reaction reaction, ErrorCode code = ErrorCode::kOther) {
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

  // So many records of a stream, outstanding, and a STATE of it behind them.
  RecordGroup* Register(int table, int count, const std::string& state_text) {
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
    state.line = "{" + state_text + "}";
    state.fields.stats_begin = state.fields.stats_end = state.line.size() - 1;
    contents.states.push_back(std::move(state));
    EXPECT_TRUE(ledger_.Register(std::move(contents)).ok());
    return group.get();
  }
  // Records with these keys, in batches of 25, all before one STATE of their stream.
  void Give(int table, int count, const std::string& prefix) {
    RecordGroup* group = Register(table, count, prefix);
    for (int i = 0; i < count; ++i) {
      Batch& batch = batcher_.Open(table, clock_.Now());
      const size_t mark = Batcher::BeginItem(batch);
      batch.body.Append(FakeClient::ItemOf(prefix + std::to_string(i)));
      batcher_.EndItem(table, mark, group);
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
  // Of the memory budget, without what is kept only to be used again.
  size_t Charged() {
    batcher_.DropSpares();
    return budget_.used();
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
  std::vector<ItemEncoder::Stream> encodings_{2};
  RunContext run_{clock_,      tables_,      rates_,       ledger_,   budget_,   state_,
                  rejections_, clock_.Now(), seconds(600), endpoint_, encodings_};
  Progress progress_;
  FakeClient client_{loop_};
  bool stop_when_idle_ = false;
  uint64_t chunk_ = 0;
  Batcher batcher_{tables_, budget_, [this](BatchPtr batch) { dispatcher_.Enqueue(std::move(batch)); }};
  RecordRejecter rejecter_{clock_, tables_, rejections_, state_, batcher_, progress_};
  Dispatcher dispatcher_{loop_, client_, batcher_, rejecter_, run_, 4, progress_, [this] {
                           if (stop_when_idle_ && dispatcher_.idle()) loop_.Stop();
                         }};
};

}  // namespace ddb
