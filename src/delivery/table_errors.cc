#include "delivery/table_errors.h"

#include <fmt/format.h>

#include <string>

#include "dynamodb/transport_messages.h"

namespace ddb {

bool IsThrottle(ReplyFault fault) {
  return fault == ReplyFault::kThrottled || fault == ReplyFault::kUnprocessed;
}

std::string FaultWords(const Fault& fault) {
  // What DynamoDB itself says is more exact than the fault's name.
  const bool named = fault.fault == ReplyFault::kThrottled || fault.fault == ReplyFault::kRefusedByName;
  if (named && !fault.reason.empty()) return std::string(fault.reason.view());
  const std::string words = DescribeFault(fault.fault, fault.status);
  const bool said = fault.fault == ReplyFault::kErrorAsSuccess && !fault.reason.empty();
  return said ? fmt::format("{}: {}", words, fault.reason) : words;
}

Error VerdictError(const TableTarget& table, const EndpointText& endpoint, const Verdict& verdict,
                   std::string_view request_id) {
  const FailedOperation failed{table.write.operation.name, table.name,       verdict, request_id,
                               /*gave_up=*/false,          /*answered=*/true};
  return OperationError(failed, endpoint).For(table.stream).At("writing a batch");
}

Error RejectedRecordError(const TableTarget& table, std::string_view where, Text reason) {
  return ConfigError(
             fmt::format(
                 "A record of stream {}{} cannot be stored in table {}: {}. The records before it are "
                 "stored. Correct or exclude the record at the source, or set on_rejected_record to skip.",
                 table.stream.Display(), where, table.name, reason),
             "a record was refused")
      .For(table.stream);
}

Error RefusedLetterError(const TableTarget& dead_letters, Text reason) {
  return ConfigError(fmt::format("The dead letter table {} refused a refused record: {}. Check that nothing "
                                 "else writes it, and its indexes.",
                                 dead_letters.name, reason),
                     "a dead letter was refused");
}

Error RefusalStormError(const TableTarget& table, Text reason) {
  return ConfigError(fmt::format("Table {} refuses every record of stream {}: {}. That is not a bad record "
                                 "but a wrong set-up of the table (its indexes?), so the sync stops instead "
                                 "of skipping them all.",
                                 table.name, table.stream.Display(), reason),
                     "several batches in a row were refused whole")
      .For(table.stream);
}

Error RefusedAloneError(const TableTarget& table, const Fault& fault) {
  return TransientError(
             fmt::format("Table {} keeps refusing one record while it takes others: {} (a hot partition key, "
                         "or something between here and the service?). The sync can be tried again later.",
                         table.name, FaultWords(fault)),
             "one item refused alone for over a minute")
      .For(table.stream);
}

Error GaveUpError(const TableTarget& table, const EndpointText& endpoint, Duration waited,
                  const std::optional<TableTrouble::Seen>& trouble) {
  const int64_t seconds = WholeSeconds(waited);
  const std::string nothing =
      fmt::format("Nothing could be stored in table {} for {} s", table.name, seconds);
  if (!trouble) {
    return TransientError(
               fmt::format("{}: no whole reply came. Check the endpoint and the network; the sync can be "
                           "tried again.{}",
                           nothing, ThroughProxy(endpoint)),
               "gave up on a table without progress: no reply")
        .For(table.stream);
  }
  const Text advice = FaultAdvice(trouble->fault.fault);
  return TransientError(fmt::format("{}: {}. {}{}The sync can be tried again.{}", nothing,
                                    FaultWords(trouble->fault), advice, advice.empty() ? "" : " ",
                                    MayBeOfTheWay(trouble->fault.fault) ? ThroughProxy(endpoint) : ""),
                        fmt::format("gave up on a table without progress: {} replies that do not count, last "
                                    "of all: {}",
                                    trouble->replies, FaultWords(trouble->last)))
      .For(table.stream);
}

}  // namespace ddb
