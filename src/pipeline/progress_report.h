// ProgressReport: how a run stands, said while it goes on and at its end: to the log every times::kSayAgain,
// with the streams that moved or wait, and to a terminal at every tick. It decides when, and keeps what rates
// are counted from; the texts are report's, the figures whoever's it is. On the supervisor's thread.
#pragma once

#include <functional>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/numbered.h"
#include "delivery/run_plan.h"
#include "pipeline/recent_rate.h"
#include "pipeline/report.h"

namespace ddb {

class ProgressReport {
 public:
  struct Figures {
    std::function<RunTotals()> run;            // but for its rate
    std::function<StreamTotals(StreamNo)> of;  // but for its names and rate
  };
  // `terminal`: a descriptor, -1: none.
  ProgressReport(const RunPlan& plan, Log& log, Figures figures, int terminal, Instant begin);

  void Tick(Instant now);
  // `how` it ended.
  void End(std::string_view how, Instant now);

 private:
  void LogProgress(Instant now);
  StreamTotals Of(StreamNo stream, uint64_t before, Duration since) const;

  const RunPlan& plan_;
  Log& log_;
  const Figures figures_;
  const int terminal_;
  const Instant begin_;
  RecentRate stored_;
  Instant last_log_;
  NumberedVector<StreamNo, uint64_t> logged_;  // records stored when it was last said
};

}  // namespace ddb
