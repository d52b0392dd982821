#include "delivery/send_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/times.h"
#include "items/item_size.h"

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

SendQueue::Lane& SendQueue::LaneOf(LaneNo no) {
  Table& table = tables_[no.table];
  if (!no.hot) return table.main;
  if (!table.hot) table.hot = std::make_unique<Lane>();
  return *table.hot;
}

// ---- waiting

void SendQueue::Count(const Batch& batch) {
  Table& queue = tables_[batch.table];
  ++unsent_batches_;
  unsent_bytes_ += batch.charge.bytes();
  if (!batch.is_hot) queue.unsent_bytes += batch.charge.bytes();
  if (queue.held_back || batch.is_hot) held_back_bytes_ += batch.charge.bytes();
}

void SendQueue::Uncount(const Batch& batch) {
  Table& queue = tables_[batch.table];
  --unsent_batches_;
  unsent_bytes_ -= batch.charge.bytes();
  if (!batch.is_hot) queue.unsent_bytes -= batch.charge.bytes();
  if (queue.held_back || batch.is_hot) held_back_bytes_ -= batch.charge.bytes();
}

void SendQueue::SetHeldBack(Table& queue, bool held_back) {
  if (queue.held_back == held_back) return;
  queue.held_back = held_back;
  held_back ? held_back_bytes_ += queue.unsent_bytes : held_back_bytes_ -= queue.unsent_bytes;
}

void SendQueue::Add(BatchPtr batch) {
  const LaneNo no{batch->table, batch->is_hot};
  Count(*batch);
  LaneOf(no).ready.push_back(std::move(batch));
  List(no);
}

void SendQueue::AddFirst(BatchPtr batch) {
  const LaneNo no{batch->table, batch->is_hot};
  Count(*batch);
  LaneOf(no).ready.push_front(std::move(batch));
  List(no);
}

void SendQueue::AddAgain(BatchPtr batch) {
  const LaneNo no{batch->table, batch->is_hot};
  Count(*batch);
  RingQueue<BatchPtr>& again = LaneOf(no).again;
  size_t at = 0;  // of the first that was opened later
  for (size_t end = again.size(); at < end;) {
    const size_t middle = at + (end - at) / 2;
    batch->opened < again[middle]->opened ? end = middle : at = middle + 1;
  }
  again.insert(at, std::move(batch));
  List(no);
}

void SendQueue::AddProbe(BatchPtr batch) {
  const LaneNo no{batch->table, batch->is_hot};
  Count(*batch);
  LaneOf(no).probes.push_back(std::move(batch));
  if (std::erase(blocked_, no) > 0) LaneOf(no).listed = false;
  List(no);
}

void SendQueue::AddRetry(BatchPtr batch, Instant due) {
  Count(*batch);
  batch->due = due;
  retries_.push_back(std::move(batch));
  std::push_heap(retries_.begin(), retries_.end(), Later());
}

void SendQueue::Wake(Instant now) {
  Unblock(now);
  while (!retries_.empty() && retries_.front()->due <= now) {
    std::pop_heap(retries_.begin(), retries_.end(), Later());
    BatchPtr batch = std::move(retries_.back());
    retries_.pop_back();
    Uncount(*batch);
    AddAgain(std::move(batch));
  }
}

std::optional<Instant> SendQueue::WakeAt(Instant now) const {
  std::optional<Instant> when;
  const auto sooner = [&when](Instant instant) {
    if (!when || instant < *when) when = instant;
  };
  // What others may open is looked at again after this.
  if (line_full_) sooner(now + times::kBlockedPoll);
  for (const LaneNo no : blocked_) {
    const Instant asks = no.hot ? tables_[no.table].hot->asks : tables_[no.table].main.asks;
    sooner(asks > now ? asks : now + times::kBlockedPoll);
  }
  if (!retries_.empty()) sooner(retries_.front()->due);
  return when;
}

std::vector<BatchPtr> SendQueue::FailTable(TableNo table, bool given_up) {
  Table& failed = tables_[table];
  failed.failed = true;
  if (given_up && !std::exchange(failed.given_up, true)) in_flight_given_up_ += failed.in_flight;
  failed.main.listed = false;
  if (failed.hot) failed.hot->listed = false;
  const auto is_its = [table](LaneNo no) { return no.table == table; };
  std::erase_if(turn_, is_its);
  std::erase_if(blocked_, is_its);
  return TakeIf([table](const Batch& batch) { return batch.table == table; });
}

// A lane that is listed and has nothing ready (any more) is passed over at its turn.
std::vector<BatchPtr> SendQueue::TakeIf(const std::function<bool(const Batch&)>& so) {
  std::vector<BatchPtr> taken;
  const auto take_from = [&](auto& batches) {
    size_t kept = 0;
    for (size_t i = 0; i < batches.size(); ++i) {
      BatchPtr& batch = batches[i];
      BatchPtr& place = so(*batch) ? taken.emplace_back() : batches[kept++];
      if (&place != &batch) place = std::move(batch);
    }
    batches.resize(kept);
  };
  for (const TableNo no : tables_.numbers()) {
    for (const bool hot : {false, true}) {
      if (hot && !tables_[no].hot) continue;
      Lane& lane = LaneOf({no, hot});
      if (lane.empty()) continue;
      take_from(lane.probes);
      take_from(lane.again);
      take_from(lane.ready);
      if (lane.empty()) flow_.gate(no).Withdraw(options_.worker, hot);
    }
  }
  take_from(retries_);
  std::make_heap(retries_.begin(), retries_.end(), Later());
  for (const BatchPtr& batch : taken) Uncount(*batch);
  return taken;
}

void SendQueue::Hasten(const std::function<Instant()>& due) {
  for (const BatchPtr& batch : retries_) batch->due = std::min(batch->due, due());
  std::make_heap(retries_.begin(), retries_.end(), Later());
  for (const TableNo table : tables_.numbers()) {
    flow_.gate(table).Hurry();
    tables_[table].main.asks = {};
    if (tables_[table].hot) tables_[table].hot->asks = {};
  }
}

// ---- turns

void SendQueue::List(LaneNo no) {
  Lane& lane = LaneOf(no);
  if (lane.listed || lane.empty()) return;
  lane.listed = true;
  turn_.push_back(no);
}

void SendQueue::Block(LaneNo no, Instant asks) {
  LaneOf(no).listed = true;
  LaneOf(no).asks = asks;
  blocked_.push_back(no);
}

// What was held back by its share is asked for again whenever a reply came; what its gate held back, when it
// said.
void SendQueue::Unblock(Instant now) {
  std::erase_if(blocked_, [&](LaneNo no) {
    if (LaneOf(no).asks > now) return false;
    turn_.push_back(no);
    return true;
  });
}

void SendQueue::Pump(Instant now) {
  using State = SendWindow::State;
  line_full_ = false;
  while (!turn_.empty()) {
    const State state = window_.Look(now);
    line_full_ = state == State::kLineFull;
    if (state == State::kEnough || state == State::kLineFull) break;
    const LaneNo no = turn_.front();
    turn_.pop_front();
    Table& table = tables_[no.table];
    Lane& lane = LaneOf(no);
    lane.listed = false;
    if (lane.empty()) continue;
    if (table.in_flight > 0 && (state != State::kOpen || !HasShare(no.table))) {
      Block(no, {});
      continue;
    }
    Batch& front = *lane.front_queue().front();
    const Part part = PartOfFront(front, now);
    const WriteGate::Answer answer = Admit(front, part.units, now);
    if (answer.held_back && !no.hot) SetHeldBack(table, true);
    if (!answer.units) {
      Block(no, now + answer.wait);
      continue;
    }
    front.admitted = *answer.units;
    SendFront(no, part.items, now);
    if (!no.hot && lane.empty()) SetHeldBack(table, false);
    List(no);
  }
}

WriteGate::Answer SendQueue::Admit(const Batch& front, uint32_t units, Instant now) {
  WriteGate& gate = flow_.gate(front.table);
  if (front.is_probe) return {gate.SendAnyway(units, now), {}, false};
  return gate.TrySend({options_.worker, static_cast<double>(units), front.opened, front.is_hot}, now);
}

// As much of it as may leave at once: a body that would hold a slow line for too long, or that costs more
// than its table takes in a while, is sent in parts.
SendQueue::Part SendQueue::PartOfFront(const Batch& front, Instant now) const {
  const WriteGate::Limits limits = flow_.gate(front.table).LimitsOfRequest(front.is_hot);
  const bool any_size = front.body.size() <= PathBound::kLeastBody;
  const size_t bytes = any_size ? front.body.size() : flow_.LookAtLine(now).body_limit;
  if (front.body.size() <= bytes && front.units <= limits.units && !limits.one_item)
    return {front.items.size(), front.units};
  Part part;
  const size_t most = limits.one_item ? 1 : front.items.size();
  while (part.items < most) {
    const BatchItem& item = front.items[part.items];
    const uint32_t units = part.units + WriteUnits(item.origin.stored_bytes);
    if (part.items > 0 && (units > limits.units || item.begin + item.size > bytes)) break;
    part.units = units;
    ++part.items;
  }
  return part;
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

void SendQueue::SendFront(LaneNo no, size_t items, Instant now) {
  RingQueue<BatchPtr>& from = LaneOf(no).front_queue();
  BatchPtr batch = std::move(from.front());
  from.pop_front();
  Uncount(*batch);
  if (items < batch->items.size()) {
    const double admitted = batch->admitted;
    auto [first, rest] = divide_(std::move(batch), items);
    batch = std::move(first);
    batch->admitted = admitted;
    Count(*rest);
    from.push_front(std::move(rest));
  }
  ++tables_[no.table].in_flight;
  batch->ticket = window_.Send(no.table, batch->body.size(), now);
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
  answered_(std::move(batch), reply);
}

void SendQueue::Learn(const Batch& batch, const Told& told, Instant now) {
  window_.OnEnd(batch.table, batch.ticket, told.line, now);
  WriteGate& gate = flow_.gate(batch.table);
  if (told.known) {
    gate.OnReply(
        {batch.ticket.at, batch.admitted, static_cast<double>(told.stored), static_cast<double>(told.refused),
         batch.items.size(), told.consumed, batch.is_hot, told.of_partition},
        now);
  } else {
    gate.OnUnknown(batch.admitted, batch.is_hot);
  }
  // A reply may have opened the gate of its own table, and shares of others.
  if (!tables_[batch.table].held_back) LaneOf({batch.table}).asks = {};
  if (batch.is_hot) LaneOf({batch.table, true}).asks = {};
  Unblock(now);
}

}  // namespace ddb
