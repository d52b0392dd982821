// Errors of a table that ends the run, as the user reads them. Pure; any thread.
#pragma once

#include <string_view>

#include "base/literal.h"
#include "base/result.h"
#include "delivery/batch.h"
#include "dynamodb/error_messages.h"
#include "dynamodb/errors.h"

namespace ddb {

// What the reply to a request says.
Error VerdictError(const TableTarget& table, const EndpointText& endpoint, const Verdict& verdict,
                   std::string_view request_id);
Error RejectedRecordError(const TableTarget& table, std::string_view where, Text reason);
Error RefusedLetterError(const TableTarget& dead_letters, Text reason);
Error RefusalStormError(const TableTarget& table, Text reason);
Error RefusedAloneError(const TableTarget& table);

}  // namespace ddb
