#include "delivery/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dynamodb/retry_policy.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A rate controller that said no is asked again after any reply, and at the latest after this.
constexpr Duration kBlockedPoll = milliseconds(50);
// DescribeTable and the data plane may disagree about a new table for a while.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
constexpr Duration kTableMayBeUnknown = seconds(60);
// Signing anew did not help this often in a row: the credentials are really expired, or the clock cannot be
// learnt.
constexpr uint32_t kMaxReauthentications = 8;
// An item that its table refuses while it takes others is given up after so many refusals alone, over at
// least so long.
constexpr uint32_t kAloneRefusals = 10;
constexpr Duration kAloneAtLeast = seconds(60);

}  // namespace

Dispatcher::Dispatcher(EventLoop& loop, Client& client, Batcher& batcher, RecordRejecter& rejecter,
                       RunContext& run, size_t max_requests, Progress& progress,
                       std::function<void()> changed)
    : loop_(loop),
      client_(client),
      batcher_(batcher),
      rejecter_(rejecter),
      run_(run),
      progress_(progress),
      changed_(std::move(changed)),
      queues_(run.tables.size()),
      random_(std::random_device()()),
      timer_(loop),
      window_(max_requests) {}

// ---- queues

void Dispatcher::Enqueue(BatchPtr batch) {
  const Instant now = run_.clock.Now();
  run_.rates[static_cast<size_t>(batch->table)].AddWaiting(batch->items.size(), now);
  Requeue(std::move(batch), /*first=*/false);
  Pump();
}

void Dispatcher::Requeue(BatchPtr batch, bool first) {
  Queue& queue = queues_[static_cast<size_t>(batch->table)];
  if (queue.failed) {
    Drop(std::move(batch), run_.clock.Now());
    return;
  }
  ++unsent_batches_;
  unsent_bytes_ += batch->charged;
  const int table = batch->table;
  if (first) {
    queue.ready.push_front(std::move(batch));
  } else {
    queue.ready.push_back(std::move(batch));
  }
  List(table);
}

void Dispatcher::List(int table) {
  Queue& queue = queues_[static_cast<size_t>(table)];
  if (queue.listed || queue.ready.empty()) return;
  queue.listed = true;
  turn_.push_back(table);
}

void Dispatcher::RetryLater(BatchPtr batch, Reaction why, Instant now) {
  if (queues_[static_cast<size_t>(batch->table)].failed) {
    Drop(std::move(batch), now);
    return;
  }
  if (why != Reaction::kReauthenticate) batch->reauthentications = 0;
  ++batch->attempts;
  batch->due = now + RetryDelay(why, static_cast<int>(batch->attempts), Random());
  progress_.retried.Add(1);
  ++unsent_batches_;
  unsent_bytes_ += batch->charged;
  retries_.push_back(std::move(batch));
  std::push_heap(retries_.begin(), retries_.end(), Later());
  ArmTimer();
}

void Dispatcher::ArmTimer() {
  const Instant now = run_.clock.Now();
  std::optional<Instant> when;
  if (!blocked_.empty()) when = now + kBlockedPoll;
  if (!retries_.empty() && (!when || retries_.front()->due < *when)) when = retries_.front()->due;
  if (when) timer_.Start(*when, [this] { OnTimer(); });
}

// What the rate controllers held back is asked for again: a reply came, to this worker or, for all we know,
// to another.
void Dispatcher::Unblock() {
  for (const int table : blocked_) turn_.push_back(table);
  blocked_.clear();
}

void Dispatcher::OnTimer() {
  const Instant now = run_.clock.Now();
  Unblock();
  while (!retries_.empty() && retries_.front()->due <= now) {
    std::pop_heap(retries_.begin(), retries_.end(), Later());
    BatchPtr batch = std::move(retries_.back());
    retries_.pop_back();
    --unsent_batches_;
    unsent_bytes_ -= batch->charged;
    Requeue(std::move(batch), /*first=*/true);
  }
  Pump();
  changed_();
}

void Dispatcher::Pump() {
  while (WindowOpen() && !turn_.empty()) {
    const int table = turn_.front();
    turn_.pop_front();
    Queue& queue = queues_[static_cast<size_t>(table)];
    queue.listed = false;
    if (queue.ready.empty()) continue;
    RateController& rate = run_.rates[static_cast<size_t>(table)];
    if (queue.in_flight >= TableShare() ||
        !rate.TrySend(queue.ready.front()->items.size(), run_.clock.Now())) {
      queue.listed = true;
      blocked_.push_back(table);
      continue;
    }
    SendFront(table);
    List(table);
  }
  if (!blocked_.empty()) ArmTimer();
  if (!retries_.empty()) ArmTimer();
}

// One request may always be in flight, however large.
bool Dispatcher::WindowOpen() const {
  return in_flight_ == 0 || (in_flight_ < window_.size() && in_flight_bytes_ < window_.bytes());
}

// Of one table: one that does not answer must not take every connection from the others.
size_t Dispatcher::TableShare() const {
  if (queues_.size() == 1) return window_.size();
  return std::max<size_t>(1, window_.size() - window_.size() / 4);
}

void Dispatcher::SendFront(int table) {
  Queue& queue = queues_[static_cast<size_t>(table)];
  Batch* batch = queue.ready.front().release();
  queue.ready.pop_front();
  --unsent_batches_;
  unsent_bytes_ -= batch->charged;
  ++in_flight_;
  in_flight_bytes_ += batch->body.size();
  ++queue.in_flight;
  batch->sent = run_.clock.Now();
  client_.Send("BatchWriteItem", batch->body,
               [this, batch](const Reply& reply) { OnReply(BatchPtr(batch), reply); });
}

// ---- replies

void Dispatcher::OnReply(BatchPtr batch, const Reply& reply) {
  --in_flight_;
  in_flight_bytes_ -= batch->body.size();
  if (reply.verdict.transport == TransportError::kCancelled) return;  // the run is over
  progress_.requests.Add(1);
  const Instant now = run_.clock.Now();
  const int table = batch->table;
  --queues_[static_cast<size_t>(table)].in_flight;
  if (reply.verdict.transport == TransportError::kNone) window_.OnReply(now - batch->sent);
  Unblock();

  const Verdict& verdict = reply.verdict;
  const bool throttled = verdict.reaction == Reaction::kThrottle;
  if (!verdict.ok()) run_.rates[static_cast<size_t>(table)].OnReply(batch->items.size(), 0, throttled, now);
  switch (verdict.reaction) {
    case Reaction::kNone:
      OnWritten(std::move(batch), reply, now);
      break;
    case Reaction::kRetry:
    case Reaction::kThrottle:
      OnNotStored(std::move(batch), verdict.reaction, now);
      break;
    case Reaction::kReauthenticate:
      if (++batch->reauthentications <= kMaxReauthentications) {
        RetryLater(std::move(batch), Reaction::kReauthenticate, now);
      } else {
        FailTable(std::move(batch), TableError(verdict, reply.request_id, table), now);
      }
      break;
    case Reaction::kSplit:
    case Reaction::kRejectItem:
      Bisect(std::move(batch), verdict, now);
      break;
    case Reaction::kFailConfig:
      if (verdict.code == ErrorCode::kResourceNotFound && now - run_.started < kTableMayBeUnknown) {
        RetryLater(std::move(batch), Reaction::kRetry, now);
        break;
      }
      [[fallthrough]];
    case Reaction::kFailSystem:
      FailTable(std::move(batch), TableError(verdict, reply.request_id, table), now);
      break;
  }
  Pump();
  changed_();
}

void Dispatcher::OnWritten(BatchPtr batch, const Reply& reply, Instant now) {
  const TableTarget& target = run_.tables[static_cast<size_t>(batch->table)];
  RateController& rate = run_.rates[static_cast<size_t>(batch->table)];
  const size_t sent = batch->items.size();
  sent_.clear();
  for (const BatchItem& item : batch->items) sent_.push_back(batch->item_bytes(item));
  outcome_.unprocessed.clear();
  if (!ReadBatchWriteReply(reply.body, target.name, target.keys, sent_, outcome_)) {
    rate.OnReply(sent, 0, false, now);
    OnNotStored(std::move(batch), Reaction::kRetry, now);
    return;
  }
  const size_t left = outcome_.unprocessed.size();
  rate.OnReply(sent, sent - left, left > 0, now);
  if (left == sent) {
    OnNotStored(std::move(batch), Reaction::kThrottle, now);
    return;
  }
  std::vector<bool> unprocessed(left > 0 ? sent : 0, false);
  for (const uint32_t index : outcome_.unprocessed) unprocessed[index] = true;
  SettleStored(*batch, unprocessed, now);
  BatchPtr rest = left > 0 ? TakeItems(*batch, unprocessed) : nullptr;
  Finish(std::move(batch));
  if (rest) OnNotStored(std::move(rest), Reaction::kThrottle, now);
}

// To be sent again; an item that its table has not taken for as long as a table may take none is sent alone,
// and given up after enough of that.
void Dispatcher::OnNotStored(BatchPtr batch, Reaction why, Instant now) {
  std::vector<bool> alone(batch->items.size(), false);
  bool any_alone = false;
  for (size_t i = 0; i < batch->items.size(); ++i) {
    BatchItem& item = batch->items[i];
    if (item.first_refused == Instant{}) item.first_refused = now;
    if (now - item.first_refused <= run_.give_up) continue;
    if (batch->items.size() > 1) {
      alone[i] = any_alone = true;
      continue;
    }
    if (item.first_alone == Instant{}) item.first_alone = now;
    if (++item.alone_refusals >= kAloneRefusals && now - item.first_alone >= kAloneAtLeast) {
      const TableTarget& target = run_.tables[static_cast<size_t>(batch->table)];
      FailTable(std::move(batch),
                TransientError(fmt::format("Table {} keeps refusing one record while it takes others (a hot "
                                           "partition key, or something between here and the service?). "
                                           "The sync can be tried again later.",
                                           target.name),
                               "one item refused alone for over a minute")
                    .For(target.stream),
                now);
      return;
    }
  }
  for (size_t i = 0; any_alone && i < alone.size() && batch->items.size() > 1; ++i) {
    if (!alone[i]) continue;
    std::vector<bool> one(alone.size(), false);
    one[i] = true;
    BatchPtr single = TakeItems(*batch, one);
    single->attempts = batch->attempts;
    RetryLater(std::move(single), why, now);
  }
  if (any_alone) {
    alone.flip();
    BatchPtr rest = std::count(alone.begin(), alone.end(), true) > 0 ? TakeItems(*batch, alone) : nullptr;
    if (rest) rest->attempts = batch->attempts;
    Finish(std::move(batch));
    batch = std::move(rest);
  }
  if (batch) RetryLater(std::move(batch), why, now);
}

Error Dispatcher::TableError(const Verdict& verdict, std::string_view request_id, int table) const {
  const TableTarget& target = run_.tables[static_cast<size_t>(table)];
  const FailedOperation failed{"BatchWriteItem", target.name,       verdict,
                               request_id,       /*gave_up=*/false, /*answered=*/true};
  return OperationError(failed, run_.endpoint).For(target.stream).At("writing a batch");
}

double Dispatcher::Random() {
  return static_cast<double>(random_() - random_.min()) / (random_.max() - random_.min() + 1.0);
}

// ---- settling

// Credits every item that is not `kept` (empty: none is): a record as stored, the last part of a dead letter
// as rejected.
void Dispatcher::SettleStored(const Batch& batch, const std::vector<bool>& kept, Instant now) {
  settled_.clear();
  uint32_t stored = 0;
  uint64_t records = 0;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    if (!kept.empty() && kept[i]) continue;
    const BatchItem& item = batch.items[i];
    ++stored;
    if (item.letter) {
      if (--item.letter->parts == 0 && item.letter->group)
        SettleRecord(item.letter->group, /*rejected=*/true);
      continue;
    }
    ++records;
    SettleRecord(item.group, /*rejected=*/false);
  }
  (void)NoteOutcome(batch, stored, {});
  progress_.stored.Add(records);
  run_.rates[static_cast<size_t>(batch.table)].RemoveWaiting(stored, now);
  run_.ledger.Credit(settled_);
}

// Notes one record for the ledger.
void Dispatcher::SettleRecord(RecordGroup* group, bool rejected) {
  if (settled_.empty() || settled_.back().group != group) settled_.push_back({group, 0, 0});
  ++(rejected ? settled_.back().rejected : settled_.back().stored);
}

// One item with other bytes, in the place of the one that `from` is; `from` is to be finished.
BatchPtr Dispatcher::InPlaceOf(const Batch& from, BatchItem item, std::string_view bytes) {
  BatchPtr batch = batcher_.NewBatch(from.table);
  const BatchItem& copy = Batcher::AppendItem(*batch, bytes, item.group);
  item.begin = copy.begin;
  item.size = copy.size;
  batch->items.back() = std::move(item);
  EndBatch(from, *batch);
  return batch;
}

// The chosen items, by their own bytes, as a batch of their own; `from` keeps all of them and is to be
// finished.
BatchPtr Dispatcher::TakeItems(Batch& from, const std::vector<bool>& chosen) {
  BatchPtr batch = batcher_.NewBatch(from.table);
  for (size_t i = 0; i < from.items.size(); ++i) {
    if (!chosen[i]) continue;
    BatchItem item = from.items[i];
    const BatchItem& copy = Batcher::AppendItem(*batch, from.item_bytes(item), item.group);
    item.begin = copy.begin;
    batch->items.back() = std::move(item);
  }
  EndBatch(from, *batch);
  return batch;
}

// `batch` holds all or some of what `from` held.
void Dispatcher::EndBatch(const Batch& from, Batch& batch) {
  batch.body.Append(run_.tables[static_cast<size_t>(from.table)].request_suffix);
  batch.opened = from.opened;
  batch.refusal = from.refusal;
  batcher_.Charge(batch);
}

void Dispatcher::Finish(BatchPtr batch) { batcher_.Recycle(std::move(batch)); }

}  // namespace ddb
