#include "dynamodb/control_plane.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/entropy.h"
#include "base/times.h"
#include "dynamodb/limits.h"
#include "dynamodb/retry_policy.h"

namespace ddb {
namespace {

// In a row. Signing anew helps at once or not at all: static keys do not change, a clock's offset is learnt
// from the first refusal.
constexpr int kMaxReauthentications = 3;

// A 200 of something else, e.g. of a proxy's login page.
Verdict NotDynamoDb(std::string_view body) {
  Verdict verdict;
  verdict.reaction = Reaction::kRetry;
  verdict.code = ErrorCode::kBadReply;
  verdict.status = 200;
  verdict.reason = "the reply is not one of DynamoDB";
  verdict.fault = FaultOfBody(body);
  return verdict;
}

// Whether the request may have been carried out although it failed.
bool OutcomeUnknown(const Verdict& verdict) {
  switch (verdict.transport) {
    case TransportError::kReset:
    case TransportError::kCutShort:
    case TransportError::kTimeout:
    case TransportError::kTwoLengths:
    case TransportError::kUnknownEncoding:
    case TransportError::kBrokenEncoding:
    case TransportError::kMalformed:
    case TransportError::kReplyTooLarge:
    case TransportError::kCancelled:
      return true;
    default:
      return verdict.code == ErrorCode::kServerError || verdict.code == ErrorCode::kBadReply;
  }
}

ControlReply Withdrawn(bool unknown, bool answered) {
  ControlReply reply;
  reply.verdict.reaction = Reaction::kRetry;
  reply.verdict.code = ErrorCode::kTransport;
  reply.verdict.transport = TransportError::kCancelled;
  reply.unknown = unknown;
  reply.withdrawn = true;
  reply.answered = answered;
  return reply;
}

std::function<double()> OwnRandom() {
  return [engine = std::minstd_rand(EntropySeed())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

}  // namespace

// One attempt on its way. Shared by the coroutine that waits for it and the client, which needs the body
// until its callback ran, even when the coroutine is gone.
struct ControlPlane::Attempt {
  Buffer body;
  std::coroutine_handle<> waiter;  // null: nobody waits any more
  ControlReply reply;
};

// Awaits one reply.
class ControlPlane::Sending {
 public:
  Sending(Client& client, const Operation& operation, std::string_view body)
      : client_(client), operation_(operation), attempt_(std::make_shared<Attempt>()) {
    attempt_->body.Append(body);
  }
  ~Sending() { attempt_->waiter = nullptr; }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    attempt_->waiter = handle;
    client_.Send(operation_, attempt_->body, [attempt = attempt_](const Reply& reply) {
      attempt->reply.verdict = reply.verdict;
      attempt->reply.body = reply.body;
      attempt->reply.request_id = reply.request_id;
      if (attempt->waiter) attempt->waiter.resume();
    });
  }
  ControlReply await_resume() { return std::move(attempt_->reply); }

 private:
  Client& client_;
  const Operation operation_;
  const std::shared_ptr<Attempt> attempt_;
};

// Leave to have a call in flight: awaited, held until it goes.
class ControlPlane::Slot {
 public:
  explicit Slot(ControlPlane& plane) : plane_(plane) {}
  ~Slot() {
    if (held_) {
      PassOn();
    } else {
      std::erase(plane_.waiting_, this);
    }
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  bool await_ready() {
    if (plane_.in_flight_ >= kMaxControlCalls) return false;
    ++plane_.in_flight_;
    held_ = true;
    return true;
  }
  void await_suspend(std::coroutine_handle<> handle) {
    resume_ = resumption_.Of(handle);
    plane_.waiting_.push_back(this);
  }
  void await_resume() const {}

 private:
  // The one that waits longest takes the slot over, in a turn of its own.
  void PassOn() {
    if (plane_.waiting_.empty()) {
      --plane_.in_flight_;
      return;
    }
    Slot& next = *plane_.waiting_.front();
    plane_.waiting_.pop_front();
    next.held_ = true;
    plane_.loop_.After(Duration::zero(), std::move(next.resume_));
  }

  ControlPlane& plane_;
  bool held_ = false;
  Resumption resumption_;
  std::function<void()> resume_;  // while it waits
};

ControlPlane::ControlPlane(ControlLoop& loop, Client& client, ControlOptions options)
    : loop_(loop), client_(client), options_(std::move(options)), started_(loop.Now()) {
  if (!options_.random) options_.random = OwnRandom();
}

ControlPlane::~ControlPlane() = default;

Task<ControlReply> ControlPlane::Call(Operation operation, std::string body, Instant deadline,
                                      const Gate* gate) {
  bool unknown = false;
  int reauthentications = 0;
  std::optional<Instant> refused_since;  // our keys, which were accepted before
  for (int attempts = 1;; ++attempts) {
    ControlReply reply;
    {
      Slot slot(*this);
      co_await slot;
      if (gate && !(*gate)()) co_return Withdrawn(unknown, answered_);
      Sending sending(client_, operation, body);
      reply = co_await sending;
    }
    if (reply.ok() && !reply.body.starts_with('{')) reply.verdict = NotDynamoDb(reply.body);

    if (reply.verdict.answered()) answered_ = true;
    if (reply.verdict.AcceptsWhoAsks()) accepted_ = true;
    reply.answered = answered_;
    reply.unknown = unknown = unknown || OutcomeUnknown(reply.verdict);
    reauthentications = reply.verdict.reaction == Reaction::kReauthenticate ? reauthentications + 1 : 0;
    const Instant now = loop_.Now();
    Instant give_up = answered_ ? deadline : std::min(deadline, started_ + options_.first_reply);
    if (accepted_ && reply.verdict.RefusesWhoAsks()) {
      if (!refused_since) refused_since = now;
      give_up = std::min(deadline, *refused_since + times::kLapse);
    } else {
      refused_since.reset();
      if (IsFinal(operation.name, reply.verdict, reauthentications)) co_return reply;
    }
    if (now >= give_up) {
      reply.gave_up = true;
      co_return reply;
    }
    const Duration delay = std::min(Delay(reply.verdict, attempts), give_up - now);
    co_await Sleep(delay);
  }
}

bool ControlPlane::IsFinal(std::string_view operation, const Verdict& verdict, int reauthentications) const {
  switch (verdict.reaction) {
    case Reaction::kRetry:
      return (verdict.code == ErrorCode::kResourceInUse || verdict.code == ErrorCode::kTableAlreadyExists) &&
             (operation == "CreateTable" || operation == "DeleteTable");
    case Reaction::kThrottle:
      return false;
    case Reaction::kReauthenticate:
      return reauthentications >= kMaxReauthentications;
    case Reaction::kNone:
    case Reaction::kSplit:
    case Reaction::kRejectItem:
    case Reaction::kFailConfig:
    case Reaction::kFailSystem:
      return true;
  }
  return true;
}

Duration ControlPlane::Delay(const Verdict& verdict, int failures) {
  // A table that is being changed, and a full queue of table operations, take seconds to be free.
  const bool slow = verdict.code == ErrorCode::kResourceInUse || verdict.code == ErrorCode::kLimitExceeded;
  return RetryDelay(slow ? Reaction::kThrottle : verdict.reaction, failures, options_.random());
}

}  // namespace ddb
