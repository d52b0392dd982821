// TroubleReport: says, while a run goes on, that a table stores nothing and why, and that it is tried again:
// a person who watches should not have to wait for the last word. Of each table and reason once in a while,
// and all together no more than a person reads. Supervisor's thread; no clock of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/numbered.h"
#include "delivery/batch.h"
#include "delivery/flow_control.h"
#include "dynamodb/error_messages.h"

namespace ddb {

class TroubleReport {
 public:
  // `give_up`: after which the run ends. `tables` and `endpoint` outlive it.
  TroubleReport(const TableTargets& tables, const EndpointText& endpoint, Duration give_up)
      : tables_(tables), endpoint_(endpoint), give_up_(give_up), told_(tables.size()) {}

  struct Line {
    LogLevel level = LogLevel::kWarn;
    std::string text;
  };
  // What is to be said now.
  std::vector<Line> Look(const FlowControl& flow, Instant now);

 private:
  struct Told {
    std::optional<ReplyFault> fault;  // kNone: no reply came; absent: nothing was told
    LogLevel level = LogLevel::kInfo;
    Instant at;
  };
  bool IsNews(const Told& told, ReplyFault fault, LogLevel level, Instant now) const;
  std::string Say(TableNo table, Duration waited, const std::optional<TableTrouble::Seen>& seen) const;

  const TableTargets& tables_;
  const EndpointText& endpoint_;
  const Duration give_up_;
  NumberedVector<TableNo, Told> told_;
  std::optional<Instant> last_;  // when anything was said
};

}  // namespace ddb
