// What the user reads, while a run goes on, of what its tables take and why they take no more. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "delivery/batch.h"
#include "delivery/throttle_episode.h"
#include "dynamodb/table.h"

namespace ddb {

// "Table t of stream s", or "Table t" where that is no stream's.
std::string TableAndStream(const TableTarget& table);

// How much a table with a write limit is sent now; its level is that of a WARN where that is no limit.
struct LimitLine {
  LogLevel level = LogLevel::kInfo;
  std::string text;
};
LimitLine WriteLimitText(const TableTarget& table, const WriteLimit& limit, double cap);

// Units a second; 0: no limit is known.
std::string CapacityChangedText(const TableTarget& table, double before, double after);

// `units`: that it is known to have; 0: none.
std::string ThrottledText(const TableTarget& table, const ThrottleReason& cause, double units);
std::string ThrottledNoMoreText(const TableTarget& table, Duration lasted);

}  // namespace ddb
