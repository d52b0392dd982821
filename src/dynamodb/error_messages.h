// What a failed operation is called in front of a user: one sentence that says what happened, where, and what
// to do; and which of Airbyte's three failure types it is. Shared by check and write. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dynamodb/errors.h"

namespace ddb {

// The endpoint as the user knows it.
struct EndpointText {
  std::string url;
  std::string region;
  bool custom = false;  // not the region's own
  std::string named_by =
      "dynamodb_endpoint";          // what names a custom one: that, or a variable of the environment
  std::string proxy = {};           // through which it is reached, as Proxy::Name gives it; "" for none
  bool client_certificate = false;  // one is shown where it is asked for
  Text unreadable_trust = {};       // the variable that names certificates which cannot be read; "" for none
};

struct FailedOperation {
  std::string_view operation;  // "CreateTable"
  std::string_view table;
  Verdict verdict;
  std::string_view request_id;
  bool gave_up = false;   // it may pass, but the time was up
  bool answered = false;  // the endpoint has given a valid reply before, so that it is the right one
};

Error OperationError(const FailedOperation& failed, const EndpointText& endpoint,
                     std::source_location where = std::source_location::current());

}  // namespace ddb
