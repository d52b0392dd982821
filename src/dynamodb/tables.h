// PrepareTables: makes the tables of a sync ready to be written to, all at once: checks what is there,
// creates what is missing, replaces what is to be overwritten. It runs before the data path starts and blocks
// its caller, on a loop of its own.
//
// Nothing is created or dropped before every table of the catalog has been looked at and has passed, those to
// be replaced also a probe that shows that they could be created again; and nothing is dropped before all
// that were missing are there, or once the run has failed or is to stop. A table whose keys are not ours,
// that is protected against deletion, or that has replicas is never dropped.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/stream_id.h"
#include "dynamodb/client.h"
#include "dynamodb/control_loop.h"
#include "dynamodb/control_plane.h"
#include "dynamodb/error_messages.h"
#include "dynamodb/table.h"

namespace ddb {

enum class TableMode {
  kAppend,    // used as it is; created if missing
  kRecreate,  // dropped and created again with its settings; created if missing
};

struct TablePlan {
  std::string table;
  StreamId stream;  // for errors
  TableMode mode = TableMode::kAppend;
  TableKeys keys;
  TableCapacity capacity;         // of a table that is created
  bool default_capacity = false;  // nobody asked for this capacity: worth a warning about what it means
};

struct PrepareOptions {
  EndpointText endpoint;  // for errors
  ControlOptions control;
  Duration transition = std::chrono::minutes(10);  // for a table to become active, or to go
  std::function<bool()> stop_requested;            // asked ten times a second; may be empty
};

// The tables as they are now, in the order of the plans; or the error of the first plan that failed. When a
// stop is requested the answer is a transient error at once, or, when tables are dropped and not created
// again yet, after at most times::kStoringAfterStop. What a table that was dropped looked like stands in the
// log.
Result<std::vector<TableDescription>> PrepareTables(EventLoop& loop, const Clock& clock, Client& client,
                                                    Log& log, const std::vector<TablePlan>& plans,
                                                    const PrepareOptions& options);
// The same on any ControlLoop.
Result<std::vector<TableDescription>> PrepareTables(ControlLoop& loop, Client& client, Log& log,
                                                    const std::vector<TablePlan>& plans,
                                                    const PrepareOptions& options);

}  // namespace ddb
