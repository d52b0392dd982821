// TableOperations: what is done with one table, each as a coroutine that ends when the table has got there:
// look, create, drop, and the settings that CreateTable does not set. Used for a sync's tables and by check.
// No decisions about what may be dropped: those are in tables. Loop thread only.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/task.h"
#include "dynamodb/control_plane.h"
#include "dynamodb/error_text.h"
#include "dynamodb/table.h"

namespace ddb {

class TableOperations {
 public:
  using Found = Result<std::optional<TableDescription>>;  // nullopt: there is no such table

  // `transition`: how long a table may take to become active, or to go. All references outlive the object;
  // strings given to a coroutine live until it ends.
  TableOperations(ControlPlane& plane, Log& log, const EndpointText& endpoint, Duration transition)
      : plane_(plane), log_(log), endpoint_(endpoint), transition_(transition) {}

  // Waits while the table is being created or deleted, and, when `wait_for_updates`, updated.
  Task<Found> LookWhenSettled(const std::string& table, bool wait_for_updates);

  // A table of this name that somebody else creates meanwhile is taken as ours: compare its keys.
  Task<Result<TableDescription>> Create(const std::string& table, const TableKeys& keys,
                                        TableSettings settings);
  // Waits for a table that was just created; nullopt when it has to be created again (an earlier one of its
  // name was still going away).
  Task<Found> AwaitActive(const std::string& table, Instant deadline);
  // Ends when the deletion is accepted; a table that is being created or updated is waited for.
  Task<Status> Delete(const std::string& table, Instant deadline);
  // Ends when the table is gone.
  Task<Status> Drop(const std::string& table);

  // Adds tags and time to live to what DescribeTable told. What the endpoint does not support, or what we may
  // not see, is skipped with a WARN.
  Task<Status> ReadExtraSettings(const TableDescription& table, TableSettings& settings);
  Task<Status> SetTimeToLive(const std::string& table, const std::string& attribute);

  Error Failure(std::string_view operation, const std::string& table, const ControlReply& reply) const;

 private:
  Task<Found> Describe(const std::string& table, Instant deadline);
  Task<Status> ReadTags(const TableDescription& table, TableSettings& settings);
  Error TimeUp(const std::string& table, std::string_view what) const;
  bool Skippable(const Verdict& verdict) const;
  void WarnSkipped(std::string_view operation, const std::string& table, const Verdict& verdict,
                   std::string_view what);

  ControlPlane& plane_;
  Log& log_;
  const EndpointText& endpoint_;
  const Duration transition_;
  std::set<std::string, std::less<>> warned_;  // operations: one WARN each, not one per table
};

}  // namespace ddb
