#include "simulation/one_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "airbyte/message_writer.h"
#include "base/times.h"
#include "pipeline/run.h"
#include "simulation/judge.h"
#include "simulation/network.h"
#include "simulation/pace.h"
#include "simulation/standard_streams.h"
#include "simulation/tables.h"
#include "support/pipeline/plans.h"

namespace ddb::simulation {
namespace {

RunPlan PlanOfTheRun(const Plan& plan) {
  RunPlan run;
  run.sync_time_millis = 1000;
  run.workers = plan.workers;
  run.connections = static_cast<size_t>(plan.connections);
  run.chunk_bytes = plan.chunk_bytes;
  run.send_window_bytes = plan.window_bytes;
  run.memory_bytes = plan.memory_bytes;
  run.give_up = std::chrono::milliseconds(static_cast<int64_t>(plan.give_up_s * 1000));
  run.skip_rejected = plan.skip_rejected;
  for (size_t i = 0; i < plan.tables.size(); ++i) AddStream(run, StreamName(static_cast<int>(i)));
  return run;
}

// Finds every table there, and what its capacity is, where that may be asked.
PrepareStep LookAtTables(const Plan& plan, const RunPlan& run) {
  return [&plan, find = TablesAreThere(run)](const StopRequested& stop_requested) {
    Result<TableDescriptions> found = find(stop_requested);
    for (const TableNo table : found->numbers()) {
      const TableSetting& setting = plan.tables[table.value()];
      if (setting.described)
        (*found)[table].settings.capacity.write_units = static_cast<int64_t>(setting.wcu);
    }
    return found;
  };
}

// As the command does (commands/write.cc).
bool SayTheRest(MessageWriter& writer, const RunResult& result, Scheduler& scheduler) {
  if (result.reason == StopReason::kFailure) writer.WriteTraceError(*result.error);
  if (result.reason == StopReason::kSignal) return writer.Flush(scheduler.Now() + times::kFlushAfterStop);
  if (result.reason != StopReason::kNone) return writer.Flush(scheduler.Now() + times::kFlushAtEnd);
  while (!writer.Flush(scheduler.Now() + std::chrono::seconds(1))) {
    if (writer.closed() || scheduler.failed()) return false;
  }
  return true;
}

}  // namespace

RunReport RunOnce(const Plan& plan, std::function<void(const std::string& line)> trace) {
  const Input input = MakeInput(plan);
  const auto limit = std::chrono::milliseconds(static_cast<int64_t>(1000 * LongestRun(plan, input)));
  Scheduler scheduler(
      {plan.seed, std::chrono::nanoseconds(static_cast<int64_t>(plan.turn_us * 1000)), limit});
  scheduler.ListenTo(std::move(trace));
  MemoryBudget budget(plan.memory_bytes);
  Judge judge(plan, input, scheduler, budget);
  Tables tables(plan, input, judge, scheduler);
  Network network(plan, tables, scheduler);
  StandardStreams streams(plan, input, judge, scheduler);
  scheduler.OnStep([&] {
    streams.Read();
    judge.OnStep();
  });
  const RunPlan run = PlanOfTheRun(plan);
  const size_t most_requests = std::max(1, plan.connections / plan.workers);
  RunReport report;
  RunResult result;
  bool flushed = false;
  try {
    {
      MessageWriter writer(streams.out(), LogLevel::kWarn, scheduler, &budget);
      result = RunSync(
          run, {.clock = scheduler,
                .writer = writer,
                .budget = budget,
                .make_client = [&](EventLoop& loop) { return network.MakeClient(loop, most_requests); },
                .prepare = LookAtTables(plan, run),
                .input_fd = streams.in(),
                .signal_fd = streams.signals(),
                .described_is_enforced = true});
      flushed = SayTheRest(writer, result, scheduler);
    }
    streams.ReadAll();
    judge.AtEnd(result, flushed);
    if (result.reason == StopReason::kNone &&
        scheduler.Seconds() > LongestGoodRun(plan, input, network.requests()))
      scheduler.Fail("slow", fmt::format("it took {:.1f} s, of {:.1f} that it may take", scheduler.Seconds(),
                                         LongestGoodRun(plan, input, network.requests())));
  } catch (const Violation&) {
    // The scheduler keeps it.
  }
  report.violation = scheduler.violation();
  report.trace_hash = scheduler.trace_hash();
  report.steps = scheduler.steps();
  report.seconds = scheduler.Seconds();
  report.records = input.records.size();
  report.requests = network.requests();
  report.items_sent = tables.sent();
  report.items_stored = tables.stored();
  report.bytes_sent = network.bytes_sent();
  report.timeouts = network.timeouts();
  report.most_bytes_in_flight = static_cast<double>(network.most_bytes_in_flight());
  report.fired = network.fired();
  static constexpr const char* kEnds[] = {"all stored", "failed", "signal", "stdout closed"};
  report.end = kEnds[static_cast<size_t>(result.reason)];
  if (result.error) report.end += ": " + result.error->message;
  return report;
}

}  // namespace ddb::simulation
