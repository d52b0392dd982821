#include "dynamodb/connection_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/task.h"
#include "dynamodb/reply_fault.h"
#include "dynamodb/requests.h"
#include "dynamodb/responses.h"
#include "dynamodb/table_operations.h"
#include "dynamodb/write_request.h"

namespace ddb {
namespace {

constexpr Duration kStopPoll = std::chrono::milliseconds(100);
// An active table may refuse its first items as unknown; between two tries.
constexpr Duration kWriteRetry = std::chrono::milliseconds(250);
constexpr Duration kLateCreationPoll = std::chrono::milliseconds(500);
// How long an item is tried before it is known that it cannot be stored, or that the table is gone.
constexpr Duration kWriteTries = std::chrono::seconds(12);
constexpr Duration kUnknownTable = std::chrono::seconds(3);

enum class Left { kNo, kYes, kMaybe };

class ConnectionCheck {
 public:
  ConnectionCheck(ControlLoop& loop, Client& client, Log& log, const ConnectionCheckOptions& options)
      : loop_(loop), client_(client), log_(log), options_(options) {}

  ConnectionCheckResult Run() {
    RunPhase(options_.work, &ConnectionCheck::Work);
    if (may_exist_) {
      cleaning_ = true;
      RunPhase(CleanUpTime(), &ConnectionCheck::CleanUp);
      TellOfLeftTable();
    } else if (stood_before_ && result_.error) {
      result_.error->message += fmt::format(
          " Table {} is there from an earlier check, which may not delete it: the next check that may look "
          "at it "
          "uses it again, and deletes it if it may.",
          options_.table);
    }
    return std::move(result_);
  }

 private:
  // What one phase works with; it goes with the phase, and with it whatever still waits.
  struct Tools {
    Tools(ControlLoop& outer, Client& client, Log& log, const ConnectionCheckOptions& options, Duration time)
        : loop(outer),
          plane(loop, client, options.control),
          operations(plane, log, options.endpoint, time),
          deadline(loop.Now() + time) {}
    ScopedLoop loop;
    ControlPlane plane;
    TableOperations operations;
    const Instant deadline;
  };
  using Phase = Task<Status> (ConnectionCheck::*)(Tools&);

  Duration CleanUpTime() const { return result_.stopped ? options_.cleanup_after_stop : options_.cleanup; }

  void RunPhase(Duration time, Phase phase) {
    Tools tools(loop_, client_, log_, options_, time);
    tools.loop.After(time + options_.grace, [this, &tools] {
      Fail(NoReply());
      tools.loop.Stop();
    });
    if (cleaning_ && (result_.stopped || !answered_)) {
      tools.loop.After(options_.silence, [&tools] {
        if (!tools.plane.answered()) tools.loop.Stop();
      });
    }
    if (options_.stop_requested && !result_.stopped) WatchForStop(tools);
    Task<void> task = RunToEnd(tools, phase);
    task.Start();
    tools.loop.Run();
    answered_ = answered_ || tools.plane.answered();
  }

  Task<void> RunToEnd(Tools& tools, Phase phase) {
    Status status = co_await (this->*phase)(tools);
    if (!status.ok()) Fail(std::move(status).error());
    tools.loop.Stop();
  }

  // A table of its name is one that an earlier check could not delete, or one that another check uses just
  // now and deletes under us: then again.
  Task<Status> Work(Tools& tools) {
    while (options_.create) {
      Result<bool> ready = co_await MakeTable(tools);
      if (!ready.ok()) co_return std::move(ready).error();
      if (!*ready) continue;
      Result<bool> written = co_await WriteItem(tools);
      if (!written.ok()) co_return std::move(written).error();
      if (*written) break;
    }
    if (!options_.create) {
      Status allowed = co_await AskWithoutTable(tools);
      if (!allowed.ok()) co_return allowed;
    }
    if (options_.dead_letter_table.empty()) co_return Ok();
    operation_ = "DescribeTable";
    co_return co_await LookAtDeadLetters(tools);
  }

  // False: it was there, but is going away.
  Task<Result<bool>> MakeTable(Tools& tools) {
    operation_ = "CreateTable";
    may_exist_ = creation_unknown_ = true;
    const ControlReply created = co_await tools.plane.Call(
        "CreateTable", CreateTableBody(options_.table, options_.keys, options_.settings), tools.deadline);
    if (!created.ok() && !created.in_use()) {
      // DynamoDB's own refusal: had an earlier attempt made the table, this one would be told that it is
      // there.
      const bool refused = created.verdict.answered() && !created.gave_up;
      may_exist_ = created.unknown && !refused;
      // (So is what ends every connection without a word: most servers of TLS do that to plain HTTP.)
      not_dynamodb_ = !created.answered && created.verdict.transport != TransportError::kCutShort &&
                      created.verdict.transport != TransportError::kTimeout;
      Error error = tools.operations.Failure("CreateTable", options_.table, created);
      if (created.verdict.code == ErrorCode::kAccessDenied) co_await SayWhatWorks(tools, error);
      co_return error;
    }
    // A success of something else: what is there to be deleted is deleted, but not spoken of.
    not_dynamodb_ = created.ok() && !ReadTableDescription(created.body);
    if (not_dynamodb_) co_return tools.operations.NotUnderstood("CreateTable", options_.table);
    creation_unknown_ = false;
    // At the first try, it is not known yet whether it is one of ours.
    may_exist_ = created.ok() || created.unknown;
    operation_ = "DescribeTable";
    TableOperations::Found found = co_await tools.operations.AwaitActive(options_.table, tools.deadline);
    if (!found.ok()) {
      // Nobody else gives this name, but what we may not look at we do not delete.
      stood_before_ = created.in_use() && !created.unknown && found.error().type == FailureType::kConfig;
      co_return std::move(found).error();
    }
    if (!*found) co_return false;
    Status usable = CheckUsable(**found, options_.keys);
    may_exist_ = usable.ok();
    if (!usable.ok()) co_return std::move(usable).error();
    co_return true;
  }

  // Whoever may not create tables can still append to those that are there. What that takes shows without a
  // table, too: the permission is asked before the name.
  Task<void> SayWhatWorks(Tools& tools, Error& error) {
    const WriteKind kind = BatchWrite(options_.table, options_.keys);
    const std::pair<Operation, std::string> calls[] = {
        {Operation("DescribeTable"), TableNameBody(options_.table)}, {kind.operation, ItemBody(kind)}};
    std::string missing;
    for (const auto& [operation, body] : calls) {
      operation_ = operation.name;
      const Instant until = std::min(tools.deadline, tools.loop.Now() + options_.grace);
      const ControlReply reply = co_await tools.plane.Call(operation, body, until);
      if (reply.verdict.code != ErrorCode::kAccessDenied) continue;
      missing.append(missing.empty() ? "dynamodb:" : " and dynamodb:").append(operation.name);
    }
    if (missing.empty()) {
      error.message +=
          " Without it, append to tables that exist works; tables that are missing are not created, and "
          "overwrite "
          "does not work (create_tables false says so, and check does not try it).";
    } else {
      error.message += " On a table of this name " + missing + " is not allowed either.";
    }
  }

  Task<Status> AskWithoutTable(Tools& tools) {
    const WriteKind kind = BatchWrite(options_.table, options_.keys);
    const std::pair<Operation, std::string> calls[] = {
        {Operation("DescribeTable"), TableNameBody(options_.table)}, {kind.operation, ItemBody(kind)}};
    for (const auto& [operation, body] : calls) {
      operation_ = operation.name;
      const ControlReply reply = co_await tools.plane.Call(operation, body, tools.deadline);
      if (reply.ok() || reply.verdict.code == ErrorCode::kResourceNotFound) continue;
      Error error = tools.operations.Failure(operation.name, options_.table, reply);
      co_return error;
    }
    log_.Info(
        "create_tables is false: no table was made to try it. DescribeTable and BatchWriteItem are permitted "
        "on tables "
        "of the prefix; whether those of the streams are there, with the right keys, shows when they are "
        "written.");
    co_return Ok();
  }

  // write creates the table if it is missing; one that is just being created has its keys already.
  Task<Status> LookAtDeadLetters(Tools& tools) {
    TableOperations::Found found =
        co_await tools.operations.Describe(options_.dead_letter_table, tools.deadline);
    if (!found.ok()) co_return std::move(found).error();
    if (!*found && !options_.create) {
      co_return ConfigError(
          fmt::format("The dead letter table {} does not exist, and create_tables is false. Create "
                      "it, or leave dead_letter_table empty.",
                      options_.dead_letter_table));
    }
    if (!*found || (*found)->status == TableStatus::kDeleting) co_return Ok();
    if ((*found)->status == TableStatus::kCreating) (*found)->status = TableStatus::kActive;
    Status usable = CheckUsable(**found, options_.keys);
    if (usable.ok()) co_return usable;
    Error error = std::move(usable).error();
    error.message = "dead_letter_table: " + error.message;
    co_return error;
  }

  std::string ItemBody(const WriteKind& kind) const {
    Buffer body;
    kind.Begin(body);
    kind.BeginItem(body, WriteOp::kPut, /*first=*/true);
    const size_t begin = body.size();
    body.Append(options_.item);
    kind.EndItem(body, WriteOp::kPut, begin);
    kind.End(body);
    return std::string(body.view());
  }

  // The replies came, up to the deadline, and none of them said that the item is stored.
  Error NotStored(bool is_unknown, ReplyFault fault, int status) const {
    std::string why = is_unknown
                          ? "BatchWriteItem does not know the table, which was just made. Check that the "
                            "endpoint is one database."
                          : DescribeFault(fault, status) + ".";
    if (const Text advice = FaultAdvice(fault); !is_unknown && !advice.empty())
      why.append(" ").append(advice);
    return TransientError(
        fmt::format("The test item could not be stored in table {}: {}", options_.table, why),
        "BatchWriteItem gave the item back, or did not tell of it, or the table as unknown, up to the "
        "deadline");
  }

  // False: the table is gone.
  Task<Result<bool>> WriteItem(Tools& tools) {
    const WriteKind kind = BatchWrite(options_.table, options_.keys);
    operation_ = kind.operation.name;
    const std::string body = ItemBody(kind);
    const SentItem sent[] = {{WriteOp::kPut, options_.item}};
    const Instant begun = tools.loop.Now();
    const Instant until = std::min(tools.deadline, begun + kWriteTries);
    for (;;) {
      ControlReply reply = co_await tools.plane.Call(kind.operation, body, until);
      const bool unknown_yet = reply.verdict.code == ErrorCode::kResourceNotFound;
      if (!reply.ok() && !unknown_yet) {
        co_return tools.operations.Failure(operation_, options_.table, reply);
      }
      WriteOutcome outcome;
      if (kind.ReadReply({reply.verdict, reply.body, reply.request_id}, sent, outcome) &&
          outcome.others.empty()) {
        co_return true;
      }
      const Instant now = tools.loop.Now();
      if (unknown_yet && now >= begun + kUnknownTable) {
        const TableOperations::Found found = co_await tools.operations.Describe(options_.table, until);
        if (found.ok() && (!*found || (*found)->status == TableStatus::kDeleting)) co_return false;
      }
      if (now >= until) co_return NotStored(unknown_yet, outcome.fault, reply.verdict.status);
      co_await tools.plane.Sleep(kWriteRetry);
    }
  }

  // While the creation's outcome is unknown, a table that is not there may still come.
  Task<Status> CleanUp(Tools& tools) {
    using Deleted = TableOperations::Deleted;
    operation_ = "DeleteTable";
    const Instant last_look = std::min(tools.deadline, tools.loop.Now() + options_.late_creation);
    for (;;) {
      Deleted deleted = co_await tools.operations.Delete(options_.table, tools.deadline);
      if (deleted.outcome == Deleted::kStands) creation_unknown_ = not_dynamodb_ = false;
      left_ = deleted.error ? (deleted.outcome == Deleted::kStands ? Left::kYes : Left::kMaybe) : Left::kNo;
      if (deleted.error) {
        if (deleted.denied) deleted.error->message += " Without it, append works; overwrite does not.";
        co_return std::move(*deleted.error);
      }
      if (deleted.outcome == Deleted::kAccepted || !creation_unknown_) co_return Ok();
      left_ = Left::kMaybe;
      if (tools.loop.Now() >= last_look) co_return Ok();
      co_await tools.plane.Sleep(kLateCreationPoll);
    }
  }

  void Fail(Error error) {
    if (!result_.error) result_.error = std::move(error);
  }

  void TellOfLeftTable() {
    // What is not DynamoDB has made no table, nor has one that has never said a word; after a stop it is said
    // all the same, as there was hardly time to wait for one.
    const bool silent = !client_.has_sent() || (!answered_ && !result_.stopped);
    if (left_ == Left::kNo || (left_ == Left::kMaybe && (not_dynamodb_ || silent))) return;
    const std::string text =
        fmt::format("Table {} {} left behind; the next check uses it again and deletes it.", options_.table,
                    left_ == Left::kYes ? "is" : "may be");
    if (result_.error && !result_.stopped) {
      result_.error->message += " " + text;
    } else {
      log_.Warn(text);
    }
  }

  // What cut the phase off: an endpoint that takes longer than all deadlines.
  Error NoReply() const {
    Verdict verdict;
    verdict.reaction = Reaction::kRetry;
    verdict.code = ErrorCode::kTransport;
    verdict.transport = TransportError::kTimeout;
    return OperationError({operation_, options_.table, verdict, "", true, false}, options_.endpoint);
  }

  void WatchForStop(Tools& tools) {
    tools.loop.After(kStopPoll, [this, &tools] {
      if (!options_.stop_requested()) {
        WatchForStop(tools);
        return;
      }
      result_.stopped = true;
      tools.loop.Stop();
    });
  }

  ControlLoop& loop_;
  Client& client_;
  Log& log_;
  const ConnectionCheckOptions& options_;
  std::string_view operation_;     // the latest that was begun
  bool may_exist_ = false;         // our table
  bool creation_unknown_ = false;  // CreateTable was sent, and it is not known what came of it
  bool not_dynamodb_ = false;      // what answered it cannot have created a table
  bool stood_before_ = false;      // a table of the name, which we may not look at
  bool cleaning_ = false;
  bool answered_ = false;     // the endpoint, at some time
  Left left_ = Left::kMaybe;  // after the clean-up
  ConnectionCheckResult result_;
};

}  // namespace

ConnectionCheckResult CheckConnection(ControlLoop& loop, Client& client, Log& log,
                                      const ConnectionCheckOptions& options) {
  return ConnectionCheck(loop, client, log, options).Run();
}

}  // namespace ddb
