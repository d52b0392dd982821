#include "dynamodb/table_operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dynamodb/known_errors.h"
#include "dynamodb/requests.h"
#include "dynamodb/responses.h"
#include "dynamodb/transport_messages.h"

namespace ddb {
namespace {

// DescribeTable is eventually consistent: for this long after CreateTable it may not know the table yet.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
constexpr Duration kDescribeLag = std::chrono::seconds(30);
// How long a table is looked at to learn whether a DeleteTable without a reply was carried out.
constexpr Duration kDeleteLag = std::chrono::seconds(3);

// The pauses between two looks at a table.
class Pauses {
 public:
  explicit Pauses(Duration longest = std::chrono::seconds(3)) : longest_(longest) {}
  Duration Next() { return std::exchange(next_, std::min<Duration>(next_ * 3 / 2, longest_)); }

 private:
  const Duration longest_;
  Duration next_ = std::chrono::milliseconds(100);
};

// Why a table is waited for.
std::string_view ChangeText(const std::optional<TableDescription>& found) {
  if (!found) return "is not known yet";
  if (found->status == TableStatus::kCreating) return "is being created";
  if (found->status == TableStatus::kDeleting) return "is being deleted";
  return "is being changed";
}

// Looks at a table until a deadline, and is known to the watch from the first pause on.
class TableWait {
 public:
  TableWait(ControlPlane& plane, const std::string& table, Instant deadline,
            Duration longest = std::chrono::seconds(3))
      : plane_(plane), table_(table), deadline_(deadline), pauses_(longest) {}
  // The pause before the next look.
  Duration Next(std::string_view how) {
    if (!wait_) {
      wait_.emplace(plane_.watch(), ControlWatch::Kind::kTable, fmt::format("Table {} {}", table_, how),
                    plane_.Now(), deadline_);
    }
    return std::min(pauses_.Next(), std::max<Duration>(deadline_ - plane_.Now(), Duration::zero()));
  }

 private:
  ControlPlane& plane_;
  const std::string& table_;
  const Instant deadline_;
  Pauses pauses_;
  std::optional<ControlWatch::Wait> wait_;
};

bool IsNotFound(const ControlReply& reply) { return reply.verdict.code == ErrorCode::kResourceNotFound; }

std::string_view StateText(TableStatus status) {
  switch (status) {
    case TableStatus::kKeyInaccessible:
      return "its encryption key cannot be used";
    case TableStatus::kArchived:
      return "it is archived";
    case TableStatus::kCreating:
    case TableStatus::kUpdating:
    case TableStatus::kDeleting:
    case TableStatus::kActive:
    case TableStatus::kOther:
      break;
  }
  return "it is in a state that this version does not know";
}

}  // namespace

Status CheckUsable(const TableDescription& found, const TableKeys& needed) {
  if (found.status != TableStatus::kActive && found.status != TableStatus::kUpdating) {
    return ConfigError(fmt::format("Table {} cannot be written to: {}.", found.name, StateText(found.status)),
                       "DescribeTable: TableStatus is none that takes writes");
  }
  if (found.keys == needed) return Ok();
  return ConfigError(fmt::format("Table {} has other keys than this destination writes: found {}, needed {}. "
                                 "Nothing was changed. Use "
                                 "another name or table prefix, or move that table out of the way.",
                                 found.name, found.keys.Text(), needed.Text()),
                     "DescribeTable: KeySchema differs");
}

TableSettings InOrder(TableSettings settings) {
  std::ranges::sort(settings.attributes, {}, &KeyAttribute::name);
  std::ranges::sort(settings.indexes, {}, &IndexSettings::name);
  std::ranges::sort(settings.tags);
  return settings;
}

std::string DifferingSettings(TableSettings was, TableSettings is) {
  was = InOrder(std::move(was));
  is = InOrder(std::move(is));
  std::string names;
  const auto check = [&names](bool same, std::string_view name) {
    if (!same) names.append(names.empty() ? "" : ", ").append(name);
  };
  check(was.capacity == is.capacity, "capacity");
  check(was.indexes == is.indexes && was.attributes == is.attributes, "indexes");
  check(was.stream_view == is.stream_view, "stream");
  check(was.table_class == is.table_class, "table class");
  return names;
}

Error TableOperations::Failure(std::string_view operation, const std::string& table,
                               const ControlReply& reply) const {
  return OperationError({operation, table, reply.verdict, reply.request_id, reply.gave_up, reply.answered},
                        endpoint_)
      .At("dynamodb/table_operations");
}

Error TableOperations::NotUnderstood(std::string_view operation, const std::string& table,
                                     std::source_location where) const {
  return SystemError(
      fmt::format(
          "The reply to {} of table {} was not understood: {} answers with HTTP status 200, but not as "
          "DynamoDB does. Something else may answer in its place: check the endpoint, and the way to it.",
          operation, table, WhichEndpoint(endpoint_)),
      fmt::format("HTTP 200 to {} without the members that its API names", operation), where);
}

Error TableOperations::TimeUp(const std::string& table, std::string_view what,
                              const std::optional<TableDescription>& found) const {
  return TransientError(
      fmt::format("Table {} {} within {} s: it {}. Try again later, or look at its state in AWS.", table,
                  what, WholeSeconds(transition_), ChangeText(found)),
      "DescribeTable was polled until the deadline of table transitions");
}

Task<TableOperations::Found> TableOperations::Describe(const std::string& table, Instant deadline) {
  const ControlReply reply = co_await plane_.Call("DescribeTable", TableNameBody(table), deadline);
  if (IsNotFound(reply)) co_return std::optional<TableDescription>();
  if (!reply.ok()) co_return Failure("DescribeTable", table, reply);
  std::optional<TableDescription> description = ReadTableDescription(reply.body);
  if (!description) co_return NotUnderstood("DescribeTable", table);
  co_return description;
}

Task<TableOperations::Found> TableOperations::LookWhenSettled(const std::string& table,
                                                              bool wait_for_updates) {
  const Instant deadline = plane_.Now() + transition_;
  TableWait wait(plane_, table, deadline);
  for (;;) {
    Found found = co_await Describe(table, deadline);
    if (!found.ok() || !*found) co_return found;
    const TableStatus status = (*found)->status;
    const bool settles = status == TableStatus::kCreating || status == TableStatus::kDeleting ||
                         (wait_for_updates && status == TableStatus::kUpdating);
    if (!settles) co_return found;
    if (plane_.Now() >= deadline) co_return TimeUp(table, "did not settle", *found);
    co_await plane_.Sleep(wait.Next(ChangeText(*found)));
  }
}

Task<TableOperations::Found> TableOperations::LookIfAllowed(const std::string& table) {
  const ControlReply reply = co_await plane_.Call("DescribeTable", TableNameBody(table), Deadline());
  const bool denied = reply.verdict.code == ErrorCode::kAccessDenied;
  if (denied && warned_.emplace("looks").second) {
    log_.Warn(fmt::format(
        "Table {} may not be looked at, as the permission dynamodb:DescribeTable is missing for it. Where an "
        "overwrite was ended early, such a table keeps the settings of the one that it had dropped, and they "
        "are not restored then. Allow it on all tables of the prefix. This is said once for all tables.",
        table));
  }
  if (denied || NoSuchTable(reply.verdict)) co_return std::optional<TableDescription>();
  if (!reply.ok()) co_return Failure("DescribeTable", table, reply);
  std::optional<TableDescription> description = ReadTableDescription(reply.body);
  if (!description) co_return NotUnderstood("DescribeTable", table);
  if (description->status == TableStatus::kDeleting) description.reset();
  co_return description;
}

Task<Result<TableDescription>> TableOperations::Create(const std::string& table, const TableKeys& keys,
                                                       TableSettings& settings, bool* accepted, Loss most) {
  const Instant deadline = plane_.Now() + transition_;
  for (;;) {
    const ControlReply reply = co_await SendCreate(table, keys, settings, most, deadline);
    if (!reply.ok() && !reply.in_use()) co_return Failure("CreateTable", table, reply);
    if (reply.ok() && accepted) *accepted = true;
    Found found = co_await AwaitCreated(reply, table, deadline);
    if (!found.ok()) co_return std::move(found).error();
    if (*found) co_return std::move(**found);
  }
}

// nullopt: it has to be created again.
Task<TableOperations::Found> TableOperations::AwaitCreated(const ControlReply& reply,
                                                           const std::string& table, Instant deadline) {
  std::optional<TableDescription> created;
  if (reply.ok()) created = ReadTableDescription(reply.body);
  if (created && created->status == TableStatus::kActive) co_return created;
  co_return co_await AwaitActive(table, deadline);
}

Task<TableOperations::Found> TableOperations::AwaitActive(const std::string& table, Instant deadline) {
  const Instant known_from = plane_.Now() + kDescribeLag;
  TableWait wait(plane_, table, deadline);
  for (;;) {
    Found found = co_await Describe(table, deadline);
    if (!found.ok()) co_return found;
    if (*found && (*found)->status == TableStatus::kActive) co_return found;
    const Instant now = plane_.Now();
    if (now >= deadline) co_return TimeUp(table, "did not become active", *found);
    co_await plane_.Sleep(wait.Next(ChangeText(*found)));
    const bool going = *found && (*found)->status == TableStatus::kDeleting;
    if (going || (!*found && now >= known_from)) co_return std::optional<TableDescription>();
  }
}

Task<TableOperations::Deleted> TableOperations::Delete(const std::string& table, Instant deadline,
                                                       const ControlPlane::Gate* gate) {
  TableWait wait(plane_, table, deadline);
  bool unknown = false;
  for (;;) {
    ControlReply reply = co_await plane_.Call("DeleteTable", TableNameBody(table), deadline, gate);
    if (reply.ok()) co_return Deleted{};
    if (IsNotFound(reply)) {
      co_return Deleted{unknown || reply.unknown ? Deleted::kAccepted : Deleted::kNotThere, {}};
    }
    unknown = unknown || reply.unknown;
    reply.gave_up = reply.gave_up || plane_.Now() >= deadline;
    if (!reply.in_use() || reply.gave_up) {
      std::optional<Error> error;
      if (!reply.withdrawn) error = Failure("DeleteTable", table, reply);
      if (unknown) co_return co_await AfterUnknownDelete(table, deadline, std::move(error));
      const bool denied = reply.verdict.code == ErrorCode::kAccessDenied;
      co_return Deleted{Deleted::kStands, std::move(error), denied};
    }
    for (bool changing = true; changing && plane_.Now() < deadline;) {
      const Duration pause = wait.Next("is being changed");
      co_await plane_.Sleep(pause);
      const Found found = co_await Describe(table, deadline);
      changing = found.ok() && *found &&
                 ((*found)->status == TableStatus::kCreating || (*found)->status == TableStatus::kUpdating);
    }
  }
}

Task<TableOperations::Deleted> TableOperations::AfterUnknownDelete(const std::string& table, Instant deadline,
                                                                   std::optional<Error> error) {
  const Instant until = std::min(deadline, plane_.Now() + kDeleteLag);
  Pauses pauses;
  for (;;) {
    Found found = co_await Describe(table, deadline);
    if (!found.ok()) {
      if (!error) error = std::move(found).error();
      co_return Deleted{Deleted::kUnknown, std::move(error)};
    }
    if (!*found || (*found)->status == TableStatus::kDeleting) co_return Deleted{};
    if (plane_.Now() >= until) co_return Deleted{Deleted::kStands, std::move(error)};
    co_await plane_.Sleep(pauses.Next());
  }
}

Task<Status> TableOperations::AwaitGone(const std::string& table, Instant deadline) {
  TableWait wait(plane_, table, deadline,
                 std::chrono::seconds(1));  // until it is there again nobody can write to it
  for (;;) {
    Found found = co_await Describe(table, deadline);
    if (!found.ok()) co_return std::move(found).error();
    if (!*found) co_return Ok();
    if (plane_.Now() >= deadline) co_return TimeUp(table, "was not deleted", *found);
    co_await plane_.Sleep(wait.Next(ChangeText(*found)));
  }
}

}  // namespace ddb
