// ThrottleReport: says at once why a table is throttled, once for each cause, and when it is no more. The
// tables that DynamoDB makes by default take 10 writes a second: that is the normal state of many syncs, and
// the one that a user can end. All tables together say no more than a person reads. Supervisor's thread; no
// clock of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/numbered.h"
#include "delivery/batch.h"
#include "delivery/flow_control.h"

namespace ddb {

class ThrottleReport {
 public:
  // Of a table: write units a second that it is known to have; 0: none.
  using Units = std::function<double(TableNo)>;
  ThrottleReport(const TableTargets& tables, Units units)
      : tables_(tables), units_(std::move(units)), told_(tables.size()) {}

  struct Line {
    LogLevel level = LogLevel::kWarn;
    std::string text;
  };
  // What is to be said now; ends the episodes that are over.
  std::vector<Line> Look(FlowControl& flow, Instant now);

 private:
  struct Told {
    std::vector<ThrottleReason> causes;  // of this episode; empty: nothing was said of it
    ThrottleReason last;                 // ever
    Instant began;                       // the episode
    Instant at;                          // when anything was said; zero: never
  };
  bool IsNews(const Told& told, const ThrottleEpisode::Seen& seen, Instant now) const;

  const TableTargets& tables_;
  const Units units_;
  NumberedVector<TableNo, Told> told_;
  Instant began_;  // the time in which `said_` lines were said
  size_t said_ = 0;
};

}  // namespace ddb
