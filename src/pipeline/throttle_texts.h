// What the user reads, while a run goes on, of what its tables take and why they take no more. Pure.
#pragma once

#include <string>

#include "delivery/batch.h"

namespace ddb {

// Units a second; 0: no limit is known.
std::string CapacityChangedText(const TableTarget& table, double before, double after);

}  // namespace ddb
