#include "dynamodb/table_lookup.h"

#include <optional>
#include <utility>

#include "base/task.h"
#include "base/times.h"
#include "dynamodb/control_plane.h"
#include "dynamodb/known_errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/requests.h"
#include "dynamodb/task_lanes.h"

namespace ddb {
namespace {

class Lookup {
 public:
  Lookup(ControlLoop& loop, Client& client, const std::vector<std::string>& names,
         const PrepareOptions& options)
      : loop_(loop), names_(names), options_(options), plane_(loop_, client, options.control) {}

  Result<TablesFound> Run() {
    if (names_.empty()) return TablesFound();
    WatchForStop();
    pending_ = names_.size();
    lanes_.Start(names_.size(), [this](size_t i) { return LookFor(names_[i]); });
    loop_.Run();
    if (error_) return std::move(*error_);
    return std::move(found_);
  }

 private:
  Task<void> LookFor(const std::string& name) {
    const ControlReply reply =
        co_await plane_.Call("DescribeTable", TableNameBody(name), plane_.Now() + options_.transition);
    if (reply.ok()) {
      found_.there.insert(name);
    } else if (reply.verdict.code == ErrorCode::kAccessDenied) {
      found_.denied.insert(name);
    } else if (!error_ && !NoSuchTable(reply.verdict)) {
      error_ = OperationError(
                   {"DescribeTable", name, reply.verdict, reply.request_id, reply.gave_up, reply.answered},
                   options_.endpoint)
                   .At("dynamodb/table_lookup");
    }
    if (--pending_ == 0 || error_) Stop();
  }

  void WatchForStop() {
    if (!options_.stop_requested) return;
    if (options_.stop_requested()) {
      if (!error_) {
        error_ =
            TransientError("The sync was stopped while its tables were being looked for.", "stop_requested");
      }
      return Stop();
    }
    loop_.After(times::kSignalPoll, [this] { WatchForStop(); });
  }

  void Stop() {
    lanes_.BeginNoMore();
    loop_.Stop();
  }

  ScopedLoop loop_;
  const std::vector<std::string>& names_;
  const PrepareOptions& options_;
  ControlPlane plane_;
  TablesFound found_;
  size_t pending_ = 0;
  std::optional<Error> error_;
  TaskLanes lanes_{loop_, kMaxTablesAtOnce};  // last: the frames of its tasks use the members above
};

}  // namespace

Result<TablesFound> FindTables(ControlLoop& loop, Client& client, const std::vector<std::string>& names,
                               const PrepareOptions& options) {
  return Lookup(loop, client, names, options).Run();
}

}  // namespace ddb
