// CheckConnection: does what a write does, harmlessly: creates a table of its own, waits for it, writes one
// item as write does, and deletes the table, whatever happened in between. One that an earlier check could
// not delete is used again, so that there is never more than one. Of a table that a sync would use as it is,
// it only looks at the keys. Where tables may not be created it asks for what a write asks for, of a table
// that is not there: the permission is asked before the name. Blocks its caller: for less than 20 s when
// nothing answers, 45 s whatever the network does, and 8 s after a stop.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/times.h"
#include "dynamodb/client.h"
#include "dynamodb/control_loop.h"
#include "dynamodb/control_plane.h"
#include "dynamodb/error_messages.h"
#include "dynamodb/table.h"

namespace ddb {

struct ConnectionCheckOptions {
  EndpointText endpoint;
  std::string table;  // a name that nobody else uses; the same in every check of this configuration
  TableKeys keys;
  std::string dead_letter_table;  // "" = none; may be missing, else it needs the same keys
  TableSettings settings;
  std::string item;    // {"name":value,...}, with those keys
  bool create = true;  // else no table is made: what is permitted shows on one that is not there
  ControlOptions control{std::chrono::seconds(5), {}};
  std::function<bool()> stop_requested;  // asked ten times a second; may be empty

  // The work ends by itself after `work`, or is cut off after `work` and `grace`; the clean-up likewise.
  Duration work = std::chrono::seconds(30);
  Duration cleanup = std::chrono::seconds(9);
  Duration cleanup_after_stop = times::kStoringAfterStop;
  // After a stop, and after work to which not one reply came: the clean-up is cut off when none came by then.
  Duration silence = std::chrono::seconds(5);
  // How long DeleteTable is repeated when it finds no table, but a CreateTable whose outcome is unknown may
  // still be carried out.
  Duration late_creation = std::chrono::seconds(8);
  Duration grace = times::kFlushAfterStop;
};

struct ConnectionCheckResult {
  std::optional<Error> error;  // none: a write would work
  bool stopped = false;        // a stop was requested; the clean-up was done, or a WARN says it was not
};

ConnectionCheckResult CheckConnection(ControlLoop& loop, Client& client, Log& log,
                                      const ConnectionCheckOptions& options);

}  // namespace ddb
