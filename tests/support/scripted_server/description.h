// A table as DescribeTable shows it. Under the tables' lock.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "scripted_server/table.h"

namespace scripted {

nlohmann::json Describe(const Table& table, const Tables& tables);

}  // namespace scripted
