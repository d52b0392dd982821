#include "dynamodb/watched_client.h"

#include <fmt/format.h>

#include <chrono>

#include "base/times.h"

namespace ddb {
namespace {

// A 200 is one only if it is JSON: a login page is none.
ReplyFault FaultIn(const Reply& reply) {
  if (!reply.verdict.ok()) return reply.verdict.fault;
  return reply.body.starts_with('{') ? ReplyFault::kNone : FaultOfBody(reply.body);
}

}  // namespace

void WatchedClient::Send(const Operation& operation, Buffer& body, Done done) {
  if (!since_) since_ = clock_.Now();
  client_->Send(operation, body, [this, done = std::move(done)](const Reply& reply) {
    Note(reply);
    done(reply);
  });
}

// An error that DynamoDB itself names is an answer, whatever it says of the request.
void WatchedClient::Note(const Reply& reply) {
  if (reply.verdict.transport == TransportError::kCancelled) return;
  const ReplyFault fault = FaultIn(reply);
  if (fault == ReplyFault::kNone || fault == ReplyFault::kRefusedByName) {
    since_.reset();
    faults_ = 0;
    return;
  }
  ++faults_;
  last_ = reply.verdict;
  last_.fault = fault;
}

void WatchedClient::SayTrouble(Log& log) {
  const Instant now = clock_.Now();
  if (!since_ || now - *since_ < times::kSayTrouble) return;
  const ReplyFault fault = faults_ > 0 ? last_.fault : ReplyFault::kNone;
  if (said_at_ && now - *said_at_ < (fault == said_ ? times::kSayAgain : times::kSayAnother)) return;
  said_at_ = now;
  said_ = fault;
  const int64_t waited = std::chrono::duration_cast<std::chrono::seconds>(now - *since_).count();
  if (faults_ == 0) {
    log.Info(fmt::format("No reply has come from {} for {} s. It is waited for, and tried again.",
                         endpoint_.url, waited));
    return;
  }
  const Text advice = FaultAdvice(fault);
  log.Warn(fmt::format("{} has not answered for {} s: {} ({} in a row). {}{}It is tried again.",
                       endpoint_.url, waited, DescribeFault(fault, last_.status), faults_, advice,
                       advice.empty() ? "" : " "));
}

}  // namespace ddb
