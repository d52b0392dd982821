// RunFigures: how a run stands, in figures, asked of those who know: the workers, the ledger, what bounds the
// flow, the source. Decides nothing. Supervisor's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "delivery/run_context.h"
#include "pipeline/report.h"
#include "pipeline/source.h"
#include "pipeline/worker.h"

namespace ddb {

class RunFigures {
 public:
  // All of it outlives the object.
  RunFigures(const RunContext& run, const Source& source, const std::vector<std::unique_ptr<Worker>>& workers)
      : run_(run), source_(source), workers_(workers) {}

  RunTotals Totals() const;                // but for its rate and times
  StreamTotals Of(StreamNo stream) const;  // but for its names and rate
  RunTotals::Reading Reading() const;
  size_t requests_in_flight() const;

 private:
  std::optional<uint64_t> Expected(const RunTotals& totals) const;
  std::string FillsMemory() const;
  std::string Trouble(Instant now) const;

  const RunContext& run_;
  const Source& source_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
};

}  // namespace ddb
