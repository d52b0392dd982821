// Run: one sync, from its plan to its result, in four phases over one supervised context (RunControl):
//
//   Prepare   every table is looked at, and what is missing is created
//   Stream    stdin -> tables, STATEs -> stdout (StreamPhase); meanwhile each table that is to be overwritten
//             is made anew when its stream has said its first word (Replacements)
//   Finish    per stream, once everything is stored: what its success asks for, while STATEs wait for it
//   Report    one summary for people
//
// RunSync is called once, by write, on the main thread, and blocks it. Every thread that it started has been
// joined when it returns.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "airbyte/message_writer.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/memory_budget.h"
#include "base/numbered.h"
#include "base/result.h"
#include "delivery/run_plan.h"
#include "delivery/run_state.h"
#include "dynamodb/error_messages.h"
#include "dynamodb/table.h"
#include "pipeline/live_screen.h"
#include "pipeline/stream_outcome.h"
#include "pipeline/worker.h"

namespace ddb {

// The tables as they were when the data began to flow.
using TableDescriptions = NumberedVector<TableNo, TableDescription>;

// Asked by a step that blocks, at least ten times a second: true, and it comes to its end within
// times::kStoringAfterStop.
using StopRequested = std::function<bool()>;
// Makes the plan's tables ready, as far as nothing that is there is harmed.
using PrepareStep = std::function<Result<TableDescriptions>(const StopRequested&)>;
// Told by a step of each table that is as it is to be, as soon as it is.
using TableReplaced = std::function<void(TableNo)>;
// Makes some of them anew, while the data of others flows, on threads of their own, of which there may be
// several at a time, for other tables each; then tells what they are now, in the same order.
using ReplaceStep = std::function<Result<std::vector<TableDescription>>(
    const std::vector<TableNo>&, const StopRequested&, const TableReplaced&)>;

// What a step of Finish may look at.
struct FinishingStream {
  StreamNo no;
  const StreamPlan& plan;
  const StreamOutcome& outcome;
  const TableDescription& table;
};
// What remains to be done for one stream of a run that has stored everything. It is asked for every stream,
// also for one without COMPLETE: a platform that sends no statuses says everything with a clean end. STATEs
// that wait for the stream leave when it is done; after an error they never do, and the run fails.
using FinishStep = std::function<Status(const FinishingStream&, const StopRequested&)>;

// What a run works with. All of it outlives the run.
struct RunParts {
  const Clock& clock;
  MessageWriter& writer;
  MemoryBudget& budget;
  ClientFactory make_client;
  EndpointText endpoint = {};  // for errors
  PrepareStep prepare;
  ReplaceStep replace = {};
  // What is to be replaced, once the tables are prepared; empty: nothing.
  std::function<std::vector<TableNo>()> to_replace = {};
  FinishStep finish = {};  // empty: nothing is left to do for any stream
  int input_fd = 0;
  int signal_fd = -1;            // readable when SIGTERM or SIGINT came; -1: none
  LiveScreen* screen = nullptr;  // of a terminal, for those who watch; null: none
  // The service holds tables to the capacity that it describes, as DynamoDB does and its emulators do not.
  bool described_is_enforced = false;
};

struct RunResult {
  // kNone: all input was read, everything is stored, every STATE is out, every stream is finished.
  StopReason reason = StopReason::kNone;
  std::optional<Error> error;                       // kFailure
  NumberedVector<StreamNo, StreamOutcome> streams;  // none where no table could be made ready
};

RunResult RunSync(const RunPlan& plan, const RunParts& parts);

}  // namespace ddb
