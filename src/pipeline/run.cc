#include "pipeline/run.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "pipeline/run_control.h"
#include "pipeline/stream_phase.h"

namespace ddb {
namespace {

// A step that ended because the run is to stop has not failed.
void FailUnlessStopped(RunControl& control, Error error) {
  if (!control.StopRequested()) control.state().Fail(std::move(error));
}

void Finish(const RunPlan& plan, const TableDescriptions& tables, const RunParts& parts, RunControl& control,
            StreamPhase& stream) {
  const StopRequested stop_requested = [&control] { return control.StopRequested(); };
  const NumberedVector<StreamNo, StreamOutcome> outcomes = stream.Outcomes();
  for (const StreamNo no : plan.streams.numbers()) {
    if (stop_requested()) return;
    const StreamPlan& of = plan.streams[no];
    Status finished =
        parts.finish ? parts.finish({no, of, outcomes[no], tables[of.table]}, stop_requested) : Ok();
    if (!finished.ok()) {
      FailUnlessStopped(control, std::move(finished).error().For(of.id).At("write: finishing a stream"));
      return;
    }
    stream.LetStatesGo(no);
  }
}

RunResult ResultOf(const RunState& state, NumberedVector<StreamNo, StreamOutcome> streams = {}) {
  return {state.reason(), state.error(), std::move(streams)};
}

}  // namespace

RunResult RunSync(const RunPlan& plan, const RunParts& parts) {
  RunControl control(parts.clock, parts.writer, parts.signal_fd);

  Result<TableDescriptions> tables = parts.prepare([&control] { return control.StopRequested(); });
  if (!tables.ok()) {
    FailUnlessStopped(control, std::move(tables).error().At("write: preparing the tables"));
    return ResultOf(control.state());
  }

  // Called while the stream phase runs, on several threads; nobody then reads what it changes.
  Mutex mu;
  const Replacements::Step replace = [&](const std::vector<TableNo>& which,
                                         const StopRequested& stop_requested,
                                         const TableReplaced& told) -> Status {
    Result<std::vector<TableDescription>> replaced = parts.replace(which, stop_requested, told);
    if (!replaced.ok()) return std::move(replaced).error().At("write: replacing the tables");
    MutexLock lock(mu);
    for (size_t i = 0; i < which.size(); ++i) (*tables)[which[i]] = std::move((*replaced)[i]);
    return Ok();
  };
  StreamPhase stream(plan, parts, replace, control);
  stream.Describe(*tables);
  stream.Run();
  if (stream.AllStored()) Finish(plan, *tables, parts, control, stream);
  stream.Close();

  stream.Report();
  return ResultOf(control.state(), stream.Outcomes());
}

}  // namespace ddb
