#include "delivery/table_errors.h"

#include <fmt/format.h>

namespace ddb {

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

Error RefusedAloneError(const TableTarget& table) {
  return TransientError(
             fmt::format("Table {} keeps refusing one record while it takes others (a hot partition key, or "
                         "something between here and the service?). The sync can be tried again later.",
                         table.name),
             "one item refused alone for over a minute")
      .For(table.stream);
}

}  // namespace ddb
