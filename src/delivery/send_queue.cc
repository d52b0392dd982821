#include "delivery/send_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/times.h"

namespace ddb {

SendQueue::SendQueue(Client& client, FlowControl& flow, const Options& options, Answered answered,
                     Divide divide)
    : client_(client),
      flow_(flow),
      options_(options),
      answered_(std::move(answered)),
      divide_(std::move(divide)),
      tables_(flow.tables()),
      window_(flow, options.max_requests) {}

// ---- waiting

void SendQueue::Count(const Batch& batch) {
  ++unsent_batches_;
  unsent_bytes_ += batch.charge.bytes();
}

void SendQueue::Uncount(const Batch& batch) {
  --unsent_batches_;
  unsent_bytes_ -= batch.charge.bytes();
}

void SendQueue::Add(BatchPtr batch) {
  const TableNo table = batch->table;
  Count(*batch);
  tables_[table].ready.push_back(std::move(batch));
  List(table);
}

void SendQueue::AddFirst(BatchPtr batch) {
  const TableNo table = batch->table;
  Count(*batch);
  tables_[table].ready.push_front(std::move(batch));
  List(table);
}

void SendQueue::AddRetry(BatchPtr batch, Instant due) {
  Count(*batch);
  batch->due = due;
  retries_.push_back(std::move(batch));
  std::push_heap(retries_.begin(), retries_.end(), Later());
}

void SendQueue::Wake(Instant now) {
  Unblock();
  std::vector<BatchPtr> due;
  while (!retries_.empty() && retries_.front()->due <= now) {
    std::pop_heap(retries_.begin(), retries_.end(), Later());
    due.push_back(std::move(retries_.back()));
    retries_.pop_back();
  }
  // Each enters before what waits for its table, so the one that was due first enters last.
  for (auto batch = due.rbegin(); batch != due.rend(); ++batch) {
    Uncount(**batch);
    AddFirst(std::move(*batch));
  }
}

std::optional<Instant> SendQueue::WakeAt(Instant now) const {
  std::optional<Instant> when;
  // A bound that said no is asked again after any reply, and at the latest after this.
  if (!blocked_.empty() || line_full_) when = now + times::kBlockedPoll;
  if (!retries_.empty() && (!when || retries_.front()->due < *when)) when = retries_.front()->due;
  return when;
}

std::vector<BatchPtr> SendQueue::FailTable(TableNo table, bool given_up) {
  Table& failed = tables_[table];
  failed.failed = true;
  if (given_up && !std::exchange(failed.given_up, true)) in_flight_given_up_ += failed.in_flight;
  failed.listed = false;
  std::erase(turn_, table);
  std::erase(blocked_, table);
  return TakeIf([table](const Batch& batch) { return batch.table == table; });
}

// A table that is listed and has nothing ready (any more) is passed over at its turn.
std::vector<BatchPtr> SendQueue::TakeIf(const std::function<bool(const Batch&)>& so) {
  std::vector<BatchPtr> taken;
  const auto take_from = [&](auto& batches) {
    size_t kept = 0;
    for (BatchPtr& batch : batches) {
      BatchPtr& place = so(*batch) ? taken.emplace_back() : batches[kept++];
      if (&place != &batch) place = std::move(batch);
    }
    batches.resize(kept);
  };
  for (Table& table : tables_) take_from(table.ready);
  take_from(retries_);
  std::make_heap(retries_.begin(), retries_.end(), Later());
  for (const BatchPtr& batch : taken) Uncount(*batch);
  return taken;
}

void SendQueue::Hasten(const std::function<Instant()>& due) {
  for (const BatchPtr& batch : retries_) batch->due = std::min(batch->due, due());
  std::make_heap(retries_.begin(), retries_.end(), Later());
}

// ---- turns

void SendQueue::List(TableNo table) {
  Table& queue = tables_[table];
  if (queue.listed || queue.ready.empty()) return;
  queue.listed = true;
  turn_.push_back(table);
}

// What was held back is asked for again: a reply came, to this worker or, for all we know, to another.
void SendQueue::Unblock() {
  for (const TableNo table : blocked_) turn_.push_back(table);
  blocked_.clear();
}

void SendQueue::Pump(Instant now) {
  using State = SendWindow::State;
  line_full_ = false;
  while (!turn_.empty()) {
    const State state = window_.Look(now);
    line_full_ = state == State::kLineFull;
    if (state == State::kEnough || state == State::kLineFull) break;
    const TableNo table = turn_.front();
    turn_.pop_front();
    Table& queue = tables_[table];
    queue.listed = false;
    if (queue.ready.empty()) continue;
    FitFront(queue, now);
    const bool has_room = queue.in_flight == 0 || (state == State::kOpen && HasShare(table));
    if (!has_room || !LetThrough(*queue.ready.front(), now)) {
      queue.listed = true;
      blocked_.push_back(table);
      continue;
    }
    SendFront(table, now);
    List(table);
  }
}

// What was let through once is not asked for again: its table did not take it yet.
bool SendQueue::LetThrough(Batch& batch, Instant now) {
  batch.let_through = batch.let_through || flow_.bound(batch.table).TrySend(batch.items.size(), now);
  return batch.let_through;
}

// A body that would hold a slow line for too long is sent in parts.
void SendQueue::FitFront(Table& queue, Instant now) {
  const Batch& front = *queue.ready.front();
  if (front.body.size() <= PathBound::kLeastBody || front.items.size() == 1) return;
  const size_t limit = flow_.LookAtLine(now).body_limit;
  if (front.body.size() <= limit) return;
  BatchPtr whole = std::move(queue.ready.front());
  queue.ready.pop_front();
  Uncount(*whole);
  auto [first, rest] = divide_(std::move(whole), limit);
  Count(*rest);
  queue.ready.push_front(std::move(rest));
  Count(*first);
  queue.ready.push_front(std::move(first));
}

// A table that does not answer must not take every connection, or all of the line, from the others.
bool SendQueue::HasShare(TableNo table) const {
  if (IsAlone(table)) return true;
  const size_t most = std::max<size_t>(1, window_.most() - window_.most() / 4);
  return tables_[table].in_flight < most && flow_.HasShare(table);
}

// Dead letters are so few that a quarter kept free for them would be a quarter of the speed.
bool SendQueue::IsAlone(TableNo table) const {
  const bool letters = options_.dead_letters && *options_.dead_letters != table;
  return tables_.size() - 1 == (letters ? 1u : 0u);
}

// ---- in flight

void SendQueue::SendFront(TableNo table, Instant now) {
  Table& queue = tables_[table];
  BatchPtr batch = std::move(queue.ready.front());
  queue.ready.pop_front();
  Uncount(*batch);
  ++queue.in_flight;
  batch->ticket = window_.Send(table, batch->body.size(), now);
  if (free_flights_.empty()) {
    free_flights_.push_back(flights_.size());
    flights_.emplace_back();
  }
  const size_t flight = free_flights_.back();
  free_flights_.pop_back();
  flights_[flight] = std::move(batch);
  client_.Send(flights_[flight]->operation, flights_[flight]->body,
               [this, flight](const Reply& reply) { OnReply(flight, reply); });
}

void SendQueue::OnReply(size_t flight, const Reply& reply) {
  BatchPtr batch = std::move(flights_[flight]);
  free_flights_.push_back(flight);
  --tables_[batch->table].in_flight;
  if (tables_[batch->table].given_up) --in_flight_given_up_;
  if (reply.verdict.transport == TransportError::kCancelled) {  // the run is over
    window_.OnEnd(batch->table, batch->ticket, PathBound::Outcome::kLost, batch->ticket.at);
    return;
  }
  Unblock();
  answered_(std::move(batch), reply);
}

void SendQueue::Learn(const Batch& batch, const Told& told, Instant now) {
  window_.OnEnd(batch.table, batch.ticket, told.line, now);
  // What is not stored stays let through, until Settlement says what became of it.
  flow_.bound(batch.table).OnReply({told.stored, told.stored, told.throttled}, now);
}

}  // namespace ddb
