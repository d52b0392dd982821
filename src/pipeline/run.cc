#include "pipeline/run.h"

#include <utility>

#include "pipeline/run_control.h"
#include "pipeline/stream_phase.h"

namespace ddb {
namespace {

// A step that ended because the run is to stop has not failed.
void FailUnlessStopped(RunControl& control, Error error) {
  if (!control.StopRequested()) control.state().Fail(std::move(error));
}

void Finish(const RunPlan& plan, const TableDescriptions& tables, const RunParts& parts,
            RunControl& control) {
  if (!parts.finish) return;
  const StopRequested stop_requested = [&control] { return control.StopRequested(); };
  for (const StreamNo no : plan.streams.numbers()) {
    if (stop_requested()) return;
    const StreamPlan& stream = plan.streams[no];
    Status finished = parts.finish({no, stream, tables[stream.table]}, stop_requested);
    if (finished.ok()) continue;
    FailUnlessStopped(control, std::move(finished).error().For(stream.id).At("write: finishing a stream"));
    return;
  }
}

RunResult ResultOf(const RunState& state) { return {state.reason(), state.error()}; }

}  // namespace

RunResult RunSync(const RunPlan& plan, const RunParts& parts) {
  RunControl control(parts.clock, parts.writer, parts.signal_fd);

  Result<TableDescriptions> tables = parts.prepare([&control] { return control.StopRequested(); });
  if (!tables.ok()) {
    FailUnlessStopped(control, std::move(tables).error().At("write: preparing the tables"));
    return ResultOf(control.state());
  }

  StreamPhase stream(plan, parts, control);
  stream.Run();
  if (!control.state().stopped()) Finish(plan, *tables, parts, control);
  stream.Close();

  stream.Report();
  return ResultOf(control.state());
}

}  // namespace ddb
