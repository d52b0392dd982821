#include "pipeline/pipeline.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kTick = seconds(1);
constexpr Duration kLogEvery = seconds(60);
constexpr Duration kStateIsLate = seconds(60);
constexpr size_t kNamedInALog = 10;              // STATEs that are late, and streams that one waits for
constexpr Duration kAfterFailure = seconds(30);  // for what lies before it
constexpr Duration kAfterStop = seconds(10);     // signal, closed stdout: for what is in flight
// A longer line is refused by name; it would need several times its size while it is encoded.
constexpr size_t kLinePartOfBudget = 8;

int64_t WholeSeconds(Duration duration) { return std::chrono::duration_cast<seconds>(duration).count(); }

std::vector<StreamId> StreamsOf(const std::vector<TableTarget>& tables) {
  std::vector<StreamId> streams;
  for (const TableTarget& table : tables) streams.push_back(table.stream);
  return streams;
}

TableTargets AllTables(const PipelineOptions& options) {
  TableTargets tables;
  for (const TableTarget& table : options.tables) tables.push_back(table);
  if (options.dead_letters) tables.push_back(*options.dead_letters);
  return tables;
}

Encodings EncodingsOf(const PipelineOptions& options) {
  Encodings encodings;
  for (const ItemEncoder::Stream& encoding : options.encodings) encodings.push_back(encoding);
  return encodings;
}

RejectionPolicy PolicyOf(const PipelineOptions& options) {
  RejectionPolicy policy;
  policy.skip = options.skip_rejected;
  if (options.dead_letters) policy.dead_letters = TableNo(options.tables.size());
  if (!options.encodings.empty()) policy.sync_time_millis = options.encodings.front().sync_time_millis;
  return policy;
}

// The supervisor: everything of a run that is not a worker's. Lives on the caller's thread; what workers call
// is marked.
class Supervisor {
 public:
  Supervisor(const PipelineOptions& options, const ClientFactory& make_client, const Clock& clock,
             MessageWriter& writer, MemoryBudget& budget)
      : options_(options),
        clock_(clock),
        writer_(writer),
        budget_(budget),
        tick_(loop_),
        state_([this] { loop_.Post([this] { OnStop(); }); }),
        ledger_(options.tables.size(),
                [this](std::string line, size_t charged) {
                  writer_.WriteLine(std::move(line));
                  budget_.Release(charged);
                }),
        reader_(options.input_fd, options.chunk_bytes, budget.limit() / kLinePartOfBudget),
        intake_(reader_, ledger_, budget_, options.input_fd),
        streams_(StreamsOf(options.tables)),
        tables_(AllTables(options)),
        encodings_(EncodingsOf(options)),
        rates_(tables_.size()),
        rejections_(PolicyOf(options), tables_, writer),
        storms_(tables_.size()),
        run_{clock,       tables_, rates_,      ledger_,         budget,           state_,
             rejections_, storms_, clock.Now(), options.give_up, options.endpoint, encodings_} {
    const Worker::Options worker_options{
        options.send_window_bytes, options.chunk_bytes,
        std::max<size_t>(1, options.connections / static_cast<size_t>(options.workers))};
    const Worker::Shared shared{run_, intake_, streams_, [this] { WakeAll(); },
                                [this] { loop_.Post([this] { OnDrained(); }); }};
    for (int i = 0; i < options.workers; ++i) {
      workers_.push_back(std::make_unique<Worker>(shared, make_client, worker_options));
    }
  }

  PipelineResult Run() {
    WatchSignals();
    writer_.OnClosed([this] { state_.Stop(StopReason::kStdoutClosed); });
    for (auto& worker : workers_) worker->Start();
    ScheduleTick();
    loop_.Run();
    for (auto& worker : workers_) worker->Join();
    writer_.OnClosed({});
    rejections_.LogTotals();
    LogProgress("Done");
    workers_.clear();  // ends what is still in flight
    return Outcome();
  }

 private:
  PipelineResult Outcome() {
    const StopReason reason = state_.reason();
    if (reason == StopReason::kNone && !ledger_.AllSettled()) {
      return {StopReason::kFailure,
              SystemError(
                  "The sync ended although not every record was stored. This is a defect of the connector.",
                  "drained, but the ledger is not settled")};
    }
    return {reason, state_.error()};
  }

  void WakeAll() {  // any thread
    for (auto& worker : workers_) worker->Wake();
  }

  void WatchSignals() {
    if (options_.signal_fd < 0) return;
    signals_ = std::make_unique<EventLoop::Watch>(loop_, options_.signal_fd);
    signals_->WhenReadable([this] {
      // After a failure too, a signal leaves no more than its own time.
      EndBy(clock_.Now() + kAfterStop);
      state_.Stop(StopReason::kSignal);
    });
  }

  void OnStop() {
    const bool failed = state_.reason() == StopReason::kFailure;
    EndBy(clock_.Now() + (failed ? kAfterFailure : kAfterStop));
    intake_.End();
    WakeAll();
  }

  void EndBy(Instant instant) { deadline_ = deadline_ ? std::min(*deadline_, instant) : instant; }

  void OnDrained() {
    if (++drained_ == workers_.size()) loop_.Stop();
  }

  void ScheduleTick() {
    tick_.Start(clock_.Now() + kTick, [this] { OnTick(); });
  }

  void OnTick() {
    const Instant now = clock_.Now();
    if (deadline_ && now >= *deadline_) {
      loop_.Stop();
      return;
    }
    if (!state_.stopped()) GiveUpOnTables(now);
    if (now - last_log_ >= kLogEvery) {
      last_log_ = now;
      LogProgress("Progress");
    }
    if (now - last_late_ >= kLogEvery) LogLateStates(now);
    if (options_.progress_fd >= 0) ShowProgress();
    ScheduleTick();
  }

  void GiveUpOnTables(Instant now) {
    for (const TableNo table : rates_.numbers()) {
      const std::optional<Duration> waited = rates_[table].WaitedWithoutProgress(now);
      if (!waited || *waited < options_.give_up) continue;
      const TableTarget& target = tables_[table];
      state_.Fail(
          TransientError(
              fmt::format("Nothing could be stored in table {} for {} s. The sync can be tried again; if the "
                          "table is throttled, give it more write capacity.",
                          target.name, WholeSeconds(*waited)),
              "gave up on a table without progress")
              .For(target.stream));
    }
  }

  struct Totals {
    uint64_t read = 0, stored = 0, retried = 0, rejected = 0, waiting = 0, in_flight = 0, throttled = 0;
  };
  Totals Sum() const {
    Totals sum;
    for (const auto& worker : workers_) {
      sum.read += worker->progress().read.value();
      sum.stored += worker->progress().stored.value();
      sum.retried += worker->progress().retried.value();
      sum.rejected += worker->progress().rejected.value();
      sum.in_flight += worker->requests_in_flight();
    }
    const Instant now = clock_.Now();
    for (const RateController& rate : rates_) {
      const RateController::Snapshot snapshot = rate.Get(now);
      sum.waiting += snapshot.waiting;
      sum.throttled += snapshot.throttled ? 1 : 0;
    }
    return sum;
  }

  double Rate(const Totals& sum) const {
    const double elapsed = std::chrono::duration<double>(clock_.Now() - run_.started).count();
    return elapsed > 0 ? static_cast<double>(sum.stored) / elapsed : 0;
  }

  void LogProgress(std::string_view what) {
    const Totals sum = Sum();
    writer_.Info(fmt::format(
        "{}: {} records read, {} stored, {} requests retried, {} records waiting, {} tables throttled, "
        "{:.0f} records/s",
        what, sum.read, sum.stored, sum.retried, sum.waiting, sum.throttled, Rate(sum)));
  }

  void ShowProgress() {
    const Totals sum = Sum();
    const std::string line =
        fmt::format("\r{} records, {:.0f}/s, {} stored, {} requests in flight, {} tables throttled\x1b[K",
                    sum.read, Rate(sum), sum.stored, sum.in_flight, sum.throttled);
    [[maybe_unused]] const ssize_t written = ::write(options_.progress_fd, line.data(), line.size());
  }

  void LogLateStates(Instant now) {
    const std::vector<CheckpointLedger::Waiting> late = ledger_.WaitingSince(now - kStateIsLate);
    if (late.empty()) return;
    last_late_ = now;
    for (size_t i = 0; i < late.size() && i < kNamedInALog; ++i) {
      writer_.Warn(fmt::format("A STATE has waited {} s for what it covers to be stored: {}",
                               WholeSeconds(now - late[i].read), WhyItWaits(late[i], now)));
    }
    if (late.size() > kNamedInALog)
      writer_.Warn(fmt::format("The STATEs of {} more streams wait.", late.size() - kNamedInALog));
  }

  // "public.users: 75 records, oldest 12 s, throttled; ..."
  std::string WhyItWaits(const CheckpointLedger::Waiting& waiting, Instant now) const {
    if (waiting.streams.empty()) return "the input before it is not parsed yet";
    std::string why;
    for (size_t i = 0; i < waiting.streams.size() && i < kNamedInALog; ++i) {
      const auto& reason = waiting.streams[i];
      const TableNo table(static_cast<size_t>(reason.stream));
      why += fmt::format("{}{}: {} records, oldest {} s{}", i > 0 ? "; " : "",
                         tables_[table].stream.Display(), reason.records, WholeSeconds(now - reason.oldest),
                         rates_[table].Get(now).throttled ? ", throttled" : "");
    }
    if (waiting.streams.size() > kNamedInALog)
      why += fmt::format("; {} more streams", waiting.streams.size() - kNamedInALog);
    return why;
  }

  const PipelineOptions& options_;
  const Clock& clock_;
  MessageWriter& writer_;
  MemoryBudget& budget_;
  EventLoop loop_;
  EventLoop::Timer tick_;
  std::unique_ptr<EventLoop::Watch> signals_;
  RunState state_;
  CheckpointLedger ledger_;
  ChunkReader reader_;
  Intake intake_;
  StreamIndex streams_;
  const TableTargets tables_;  // of the streams, and the dead letters
  const Encodings encodings_;
  NumberedVector<TableNo, RateController> rates_;
  Rejections rejections_;
  RefusalStorms storms_;
  RunContext run_;
  std::vector<std::unique_ptr<Worker>> workers_;

  size_t drained_ = 0;
  std::optional<Instant> deadline_;
  Instant last_log_ = run_.started;
  Instant last_late_;  // when a STATE was last said to be late
};

}  // namespace

PipelineResult RunPipeline(const PipelineOptions& options, const ClientFactory& make_client,
                           const Clock& clock, MessageWriter& writer, MemoryBudget& budget) {
  return Supervisor(options, make_client, clock, writer, budget).Run();
}

}  // namespace ddb
