// ProgressReport: how a run stands, said while it goes on and at its end: to the log every times::kSayAgain,
// with the streams that moved or wait, and on a terminal, live, at every tick. It decides when, and keeps
// what rates are counted from; the texts are report's and live_text's, the figures whoever's it is. On the
// supervisor's thread.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/numbered.h"
#include "delivery/run_plan.h"
#include "pipeline/live_screen.h"
#include "pipeline/recent_rate.h"
#include "pipeline/report.h"

namespace ddb {

class ProgressReport {
 public:
  struct Figures {
    std::function<RunTotals()> run;            // but for its rate and times
    std::function<StreamTotals(StreamNo)> of;  // but for its names and rate
  };
  // `screen`: null: there is no terminal.
  ProgressReport(const RunPlan& plan, Log& log, Figures figures, LiveScreen* screen, Instant begin);

  void Tick(Instant now);
  // `how` it ended.
  void End(std::string_view how, Instant now);

 private:
  void LogProgress(Instant now);
  void Draw(RunTotals totals, Instant now);
  StreamTotals Of(StreamNo stream, uint64_t before, Duration since) const;

  const RunPlan& plan_;
  Log& log_;
  const Figures figures_;
  LiveScreen* const screen_;
  const Instant begin_;
  RecentRate stored_;
  Instant last_log_;
  NumberedVector<StreamNo, uint64_t> logged_;  // records stored when it was last said
  std::optional<RecentRates> recent_;          // on a terminal
};

}  // namespace ddb
