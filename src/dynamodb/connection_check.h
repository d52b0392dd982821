// CheckConnection: does what a write does, harmlessly: creates a table of its own, waits for it, writes one
// item with BatchWriteItem, and deletes the table, whatever happened in between. Blocks its caller, for less
// than two minutes whatever the network does.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "dynamodb/client.h"
#include "dynamodb/control_loop.h"
#include "dynamodb/control_plane.h"
#include "dynamodb/error_text.h"
#include "dynamodb/table.h"

namespace ddb {

struct ConnectionCheckOptions {
  EndpointText endpoint;
  std::string table;  // a name that nobody else uses
  TableKeys keys;
  TableCapacity capacity;
  std::string put_request;  // {"PutRequest":{"Item":...}}, with those keys
  ControlOptions control{std::chrono::seconds(5), {}};
  std::function<bool()> stop_requested;  // asked ten times a second; may be empty

  // The work ends by itself after `work`, or is cut off after `work` and `grace`; the clean-up likewise.
  Duration work = std::chrono::seconds(80);
  Duration cleanup = std::chrono::seconds(25);
  Duration cleanup_after_stop = std::chrono::seconds(15);
  Duration grace = std::chrono::seconds(2);
};

struct ConnectionCheckResult {
  std::optional<Error> error;  // none: a write would work
  bool stopped = false;        // a stop was requested; the clean-up was done
};

ConnectionCheckResult CheckConnection(ControlLoop& loop, Client& client, Log& log,
                                      const ConnectionCheckOptions& options);

}  // namespace ddb
