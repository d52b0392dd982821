// ControlPlane: operations on tables, one call at a time per coroutine, each repeated until it succeeds,
// fails for good, or its time is up; at most kMaxControlCalls in flight. The one retry loop outside the
// dispatcher. What an operation's failure means is its caller's. Loop thread only.
#pragma once

#include <coroutine>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "dynamodb/client.h"
#include "dynamodb/control_loop.h"
#include "dynamodb/control_watch.h"

namespace ddb {

struct ControlReply {
  Verdict verdict;
  std::string body;  // of a success
  std::string request_id;
  bool unknown = false;    // an attempt was sent whose outcome nobody knows
  bool withdrawn = false;  // the gate was closed before an attempt, which was not sent
  bool gave_up = false;    // the failure is one that may pass, but the time was up
  bool answered = false;   // the endpoint has given a valid reply, to this call or to an earlier one
  bool ok() const { return verdict.ok(); }
  // There is a table of that name, or it is being changed.
  bool in_use() const {
    return verdict.code == ErrorCode::kResourceInUse || verdict.code == ErrorCode::kTableAlreadyExists;
  }
};

struct ControlOptions {
  // How long an endpoint that has never given a valid reply may take for its first one, from the
  // ControlPlane's construction.
  Duration first_reply = std::chrono::seconds(30);
  std::function<double()> random;  // in [0, 1), for jitter; empty: one of its own
  ControlWatch* watch = nullptr;   // what the run knows of the endpoint; null: nothing before this plane
};

// Lives as long as a sequence of operations (the preparation of the tables, a check). Coroutines that wait
// for it are destroyed before it, and it before its loop. The client may outlive it: a reply that comes late
// is dropped.
class ControlPlane {
 public:
  ControlPlane(ControlLoop& loop, Client& client, ControlOptions options);
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  // Transient failures, throttles, LimitExceeded and ResourceInUse are waited out until `deadline`, for which
  // a reply is waited for no longer than a second; and a refusal of keys that were accepted before, or in one
  // of the requests that were on their way at the same time, for times::kLapse. But ResourceInUse ends
  // CreateTable and DeleteTable, whose caller then looks at the table. A denial is waited out for
  // times::kDenialMayPass, unless one of the same operation has just been waited for in vain. `gate`, if
  // there is one, is asked immediately before every attempt is sent, and ends the call when it says no; it
  // outlives the call. With one a denial counts at once: its caller closes the gates of others before it
  // tries again.
  using Gate = std::function<bool()>;
  Task<ControlReply> Call(Operation operation, std::string body, Instant deadline,
                          const Gate* gate = nullptr);

  class Sleeper {
   public:
    Sleeper(ControlLoop& loop, Duration delay) : loop_(loop), delay_(delay) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) { loop_.After(delay_, resumption_.Of(handle)); }
    void await_resume() const {}

   private:
    ControlLoop& loop_;
    const Duration delay_;
    Resumption resumption_;
  };
  Sleeper Sleep(Duration delay) { return Sleeper(loop_, delay); }

  Instant Now() const { return loop_.Now(); }
  bool answered() const { return watch_.answered; }  // the endpoint has given a valid reply
  ControlWatch& watch() { return watch_; }

 private:
  struct Attempt;
  class Slot;
  class Sending;
  class Flight;

  bool IsFinal(std::string_view operation, const Verdict& verdict, int reauthentications) const;
  Duration Delay(const Verdict& verdict, int failures);
  void Learn(ControlReply& reply);
  bool DenialMayPass(std::string_view operation, std::optional<Instant>& denied_since);

  ControlLoop& loop_;
  Client& client_;
  ControlOptions options_;
  ControlWatch own_;
  ControlWatch& watch_;
  const Instant started_;
  size_t sent_ = 0;                               // attempts whose reply is awaited
  std::vector<std::function<void()>> undecided_;  // refused, while others are sent; see Flight
  size_t in_flight_ = 0;                          // slots that are held
  std::deque<Slot*> waiting_;                     // longest first; each leaves when its coroutine goes
};

}  // namespace ddb
