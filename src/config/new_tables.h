// The tags of the config's new_tables. Pure; main thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace ddb {

// "team=data, cost center=42".
Status ReadTags(std::string_view text, NewTables& tables);

}  // namespace ddb
