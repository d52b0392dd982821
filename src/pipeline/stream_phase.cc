#include "pipeline/stream_phase.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "dynamodb/requests.h"

namespace ddb {
namespace {

constexpr Duration kLogEvery = std::chrono::seconds(60);
constexpr Duration kStateIsLate = std::chrono::seconds(60);
// A longer line is refused by name. So is a shorter one that has no room to be encoded (chunk_room).
constexpr size_t kLinePartOfBudget = 8;

std::vector<StreamId> IdsOf(const RunPlan& plan) {
  std::vector<StreamId> ids;
  for (const StreamPlan& stream : plan.streams) ids.push_back(stream.id);
  return ids;
}

TableTargets TargetsOf(const RunPlan& plan) {
  TableTargets targets;
  for (const TablePlan& table : plan.tables)
    targets.push_back({table.table, table.stream, table.keys, BatchWriteHead(table.table), kBatchWriteTail});
  return targets;
}

Encodings EncodingsOf(const RunPlan& plan) {
  Encodings encodings;
  for (const StreamPlan& stream : plan.streams) encodings.push_back(stream.items);
  return encodings;
}

RejectionPolicy PolicyOf(const RunPlan& plan) {
  RejectionPolicy policy;
  policy.skip = plan.skip_rejected;
  policy.dead_letters = plan.dead_letters;
  policy.sync_time_millis = plan.sync_time_millis;
  return policy;
}

}  // namespace

StreamPhase::StreamPhase(const RunPlan& plan, const RunParts& parts, RunControl& control)
    : plan_(plan),
      parts_(parts),
      control_(control),
      ledger_(plan.streams.size()),
      source_(parts.input_fd, plan.chunk_bytes, parts.budget.limit() / kLinePartOfBudget, ledger_,
              parts.budget),
      streams_(IdsOf(plan)),
      tables_(TargetsOf(plan)),
      encodings_(EncodingsOf(plan)),
      flow_(static_cast<size_t>(plan.workers), tables_.size()),
      rejections_(PolicyOf(plan), tables_, parts.writer),
      storms_(tables_.size()),
      run_{.clock = parts.clock,
           .tables = tables_,
           .flow = flow_,
           .ledger = ledger_,
           .budget = parts.budget,
           .state = control.state(),
           .rejections = rejections_,
           .storms = storms_,
           .started = parts.clock.Now(),
           .give_up = plan.give_up,
           .endpoint = parts.endpoint,
           .encodings = encodings_} {
  const auto workers = static_cast<size_t>(plan.workers);
  const Worker::Options options{.send_window_bytes = plan.send_window_bytes,
                                .max_requests = std::max<size_t>(1, plan.connections / workers)};
  const Worker::Shared shared{.run = run_,
                              .token = token_,
                              .source = source_,
                              .streams = streams_,
                              .writer = parts.writer,
                              .wake_all = [this] { WakeAll(); },
                              .wake_open = [this] { WakeOpen(); },
                              .drained = [this] { OnDrained(); }};
  for (size_t i = 0; i < workers; ++i)
    workers_.push_back(std::make_unique<Worker>(shared, parts.make_client, options));
}

StreamPhase::~StreamPhase() {
  for (auto& worker : workers_) worker->Join();
}

void StreamPhase::Run() {
  for (auto& worker : workers_) worker->Start();
  control_.Supervise({.stop = [this] { OnStop(); }, .each_second = [this](Instant now) { OnTick(now); }});
}

void StreamPhase::Close() {
  for (auto& worker : workers_) worker->Join();
  if (control_.state().reason() != StopReason::kNone || ledger_.AllSettled()) return;
  control_.state().Fail(
      SystemError("The sync ended although not every record was stored. This is a defect of the connector.",
                  "drained, but the ledger is not settled"));
}

void StreamPhase::Report() {
  rejections_.LogTotals();
  parts_.writer.Info(ProgressText("Done", Totals()));
}

void StreamPhase::WakeAll() {  // any thread
  for (auto& worker : workers_) worker->Wake();
}

void StreamPhase::WakeOpen() {  // any thread
  for (auto& worker : workers_) worker->WakeIfOpen();
}

void StreamPhase::OnDrained() {  // any worker's thread, once each
  if (++drained_ == workers_.size()) control_.Leave();
}

void StreamPhase::OnStop() {
  source_.End();
  WakeAll();
}

void StreamPhase::OnTick(Instant now) {
  if (!control_.state().stopped()) GiveUpOnTables(now);
  if (now - last_log_ >= kLogEvery) {
    last_log_ = now;
    parts_.writer.Info(ProgressText("Progress", Totals()));
  }
  if (now - last_late_ >= kLogEvery) LogLateStates(now);
  if (parts_.progress_fd >= 0) {
    const std::string line = TerminalLine(Totals());
    [[maybe_unused]] const ssize_t written = ::write(parts_.progress_fd, line.data(), line.size());
  }
}

void StreamPhase::GiveUpOnTables(Instant now) {
  for (const TableNo table : tables_.numbers()) {
    const std::optional<Duration> waited = flow_.clock(table).WaitedWithoutProgress(now);
    if (!waited || *waited < plan_.give_up) continue;
    control_.state().GiveUpOn(table, GaveUpError(tables_[table].name, tables_[table].stream, *waited));
  }
}

void StreamPhase::LogLateStates(Instant now) {
  const std::vector<CheckpointLedger::Waiting> late = ledger_.WaitingSince(now - kStateIsLate);
  if (late.empty()) return;
  last_late_ = now;
  const StreamNames names{
      .display = [this](StreamNo stream) { return plan_.streams[stream].id.Display(); },
      .throttled =
          [this, now](StreamNo stream) { return flow_.bound(plan_.streams[stream].table).Throttled(now); }};
  for (std::string& text : LateStateTexts(late, names, now)) parts_.writer.Warn(std::move(text));
}

RunTotals StreamPhase::Totals() const {
  RunTotals totals;
  for (const auto& worker : workers_) {
    totals.read += worker->progress().read.value();
    totals.stored += worker->progress().stored.value();
    totals.retried += worker->progress().retried.value();
    totals.rejected += worker->progress().rejected.value();
    totals.in_flight += worker->requests_in_flight();
  }
  const Instant now = parts_.clock.Now();
  for (const TableNo table : tables_.numbers()) {
    totals.waiting += flow_.clock(table).waiting();
    totals.throttled += flow_.bound(table).Throttled(now) ? 1 : 0;
  }
  const double elapsed = std::chrono::duration<double>(now - run_.started).count();
  if (elapsed > 0) totals.per_second = static_cast<double>(totals.stored) / elapsed;
  return totals;
}

}  // namespace ddb
