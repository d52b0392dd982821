// ReadingReport: says that no more is read because memory is full, for which table, and when it goes on: a
// person whose source stands still should not have to guess. Not of moments: memory that is full now and then
// is what a bound is for. Supervisor's thread; no clock of its own.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "pipeline/report.h"

namespace ddb {

class ReadingReport {
 public:
  // Asked at every tick: the line to be said now, or "".
  std::string Look(const RunTotals::Reading& reading, Instant now);

 private:
  bool told_ = false;
  std::optional<Instant> full_since_;
  std::optional<Instant> free_since_;  // once it was told
};

}  // namespace ddb
