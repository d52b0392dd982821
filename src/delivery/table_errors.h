// Errors of a table that ends the run, as the user reads them. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/literal.h"
#include "base/result.h"
#include "delivery/batch.h"
#include "delivery/table_trouble.h"
#include "dynamodb/error_messages.h"
#include "dynamodb/errors.h"

namespace ddb {

// Whether more capacity would help.
bool IsThrottle(ReplyFault fault);
// What was wrong with a reply, for the middle of a sentence.
std::string FaultWords(const Fault& fault);

// What the reply to a request says.
Error VerdictError(const TableTarget& table, const EndpointText& endpoint, const Verdict& verdict,
                   std::string_view request_id);
Error RejectedRecordError(const TableTarget& table, std::string_view where, Text reason);
Error RefusedLetterError(const TableTarget& dead_letters, Text reason);
Error RefusalStormError(const TableTarget& table, Text reason);
// `fault`: of the last refusal.
Error RefusedAloneError(const TableTarget& table, const Fault& fault);
// A table of which nothing could be stored for so long; `trouble`: what came back meanwhile, if anything did.
Error GaveUpError(const TableTarget& table, const EndpointText& endpoint, Duration waited,
                  const std::optional<TableTrouble::Seen>& trouble);

}  // namespace ddb
