// FindTables: which of some tables are there, before it is settled what a sync's tables are called. Many at
// once, nothing is changed. Blocks its caller, before the tables are prepared; on that phase's thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "dynamodb/client.h"
#include "dynamodb/control_loop.h"
#include "dynamodb/tables.h"

namespace ddb {

struct TablesFound {
  std::set<std::string> there;
  std::set<std::string> denied;  // that we may not look at
};

// A table whose name this endpoint refuses is not there. Whatever else is no
// answer to the question is an error, as a stream would go to another table than its own: keys that are
// refused, an endpoint that does not answer, a stop.
Result<TablesFound> FindTables(ControlLoop& loop, Client& client, const std::vector<std::string>& names,
                               const PrepareOptions& options);

}  // namespace ddb
