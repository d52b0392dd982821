// StreamPhase: stdin into the tables, and the STATEs to stdout: the data path of one run. Decides how the
// workers share what the plan gives (connections, memory), when a table is given up, and what is said
// meanwhile. Owns the workers' threads and what they share: the read token and the source, the ledger, the
// flow control, the counts of refused records. Used by RunSync on the caller's thread; workers call back as
// marked in the .cc. From Run until Close the workers stand by, so that Finish can send through them.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "airbyte/stream_router.h"
#include "base/numbered.h"
#include "delivery/checkpoint_ledger.h"
#include "delivery/run_context.h"
#include "items/item_encoder.h"
#include "pipeline/capacity_watch.h"
#include "pipeline/first_of_stream.h"
#include "pipeline/flow_report.h"
#include "pipeline/passed_over.h"
#include "pipeline/progress_report.h"
#include "pipeline/read_token.h"
#include "pipeline/reading_report.h"
#include "pipeline/replacements.h"
#include "pipeline/report.h"
#include "pipeline/run.h"
#include "pipeline/run_control.h"
#include "pipeline/run_figures.h"
#include "pipeline/source.h"
#include "pipeline/stream_outcome.h"
#include "pipeline/throttle_report.h"
#include "pipeline/trouble_report.h"
#include "pipeline/worker.h"

namespace ddb {

class StreamPhase {
 public:
  // `replace`: see Replacements; used only where parts.to_replace names a table.
  StreamPhase(const RunPlan& plan, const RunParts& parts, Replacements::Step replace, RunControl& control);
  ~StreamPhase();

  // What is known of the tables' capacity: before Run.
  void Describe(const TableDescriptions& tables);
  // Until all that there was to read is read and settled, and what is to be replaced is, or the run has to
  // end. STATEs that cover a stream which waits for its Finish have not left then.
  void Run();
  // Ends the workers and what is still in flight. A run that has not ended for a reason must be settled: else
  // it fails here, which is the last net under "exit 0 means all stored".
  void Close();
  void Report();

  // All input was read, and all of it is stored or rejected: only Finish may be left to do.
  bool AllStored() const;
  NumberedVector<StreamNo, StreamOutcome> Outcomes() const;
  // The stream is finished: it keeps no STATE back any more.
  void LetStatesGo(StreamNo stream);

  CheckpointLedger& ledger() { return ledger_; }

 private:
  void SayLimit(TableNo table);
  void SuperviseUntil(const std::function<bool()>& done);
  struct Silent {
    std::vector<StreamNo> may_go;        // their tables are replaced
    std::vector<StreamNo> all_rejected;  // stay as they are
  };
  Silent DecideOnTheSilent() const;
  void WarnOfEmptyTables() const;
  bool AllDrained() const { return drained_ == workers_.size(); }
  void WakeAll();
  void WakeOpen();
  void OnDrained();
  void OnReplaced();
  void OnStop();
  void OnTick(Instant now);
  void GiveUpOnTables(Instant now);
  void LogLateStates(Instant now);

  const RunPlan& plan_;
  const RunParts& parts_;
  RunControl& control_;
  CheckpointLedger ledger_;
  ReadToken token_;
  Source source_;
  const StreamRouter streams_;
  const NumberedVector<StreamNo, StreamEncoding> encodings_;
  StreamStatuses statuses_;
  PassedOver passed_over_;
  FirstOfStream by_name_only_;
  Replacements replacements_;
  const TableTargets tables_;
  FlowControl flow_;
  Rejections rejections_;
  RefusalStorms storms_;
  RunContext run_;
  std::vector<std::unique_ptr<Worker>> workers_;

  CapacityWatch capacity_;
  TroubleReport troubles_;
  ThrottleReport throttles_;
  ReadingReport reading_;
  RunFigures figures_;
  FlowReport flow_report_;
  ProgressReport progress_;
  std::atomic<size_t> drained_{0};
  Instant last_late_;  // when a STATE was last said to be late
};

}  // namespace ddb
