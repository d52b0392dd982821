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

// Nothing old goes for a source that gave nothing.
void Replace(const RunParts& parts, RunControl& control, StreamPhase& stream, TableDescriptions& tables) {
  switch (stream.AwaitFirstWord()) {
    case StreamPhase::FirstSaid::kNothing:
      parts.writer.Warn(
          "No table was replaced: the input ended without a record and without a state, and not as that of a "
          "source that has nothing more to say.");
      return;
    case StreamPhase::FirstSaid::kStopped:
      return;
    case StreamPhase::FirstSaid::kWord:
      break;
  }
  Result<TableDescriptions> replaced = parts.replace([&control] { return control.StopRequested(); });
  if (replaced.ok()) {
    tables = *std::move(replaced);
  } else {
    FailUnlessStopped(control, std::move(replaced).error().At("write: replacing the tables"));
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

  StreamPhase stream(plan, parts, control);
  if (parts.replace) Replace(parts, control, stream, *tables);
  stream.Run();
  if (stream.AllStored()) Finish(plan, *tables, parts, control, stream);
  stream.Close();

  stream.Report();
  return ResultOf(control.state(), stream.Outcomes());
}

}  // namespace ddb
