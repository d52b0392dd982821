// FlowReport: what bounds the flow, for who looks into it (LOG_LEVEL=DEBUG): what is in flight of what the
// line holds; and of each table what waits, how much it is sent and why no more, and how many of its replies
// were no success, and for what. At most once a second, of a few tables that have moved, in turns.
// Supervisor's thread; no clock of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/numbered.h"
#include "delivery/batch.h"
#include "delivery/flow_control.h"

namespace ddb {

class FlowReport {
 public:
  static constexpr Duration kApart = std::chrono::seconds(1);
  static constexpr size_t kTablesAtOnce = 10;

  explicit FlowReport(const TableTargets& tables) : tables_(tables), told_(tables.size()) {}

  // What is to be said now. `requests`: in flight, of all workers.
  std::vector<std::string> Look(const FlowControl& flow, size_t requests, Instant now);

 private:
  struct Told {
    uint64_t waiting = 0;  // items
    double units = 0;      // spent
    uint64_t in_vain = 0;  // replies
    bool operator==(const Told&) const = default;
  };

  const TableTargets& tables_;
  NumberedVector<TableNo, Told> told_;
  size_t next_ = 0;  // the table that a look begins with, so that each has its turn
  std::optional<Instant> last_;
};

// The texts, of one moment.
std::string LineText(const FlowControl::Path& path, size_t requests);
struct TableFlow {
  WriteGate::Look gate;
  uint64_t waiting = 0;  // items
  size_t in_flight = 0;  // bytes
  std::vector<FaultCounts::Kind> in_vain = {};
};
std::string TableFlowText(const TableTarget& table, const TableFlow& flow);

}  // namespace ddb
