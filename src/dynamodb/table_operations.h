// TableOperations: what is done with one table, each as a coroutine that ends when the table has got there:
// look, create, drop, and the settings that CreateTable does not set. Used for a sync's tables and by check.
// No decisions about what may be dropped: those are in tables. Loop thread only.
#pragma once

#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/task.h"
#include "dynamodb/control_plane.h"
#include "dynamodb/error_messages.h"
#include "dynamodb/reduced_settings.h"
#include "dynamodb/table.h"

namespace ddb {

// A settled table: whether it takes items with these keys; else what was found and what is needed.
Status CheckUsable(const TableDescription& found, const TableKeys& needed);
// A table that takes the place of another: whether its items are encrypted with the same key.
Status CheckProtectedAs(const TableDescription& before, const TableDescription& now);

// The service lists attributes, indexes and tags in any order; so that two can be compared.
TableSettings InOrder(TableSettings settings);
// Names of the settings that DescribeTable tells in which `is` is not what `was` was, for a warning; "" when
// there are none.
std::string DifferingSettings(TableSettings was, TableSettings is);

// Everything that a table of these settings gets, as one line of JSON.
std::string SettingsJson(const TableDescription& table, const TableSettings& settings);

class TableOperations {
 public:
  using Found = Result<std::optional<TableDescription>>;  // nullopt: there is no such table

  // `transition`: how long a table may take to become active, or to go. All references outlive the object;
  // strings given to a coroutine live until it ends.
  TableOperations(ControlPlane& plane, Log& log, const EndpointText& endpoint, Duration transition)
      : plane_(plane), log_(log), endpoint_(endpoint), transition_(transition) {}

  // Waits while the table is being created or deleted, and, when `wait_for_updates`, updated.
  Task<Found> LookWhenSettled(const std::string& table, bool wait_for_updates);

  // One look. nullopt also for a table that we may not look at, that is going away, or whose name the
  // endpoint does not take.
  Task<Found> LookIfAllowed(const std::string& table);

  // nullopt also for a table that DescribeTable does not know yet.
  Task<Found> Describe(const std::string& table, Instant deadline);

  // Whether a table that stands could be created again with `settings`: a CreateTable of its name, which the
  // service refuses for the permission, or for a setting, before it refuses it for the name. Changes nothing,
  // unless the table has vanished: then it is created, and the answer is kCreated. What can be done without
  // is left out with a WARN, in `settings` too; what would come back weaker is an error.
  enum class Probed { kStands, kCreated };
  Task<Result<Probed>> Probe(const TableDescription& table, TableSettings& settings);

  // A table of this name that somebody else creates meanwhile is taken as ours: compare its keys. A setting
  // that is refused is left out with a WARN, in `settings` too, but none without which the table would be
  // weaker. `accepted`, if given, becomes true as soon as the table is on its way. kKeyName: the name of its
  // key too, where a rule for what a request may say refuses it: compare the keys, and warn.
  Task<Result<TableDescription>> Create(const std::string& table, const TableKeys& keys,
                                        TableSettings& settings, bool* accepted = nullptr,
                                        Loss most = Loss::kMinor);
  // As it is to be, or an error: nothing that somebody has asked for is left out.
  Task<Result<TableDescription>> CreateNew(const std::string& table, const TableKeys& keys,
                                           const TableSettings& settings, const NewTableOptions& options);
  // One CreateTable with all the settings of `table`, under another name. `exists`: a table of that name is
  // on its way, and has to go if it is of no use.
  struct Tried {
    bool exists = false;
    std::optional<Error> error;           // also of an encryption key that may not be used
    std::optional<ControlReply> refused;  // for another reason, which is the name's or a limit's
  };
  Task<Tried> TryCreate(const std::string& name, const TableDescription& table,
                        const TableSettings& settings);
  // The config_error of a table that cannot be created again with its own key.
  Error KeyRefused(const TableDescription& table, const Verdict& refused, std::string_view request_id) const;

  // Waits for a table that was just created; nullopt when it has to be created again (an earlier one of its
  // name was still going away).
  Task<Found> AwaitActive(const std::string& table, Instant deadline);
  struct Deleted {
    enum Outcome {
      kAccepted,  // the table goes or is gone
      kNotThere,
      kStands,   // `error` says why; none: the gate was closed
      kUnknown,  // DeleteTable may have been carried out; `error` says what is known
    };
    Outcome outcome = kAccepted;
    std::optional<Error> error;
    bool denied = false;  // the error is that DeleteTable is not permitted
  };
  // Ends when the deletion is accepted; a table that is being created or updated is waited for. `gate`: see
  // ControlPlane::Call.
  Task<Deleted> Delete(const std::string& table, Instant deadline, const ControlPlane::Gate* gate = nullptr);
  Task<Status> AwaitGone(const std::string& table, Instant deadline);

  // Adds tags, time to live and recovery to what DescribeTable told. What the endpoint does not support, or
  // what we may not see, is skipped with a WARN.
  Task<Status> ReadExtraSettings(const TableDescription& table, TableSettings& settings);
  Task<Status> SetTimeToLive(const std::string& table, const std::string& attribute, bool on = true);
  Task<Status> SetRecovery(const std::string& table, int days);
  // Whether what the table has could be set again, as far as that can be known. Changes nothing.
  Task<Status> ProbeTimeToLive(const std::string& table, const std::string& attribute);
  Task<Status> ProbeRecovery(const std::string& table, int days);
  // What cannot be set is a WARN, not a failure: data can flow. False: so it is with the time to live.
  Task<bool> SetExtraSettings(const std::string& table, const TableSettings& settings);

  Instant Deadline() const { return plane_.Now() + transition_; }  // of a transition that begins now

  Error Failure(std::string_view operation, const std::string& table, const ControlReply& reply) const;
  Error NotUnderstood(std::string_view operation, const std::string& table,
                      std::source_location where = std::source_location::current()) const;

 private:
  // A CreateTable that is not refused, with some of the settings left out.
  struct Reduced {
    ReducedSettings to;
    ControlReply reply;
  };
  Task<ControlReply> SendCreate(const std::string& table, const TableKeys& keys, TableSettings& settings,
                                Loss most, Instant deadline);
  Task<std::optional<Reduced>> TryReduced(const std::string& table, const TableKeys& keys,
                                          const TableSettings& settings, Loss most, Instant deadline);
  Error NotToBeMadeAgain(const TableDescription& table, const ControlReply& refused,
                         const ReducedSettings* accepted) const;
  Task<Found> AwaitCreated(const ControlReply& reply, const std::string& table, Instant deadline);
  void WarnLeftOut(const std::string& table, const ReducedSettings& reduced, const Verdict& refused);
  Task<Deleted> AfterUnknownDelete(const std::string& table, Instant deadline, std::optional<Error> error);
  Task<Status> ReadRecovery(const TableDescription& table, TableSettings& settings);
  Task<Status> ReadTags(const TableDescription& table, TableSettings& settings);
  Error TimeUp(const std::string& table, std::string_view what,
               const std::optional<TableDescription>& found) const;
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
