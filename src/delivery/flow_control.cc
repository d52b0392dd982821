#include "delivery/flow_control.h"

#include "base/times.h"

namespace ddb {

FlowControl::Line FlowControl::LookAtLine(Instant now) const {
  MutexLock lock(mu_);
  return {path_.open(), now - path_.last_event() >= times::kSilence, path_.body_limit()};
}

FlowControl::Path FlowControl::LookAtPath() const {
  MutexLock lock(mu_);
  return {path_.in_flight(), path_.window(), path_.body_limit()};
}

size_t FlowControl::in_flight(TableNo table) const {
  MutexLock lock(mu_);
  return in_flight_[table];
}

bool FlowControl::HasShare(TableNo table) const {
  MutexLock lock(mu_);
  return in_flight_[table] < path_.window() - path_.window() / 4;
}

bool FlowControl::OthersInFlight(TableNo table, size_t bytes) const {
  MutexLock lock(mu_);
  return in_flight_[table] > bytes;
}

PathBound::Ticket FlowControl::Send(TableNo table, size_t bytes, Instant now) {
  MutexLock lock(mu_);
  in_flight_[table] += bytes;
  return path_.Send(bytes, now);
}

void FlowControl::OnEnd(TableNo table, const PathBound::Ticket& ticket, PathBound::Outcome outcome,
                        Instant now) {
  MutexLock lock(mu_);
  in_flight_[table] -= ticket.bytes;
  path_.OnEnd(ticket, outcome, now);
}

SendWindow::State SendWindow::Look(Instant now) const {
  if (in_flight_ == 0) return State::kOpen;
  if (in_flight_ >= fill_.size() || bytes_ >= fill_.bytes()) return State::kEnough;
  const FlowControl::Line line = flow_.LookAtLine(now);
  if (line.open) return State::kOpen;
  return line.silent ? State::kIdleTables : State::kLineFull;
}

PathBound::Ticket SendWindow::Send(TableNo table, size_t bytes, Instant now) {
  ++in_flight_;
  bytes_ += bytes;
  return flow_.Send(table, bytes, now);
}

void SendWindow::OnEnd(TableNo table, const PathBound::Ticket& ticket, PathBound::Outcome outcome,
                       Instant now) {
  --in_flight_;
  bytes_ -= ticket.bytes;
  if (outcome == PathBound::Outcome::kAnswered || outcome == PathBound::Outcome::kRefused)
    fill_.OnReply(now - ticket.at);
  flow_.OnEnd(table, ticket, outcome, now);
}

}  // namespace ddb
