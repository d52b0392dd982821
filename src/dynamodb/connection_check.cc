#include "dynamodb/connection_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/task.h"
#include "dynamodb/requests.h"
#include "dynamodb/responses.h"
#include "dynamodb/table_operations.h"

namespace ddb {
namespace {

constexpr Duration kStopPoll = std::chrono::milliseconds(100);
// An active table may refuse its first items as unknown; between two tries.
constexpr Duration kWriteRetry = std::chrono::milliseconds(250);

class ConnectionCheck {
 public:
  ConnectionCheck(ControlLoop& loop, Client& client, Log& log, const ConnectionCheckOptions& options)
      : loop_(loop), client_(client), log_(log), options_(options) {}

  ConnectionCheckResult Run() {
    RunPhase(options_.work, &ConnectionCheck::Work);
    if (may_exist_) {
      RunPhase(result_.stopped ? options_.cleanup_after_stop : options_.cleanup, &ConnectionCheck::CleanUp);
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

  void RunPhase(Duration time, Phase phase) {
    Tools tools(loop_, client_, log_, options_, time);
    tools.loop.After(time + options_.grace, [this, &tools] {
      Fail(NoReply());
      tools.loop.Stop();
    });
    if (options_.stop_requested && !result_.stopped) WatchForStop(tools);
    Task<void> task = RunToEnd(tools, phase);
    task.Start();
    tools.loop.Run();
  }

  Task<void> RunToEnd(Tools& tools, Phase phase) {
    Status status = co_await (this->*phase)(tools);
    if (!status.ok()) Fail(std::move(status).error());
    tools.loop.Stop();
  }

  Task<Status> Work(Tools& tools) {
    TableSettings settings;
    settings.capacity = options_.capacity;
    operation_ = "CreateTable";
    may_exist_ = true;
    const ControlReply created = co_await tools.plane.Call(
        "CreateTable", CreateTableBody(options_.table, options_.keys, settings), tools.deadline);
    if (!created.ok()) {
      // A table that stands there at the first try is not ours. At a later try it is what an earlier one,
      // whose reply was lost, has made.
      const bool ours = created.unknown && (created.verdict.code == ErrorCode::kResourceInUse ||
                                            created.verdict.code == ErrorCode::kTableAlreadyExists);
      may_exist_ = created.unknown;
      if (!ours) co_return tools.operations.Failure("CreateTable", options_.table, created);
    }
    operation_ = "DescribeTable";
    TableOperations::Found found = co_await tools.operations.AwaitActive(options_.table, tools.deadline);
    if (!found.ok()) co_return std::move(found).error();
    if (!*found) {
      co_return TransientError(fmt::format("Table {} vanished after it was created.", options_.table));
    }
    operation_ = "BatchWriteItem";
    co_return co_await WriteItem(tools);
  }

  Task<Status> WriteItem(Tools& tools) {
    const std::string body =
        BatchWriteHead(options_.table) + options_.put_request + std::string(kBatchWriteTail);
    const std::string_view sent[] = {options_.put_request};
    for (;;) {
      ControlReply reply = co_await tools.plane.Call("BatchWriteItem", body, tools.deadline);
      const bool unknown_yet = reply.verdict.code == ErrorCode::kResourceNotFound;
      if (!reply.ok() && !unknown_yet) {
        co_return tools.operations.Failure("BatchWriteItem", options_.table, reply);
      }
      BatchWriteOutcome outcome;
      const bool understood =
          reply.ok() && ReadBatchWriteReply(reply.body, options_.table, options_.keys, sent, outcome);
      if (understood && outcome.unprocessed.empty()) co_return Ok();
      if (tools.loop.Now() >= tools.deadline) {
        co_return TransientError(
            fmt::format("DynamoDB did not store the test item in table {} in time.", options_.table));
      }
      co_await tools.plane.Sleep(kWriteRetry);
    }
  }

  Task<Status> CleanUp(Tools& tools) {
    operation_ = "DeleteTable";
    co_return co_await tools.operations.Delete(options_.table, tools.deadline);
  }

  void Fail(Error error) {
    const bool cleaning = operation_ == "DeleteTable";
    if (!result_.error) result_.error = std::move(error);
    if (cleaning)
      result_.error->message += fmt::format(" Table {} is left behind: delete it.", options_.table);
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
  std::string_view operation_;  // the latest that was begun
  bool may_exist_ = false;      // our table
  ConnectionCheckResult result_;
};

}  // namespace

ConnectionCheckResult CheckConnection(ControlLoop& loop, Client& client, Log& log,
                                      const ConnectionCheckOptions& options) {
  return ConnectionCheck(loop, client, log, options).Run();
}

}  // namespace ddb
