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
// How long a refusal waits for the replies of other requests at the most.
constexpr Duration kFlight = std::chrono::seconds(5);
// After this a client has given up on a reply by itself (HttpClient::Options), so that no deadline beyond has
// to be watched; and how long beyond its deadline a call may wait for one.
constexpr Duration kLongestReply = std::chrono::minutes(3);
constexpr Duration kLastReply = std::chrono::seconds(1);

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

Verdict NoReplyInTime() {
  Verdict verdict;
  verdict.reaction = Reaction::kRetry;
  verdict.code = ErrorCode::kTransport;
  verdict.transport = TransportError::kTimeout;
  verdict.reason = TransportErrorText(verdict.transport);
  verdict.fault = FaultOf(verdict.transport);
  return verdict;
}

// Not of who asks, but of the permission for an operation, or for a key that it would use.
bool IsDenial(const Verdict& verdict) {
  return verdict.reaction == Reaction::kFailConfig &&
         (verdict.code == ErrorCode::kAccessDenied || verdict.code == ErrorCode::kKmsUnavailable);
}

// Nothing but a permission was in the way of these.
bool ShowsPermission(const ControlReply& reply) {
  return reply.ok() || reply.in_use() || reply.verdict.code == ErrorCode::kResourceNotFound;
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

  void Resume() {
    if (waiter) std::exchange(waiter, nullptr).resume();
  }
};

// Awaits one reply, until `cut` at the latest where the client itself may wait for longer.
class ControlPlane::Sending {
 public:
  Sending(ControlPlane& plane, const Operation& operation, std::string_view body, Instant cut)
      : plane_(plane), operation_(operation), cut_(cut), attempt_(std::make_shared<Attempt>()) {
    attempt_->body.Append(body);
    ++plane_.sent_;
  }
  ~Sending() {
    attempt_->waiter = nullptr;
    --plane_.sent_;
  }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    attempt_->waiter = handle;
    if (const Duration left = cut_ - plane_.loop_.Now(); left < kLongestReply) {
      plane_.loop_.After(left, [attempt = attempt_] {
        attempt->reply.verdict = NoReplyInTime();
        attempt->Resume();
      });
    }
    plane_.client_.Send(operation_, attempt_->body, [attempt = attempt_](const Reply& reply) {
      attempt->reply.verdict = reply.verdict;
      attempt->reply.body = reply.body;
      attempt->reply.request_id = reply.request_id;
      attempt->Resume();
    });
  }
  ControlReply await_resume() { return std::move(attempt_->reply); }

 private:
  ControlPlane& plane_;
  const Operation operation_;
  const Instant cut_;
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

// Which reply is read first is chance. So whoever is refused before anybody was accepted waits until the
// others that are on their way have been heard, before the refusal is taken for what it says.
class ControlPlane::Flight {
 public:
  explicit Flight(ControlPlane& plane) : plane_(plane) {}
  bool await_ready() const { return plane_.watch_.accepted || plane_.sent_ == 0; }
  void await_suspend(std::coroutine_handle<> handle) {
    const std::function<void()> resume = resumption_.Of(handle);
    plane_.undecided_.push_back(resume);
    plane_.loop_.After(kFlight, resume);
  }
  void await_resume() const {}

 private:
  ControlPlane& plane_;
  Resumption resumption_;
};

ControlPlane::ControlPlane(ControlLoop& loop, Client& client, ControlOptions options)
    : loop_(loop),
      client_(client),
      options_(std::move(options)),
      own_(""),
      watch_(options_.watch ? *options_.watch : own_),
      started_(loop.Now()) {
  if (!options_.random) options_.random = OwnRandom();
}

ControlPlane::~ControlPlane() = default;

Task<ControlReply> ControlPlane::Call(Operation operation, std::string body, Instant deadline,
                                      const Gate* gate) {
  bool unknown = false;
  int reauthentications = 0;
  std::optional<Instant> refused_since;  // our keys, which were accepted before
  std::optional<Instant> denied_since;
  std::optional<ControlWatch::Wait> wait;
  const auto latest = [&] {
    return watch_.answered ? deadline : std::min(deadline, started_ + options_.first_reply);
  };
  for (int attempts = 1;; ++attempts) {
    ControlReply reply;
    {
      Slot slot(*this);
      co_await slot;
      if (gate && !(*gate)()) co_return Withdrawn(unknown, watch_.answered);
      if (!wait)
        wait.emplace(watch_, ControlWatch::Kind::kReply, std::string(operation.name), loop_.Now(), latest());
      {
        Sending sending(*this, operation, body, deadline + kLastReply);
        reply = co_await sending;
      }
      Learn(reply);
      if (reply.verdict.RefusesWhoAsks()) {
        Flight flight(*this);
        co_await flight;
      }
    }
    reply.answered = watch_.answered;
    reply.unknown = unknown = unknown || OutcomeUnknown(reply.verdict);
    reauthentications = reply.verdict.reaction == Reaction::kReauthenticate ? reauthentications + 1 : 0;
    if (ShowsPermission(reply)) watch_.denied.erase(std::string(operation.name));
    const Instant now = loop_.Now();
    Instant give_up = latest();
    if (watch_.accepted && reply.verdict.RefusesWhoAsks()) {
      if (!refused_since) refused_since = now;
      give_up = std::min(deadline, *refused_since + times::kLapse);
    } else if (IsDenial(reply.verdict)) {
      if (gate || now >= deadline || !DenialMayPass(operation.name, denied_since)) co_return reply;
      give_up = std::min(deadline, *denied_since + times::kDenialMayPass);
    } else {
      refused_since.reset();
      denied_since.reset();
      if (IsFinal(operation.name, reply.verdict, reauthentications)) co_return reply;
    }
    if (now >= give_up) {
      reply.gave_up = true;
      co_return reply;
    }
    if (IsDenial(reply.verdict)) {
      wait.reset();  // it is over before it is worth a word
    } else {
      wait->Met(reply.verdict, give_up);
    }
    const Duration delay = std::min(Delay(reply.verdict, attempts), give_up - now);
    co_await Sleep(delay);
  }
}

// A permission that is missing is waited for once, not with each of its tables and settings.
bool ControlPlane::DenialMayPass(std::string_view operation, std::optional<Instant>& denied_since) {
  if (watch_.denied.contains(operation)) return false;
  if (!denied_since) denied_since = loop_.Now();
  if (loop_.Now() < *denied_since + times::kDenialMayPass) return true;
  watch_.denied.emplace(operation);
  return false;
}

void ControlPlane::Learn(ControlReply& reply) {
  if (reply.ok() && !reply.body.starts_with('{')) reply.verdict = NotDynamoDb(reply.body);
  if (reply.ok()) reply.verdict = ErrorInSuccess(reply.body).value_or(reply.verdict);
  if (reply.verdict.answered()) watch_.answered = true;
  if (reply.verdict.AcceptsWhoAsks()) watch_.accepted = true;
  if (!watch_.accepted && sent_ > 0) return;
  for (std::function<void()>& resume : std::exchange(undecided_, {}))
    loop_.After(Duration::zero(), std::move(resume));
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
