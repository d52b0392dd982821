// LookAtTables and ReplaceTables: make the tables of a sync ready to be written to, many at once. The first
// looks at what is there and creates what is missing; it harms nothing. The second drops and creates again
// what is to be overwritten, for some of them at a time. Both run on a loop of their own and block their
// caller; between them there may be any time.
//
// Nothing is created before every table of the catalog has been looked at and has passed, those to be
// replaced also a probe that shows that they could be created again. Nothing is dropped once the run has
// failed or is to stop. A table whose keys are not ours, that is protected against deletion, or that has
// replicas is never dropped. What a table looked like is kept in a stand-in while it is dropped (see
// stand_in.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
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
  TableSettings settings;         // of a table that is created
  NewTableOptions options = {};   // the same
  WriteLimit limit = {};          // of what is written into it
  bool may_create = true;         // else a table that is missing is an error, and nothing is made beside it
  bool default_capacity = false;  // nobody asked for this capacity: worth a warning about what it means
};

struct PrepareOptions {
  EndpointText endpoint;  // for errors
  ControlOptions control;
  // How long an operation may take to get through, and a table to become active, or to go.
  Duration transition = std::chrono::minutes(10);
  // A table that was looked at longer ago, or of which the survey does not know what was found, is looked at
  // again before it is dropped.
  Duration fresh = std::chrono::minutes(1);
  std::function<bool()> stop_requested;  // asked ten times a second; may be empty
};

// A table of the plan, as it was found.
struct SurveyedTable {
  std::optional<TableDescription> found;   // as it is now
  TableSettings settings;                  // to carry over, of one that is to be replaced
  bool created = false;                    // by us, and usable: it holds nothing that is to be replaced
  bool stand_in = false;                   // its stand-in is there
  std::unique_ptr<TableDescription> left;  // ... from an earlier run, with all its settings; mostly none
  bool ttl_kept = false;                   // the stand-in has the time to live that the table is to have
  bool ttl_missing = false;                // which the table, created again, could not be given
};

struct TableSurvey {
  std::vector<SurveyedTable> tables;  // in the order of the plans
  Instant looked;

  // Of a survey that has passed, or that was replaced.
  std::vector<TableDescription> Descriptions() const;
};

// The error is that of the first plan that failed; a transient one when a stop is requested.
Result<TableSurvey> LookAtTables(ControlLoop& loop, Client& client, Log& log,
                                 std::span<const TablePlan> plans, const PrepareOptions& options);
// When a stop is requested the answer is an error at once, or, when tables are dropped and not created again
// yet, after at most times::kStoringAfterStop for that. `replaced` is told of each plan's table as soon as
// it is what it is to be: that of others may take minutes longer.
Status ReplaceTables(ControlLoop& loop, Client& client, Log& log, std::span<const TablePlan> plans,
                     const PrepareOptions& options, TableSurvey& survey,
                     const std::function<void(size_t)>& replaced = {});

}  // namespace ddb
