#include "pipeline/stream_phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/signals.h"
#include "base/times.h"
#include "delivery/table_errors.h"
#include "pipeline/throttle_texts.h"

namespace ddb {
namespace {

std::vector<StreamId> IdsOf(const RunPlan& plan) {
  std::vector<StreamId> ids;
  ids.reserve(plan.streams.size());
  for (const StreamPlan& stream : plan.streams) ids.push_back(stream.id);
  return ids;
}

NumberedVector<StreamNo, StreamEncoding> EncodingsOf(const RunPlan& plan) {
  NumberedVector<StreamNo, StreamEncoding> encodings;
  encodings.reserve(plan.streams.size());
  for (const StreamPlan& stream : plan.streams) encodings.push_back(stream.items);
  return encodings;
}

// `enforced`: RunParts::described_is_enforced. Only then does what is described bound anything, and what is
// spent has to be counted as that is: without what global indexes spend.
TableTargets TargetsOf(const RunPlan& plan, bool enforced) {
  const ConsumedDetail detail = enforced ? ConsumedDetail::kIndexes : ConsumedDetail::kTotal;
  TableTargets targets;
  targets.reserve(plan.tables.size());
  for (const TablePlan& table : plan.tables)
    targets.push_back({table.table, table.stream, BatchWrite(table.table, table.keys, detail)});
  return targets;
}

std::string HowItEnded(StopReason reason) {
  switch (reason) {
    case StopReason::kNone:
      return "Finished";
    case StopReason::kFailure:
      return "Failed";
    case StopReason::kSignal:
      return fmt::format("Stopped by {}", Signals::received_name().view());
    case StopReason::kStdoutClosed:
      break;
  }
  return "Stopped";
}

}  // namespace

StreamPhase::StreamPhase(const RunPlan& plan, const RunParts& parts, Replacements::Step replace,
                         RunControl& control)
    : plan_(plan),
      parts_(parts),
      control_(control),
      ledger_(plan.streams.size()),
      source_(parts.input_fd, plan.chunk_bytes, plan.skip_rejected, ledger_, parts.budget),
      streams_(IdsOf(plan)),
      encodings_(EncodingsOf(plan)),
      statuses_(plan.streams.size()),
      passed_over_(parts.writer),
      by_name_only_(plan.streams.size()),
      replacements_(plan, parts.to_replace ? parts.to_replace() : std::vector<TableNo>(), std::move(replace),
                    ledger_, control.state(), [this] { OnReplaced(); }),
      tables_(TargetsOf(plan, parts.described_is_enforced)),
      flow_(static_cast<size_t>(plan.workers), tables_.size()),
      rejections_(plan, parts.writer),
      storms_(tables_.size()),
      run_{.plan = plan,
           .clock = parts.clock,
           .tables = tables_,
           .flow = flow_,
           .ledger = ledger_,
           .budget = parts.budget,
           .state = control.state(),
           .rejections = rejections_,
           .storms = storms_,
           .started = parts.clock.Now(),
           .endpoint = parts.endpoint},
      capacity_(tables_, flow_, parts.clock, control.loop(), parts.make_client, parts.described_is_enforced),
      troubles_(tables_, parts.endpoint, plan.give_up),
      throttles_(tables_, [this](TableNo table) { return capacity_.units(table); }),
      figures_(run_, source_, workers_),
      flow_report_(tables_),
      progress_(plan, parts.writer,
                {.run = [this] { return figures_.Totals(); },
                 .of = [this](StreamNo stream) { return figures_.Of(stream); }},
                parts.screen, run_.started) {
  for (const StreamNo no : plan.streams.numbers()) {
    if (plan.streams[no].states_wait_for_finish) ledger_.Hold(no);
  }
  const auto workers = static_cast<size_t>(plan.workers);
  const Worker::Shared shared{
      .run = run_,
      .token = token_,
      .source = source_,
      .input = {streams_, encodings_, statuses_, passed_over_, by_name_only_, replacements_},
      .writer = parts.writer,
      .make_client = parts.make_client,
      .max_requests = std::max<size_t>(1, plan.connections / workers),
      .wake_all = [this] { WakeAll(); },
      .wake_open = [this] { WakeOpen(); },
      .drained = [this] { OnDrained(); }};
  for (size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(shared, i));
}

StreamPhase::~StreamPhase() {
  replacements_.End();
  for (auto& worker : workers_) worker->Join();
  // One that was not told to stop, because another could not be started, may wait for room: what it holds
  // goes with it, and must not call it then.
  parts_.budget.StopWaiting();
}

void StreamPhase::Describe(const TableDescriptions& tables) {
  for (const TableNo table : tables.numbers()) {
    flow_.gate(table).Limit(plan_.tables[table].limit);
    capacity_.Describe(table, tables[table]);
    SayLimit(table);
  }
}

void StreamPhase::SayLimit(TableNo table) {
  const WriteLimit& limit = plan_.tables[table].limit;
  if (!limit.is_set()) return;
  const double cap = flow_.gate(table).LookAt(parts_.clock.Now()).cap;
  LimitLine line = WriteLimitText(tables_[table], limit, cap);
  parts_.writer.Write(line.level, std::move(line.text));
}

void StreamPhase::Run() {
  replacements_.Start();
  for (auto& worker : workers_) worker->Start();
  SuperviseUntil([this] { return AllDrained(); });
  if (!control_.state().stopped()) {
    if (std::optional<Error> error = passed_over_.WhyNoInput()) {
      control_.state().Fail((*std::move(error)).At("reading the input"));
    }
  }
  Silent silent;
  if (!control_.state().stopped()) silent = DecideOnTheSilent();
  replacements_.NoMore(silent.may_go);
  SuperviseUntil([this] { return replacements_.done(); });
  replacements_.End();
  // Nothing waits for their tables: their STATEs may tell of what was rejected.
  for (const StreamNo stream : silent.all_rejected) ledger_.Open(stream);
}

void StreamPhase::SuperviseUntil(const std::function<bool()>& done) {
  while (!done() && !control_.TimeIsUp()) {
    if (control_.state().stopped()) OnStop();
    control_.Supervise({.stop = [this] { OnStop(); }, .each_tick = [this](Instant now) { OnTick(now); }});
  }
}

// At the end of the input: of the streams that gave nothing to store those may go whose source has done all
// that it had to; it could as well have died. Warns of the others.
StreamPhase::Silent StreamPhase::DecideOnTheSilent() const {
  Text why = statuses_.any() ? Text("the source did not say that the stream is COMPLETE") : Text();
  if (why.empty() && statuses_.ended_in_trouble()) {
    why = "behind all that the source gave, its log tells of an error, or is too long to be looked at";
  }
  if (passed_over_.HasNoMessage()) why = "no line of it is a message of a type that is known";
  if (statuses_.failed()) why = "the source has said that it failed";
  Silent decided;
  std::vector<std::string> stay;
  std::vector<std::string> all_rejected;
  const std::vector<StreamNo> silent = replacements_.Silent();
  for (const StreamNo stream : silent) {
    if (ledger_.TotalsOf(stream).rejected > 0) {  // it gave something, and none of it can take the place
      decided.all_rejected.push_back(stream);
      all_rejected.push_back(plan_.tables[plan_.streams[stream].table].table);
      continue;
    }
    const bool complete = statuses_.Last(stream) == StreamStatus::kComplete && !statuses_.failed();
    if (why.empty() || complete) {
      decided.may_go.push_back(stream);
    } else {
      stay.push_back(plan_.tables[plan_.streams[stream].table].table);
    }
  }
  const bool any_replaced = !decided.may_go.empty() || silent.size() < replacements_.size();
  if (!stay.empty()) parts_.writer.Warn(NotReplacedText(stay, why, any_replaced));
  if (!all_rejected.empty()) parts_.writer.Warn(AllRejectedText(all_rejected));
  return decided;
}

void StreamPhase::WarnOfEmptyTables() const {
  const bool ended_well = control_.state().reason() == StopReason::kNone;
  std::vector<std::string> empty;
  for (const TableNo table : replacements_.Replaced()) {
    const CheckpointLedger::Totals of = ledger_.TotalsOf(*plan_.stream_of[table]);
    if (of.stored > 0 || (ended_well && of.rejected == 0)) continue;
    empty.push_back(plan_.tables[table].table);
  }
  if (empty.empty()) return;
  parts_.writer.Warn(ended_well ? RejectedAndEmptyText(empty) : LeftEmptyText(empty));
}

void StreamPhase::Close() {
  replacements_.End();
  for (auto& worker : workers_) worker->Join();
  if (control_.state().reason() != StopReason::kNone || ledger_.AllSettled()) return;
  control_.state().Fail(
      SystemError("The sync ended although not every record was stored. This is a defect of the connector.",
                  "drained, but the ledger is not settled"));
}

NumberedVector<StreamNo, StreamOutcome> StreamPhase::Outcomes() const {
  const bool all_stored = AllStored();
  NumberedVector<StreamNo, StreamOutcome> outcomes;
  for (const StreamNo no : plan_.streams.numbers()) {
    const CheckpointLedger::Totals totals = ledger_.TotalsOf(no);
    const std::optional<StreamStatus> said = statuses_.Last(no);
    outcomes.push_back({.complete = all_stored && said == StreamStatus::kComplete,
                        .stored = totals.stored,
                        .rejected = totals.rejected,
                        .last_status = said});
  }
  return outcomes;
}

bool StreamPhase::AllStored() const { return !control_.state().stopped() && ledger_.AllRecordsSettled(); }

void StreamPhase::LetStatesGo(StreamNo stream) {
  if (plan_.streams[stream].states_wait_for_finish) ledger_.ReleaseHold(stream);
}

void StreamPhase::Report() {
  passed_over_.LogTotals();
  rejections_.LogTotals();
  WarnOfEmptyTables();
  progress_.End(HowItEnded(control_.state().reason()), parts_.clock.Now());
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

void StreamPhase::OnReplaced() {  // the thread of the replacements
  WakeAll();
  if (replacements_.done()) control_.Leave();
}

void StreamPhase::OnStop() {
  source_.End();
  WakeAll();
}

void StreamPhase::OnTick(Instant now) {
  GiveUpOnTables(now);
  if (!control_.state().stopped()) {
    capacity_.Tick(now);
    for (const CapacityWatch::Change& change : capacity_.TakeChanges()) {
      parts_.writer.Info(CapacityChangedText(tables_[change.table], change.before, change.after));
      if (plan_.tables[change.table].limit.percent > 0) SayLimit(change.table);
    }
    for (ThrottleReport::Line& line : throttles_.Look(flow_, now))
      parts_.writer.Write(line.level, std::move(line.text));
    for (TroubleReport::Line& line : troubles_.Look(flow_, now))
      parts_.writer.Write(line.level, std::move(line.text));
    std::string reading = reading_.Look(figures_.Reading(), now);
    if (!reading.empty()) parts_.writer.Info(std::move(reading));
  }
  if (parts_.writer.writes(LogLevel::kDebug)) {
    for (std::string& text : flow_report_.Look(flow_, figures_.requests_in_flight(), now))
      parts_.writer.Write(LogLevel::kDebug, std::move(text));
  }
  progress_.Tick(now);
  if (now - last_late_ >= times::kSayAgain) LogLateStates(now);
}

void StreamPhase::GiveUpOnTables(Instant now) {
  bool given_up = false;
  for (const TableNo table : tables_.numbers()) {
    const std::optional<Duration> waited = flow_.clock(table).WaitedWithoutProgress(now);
    if (!waited || *waited < plan_.give_up || control_.state().has_given_up(table)) continue;
    control_.state().GiveUpOn(
        table, GaveUpError(tables_[table], parts_.endpoint, *waited, flow_.trouble(table).Look()));
    given_up = true;
  }
  if (given_up) WakeAll();  // a run that has ended already is told by nobody else
}

void StreamPhase::LogLateStates(Instant now) {
  const std::vector<CheckpointLedger::Waiting> late = ledger_.WaitingSince(now - times::kStateIsLate);
  if (late.empty()) return;
  last_late_ = now;
  const StreamNames names{
      .display = [this](StreamNo stream) { return plan_.streams[stream].id.Display(); },
      .throttled = [this,
                    now](StreamNo stream) { return flow_.gate(plan_.streams[stream].table).Throttled(now); }};
  for (std::string& text : LateStateTexts(late, names, now)) parts_.writer.Warn(std::move(text));
}

}  // namespace ddb
