#include "delivery/dispatcher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/times.h"
#include "delivery/table_errors.h"
#include "dynamodb/retry_policy.h"
#include "items/item_size.h"

namespace ddb {
namespace {

// What a reply says of the line.
PathBound::Outcome LineOutcome(const Verdict& verdict) {
  switch (verdict.transport) {
    case TransportError::kNone:
      return verdict.ok() ? PathBound::Outcome::kAnswered : PathBound::Outcome::kRefused;
    case TransportError::kTimeout:
    case TransportError::kConnectTimeout:
      return PathBound::Outcome::kTimeout;
    default:
      return PathBound::Outcome::kLost;
  }
}

// Items that came back from a request of which others were stored bring none.
ThrottleReason CauseOf(const Answer& answer, const Verdict& verdict) {
  if (answer.reaction != Reaction::kThrottle) return {};
  return {verdict.reason, verdict.index};
}

// How often in a row a batch that its table refused whole is left to the table's gate alone.
constexpr uint32_t kRefusalsAtOnce = 2;
// A part of a request, and no more, is few of its items.
constexpr size_t kFewRefused = 4;

}  // namespace

Dispatcher::Dispatcher(Client& client, Alarm& alarm, Batcher& batcher, Settlement& settlement,
                       RunContext& run, const Options& options, Progress& progress,
                       std::function<void()> changed)
    : client_(client),
      alarm_(alarm),
      batcher_(batcher),
      settlement_(settlement),
      run_(run),
      rules_{run.started, run.plan.give_up},
      progress_(progress),
      changed_(std::move(changed)),
      queue_(
          client, run.flow, {options.max_requests, run.plan.dead_letters, options.worker},
          [this](BatchPtr batch, const Reply& reply) { OnAnswered(std::move(batch), reply); },
          [this](BatchPtr batch, size_t items) { return Divide(std::move(batch), items); }),
      random_(options.seed) {}

// ---- turns

void Dispatcher::Enqueue(BatchPtr batch) {
  const Instant now = run_.clock.Now();
  settlement_.Expect(*batch, now);
  if (IsInVain(*batch)) {
    Abandon(std::move(batch), now);
    return;
  }
  queue_.Add(std::move(batch));
  queue_.Pump(now);
  SetAlarm(now);
}

void Dispatcher::EndTurn() {
  const Instant now = run_.clock.Now();
  for (BatchPtr& batch : std::exchange(caused_, {})) {
    if (IsInVain(*batch)) {
      Abandon(std::move(batch), now);
    } else {
      queue_.AddFirst(std::move(batch));
    }
  }
  WriteLetters(now);
  queue_.Pump(now);
  SetAlarm(now);
}

// Batches that are full on the way come back by Enqueue.
void Dispatcher::WriteLetters(Instant now) {
  if (!settlement_.has_letters()) return;
  const TableNo table = *run_.plan.dead_letters;
  for (const Settlement::Letter& letter : settlement_.TakeLetters()) {
    for (const std::string& part : letter.parts) {
      Batch& batch = batcher_.Open(table, now);
      const size_t mark = batcher_.BeginItem(batch);
      batch.body.Append(part);
      ItemOrigin origin{.group = letter.pending->group, .letter = letter.pending};
      origin.stored_bytes = static_cast<uint32_t>(ItemSize(part).upper);
      batcher_.EndItem(table, mark, std::move(origin));
    }
  }
}

void Dispatcher::SetAlarm(Instant now) {
  const std::optional<Instant> when = queue_.WakeAt(now);
  // One that is set for an earlier time finds out then.
  if (!when || (alarm_set_ && *alarm_set_ <= *when)) return;
  alarm_set_ = when;
  alarm_.Set(*when, [this] { OnAlarm(); });
}

void Dispatcher::OnAlarm() {
  alarm_set_.reset();
  queue_.Wake(run_.clock.Now());
  EndTurn();
  changed_();
}

// ---- answers

void Dispatcher::OnAnswered(BatchPtr batch, const Reply& reply) {
  const Instant now = run_.clock.Now();
  const Answer answer = Read(*batch, reply);
  const SendQueue::Told told = WhatItTells(*batch, answer, reply);
  TableTrouble& trouble = run_.flow.trouble(batch->table);
  const Actions actions = Decide(*batch, answer, rules_, now);
  Fault fault = answer.fault;
  for (const Action& action : actions) fault.lapse |= action.lapse;
  told.stored > 0 ? trouble.Clear() : trouble.Note(fault);
  if (fault.fault != ReplyFault::kNone) trouble.Count(fault);
  ThrottleEpisode& throttle = run_.flow.throttle(batch->table);
  if (told.refused > 0) throttle.Refuse(CauseOf(answer, reply.verdict), now);
  if (std::exchange(batch->is_probe, false)) throttle.EndProbe();
  queue_.Learn(*batch, told, now);
  for (const Action& action : actions) Do(action, batch, answer, reply, now);
  if (batch) batcher_.Recycle(std::move(batch));
  EndTurn();
  changed_();
}

SendQueue::Told Dispatcher::WhatItTells(const Batch& batch, const Answer& answer, const Reply& reply) {
  SendQueue::Told told;
  told.line = LineOutcome(reply.verdict);
  told.of_partition = batch.is_hot;  // as far as is known of what comes back without a word
  told.consumed = answer.consumed;
  if (answer.reaction == Reaction::kNone) {
    for (const size_t at : answer.unprocessed)
      told.refused += WriteUnits(batch.items[at].origin.stored_bytes);
    told.stored = batch.units - told.refused;
  } else if (answer.reaction == Reaction::kThrottle) {
    told.refused = batch.units;
    told.of_partition = CauseOf(answer, reply.verdict).of_partition();
  } else {
    told.known = false;
  }
  return told;
}

Answer Dispatcher::Read(const Batch& batch, const Reply& reply) const {
  std::array<SentItem, ItemSet::kMost> sent;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    sent[i] = {batch.items[i].origin.op, batch.item_bytes(batch.items[i])};
  }
  WriteOutcome outcome;
  const bool told =
      run_.tables[batch.table].write.ReadReply(reply, {sent.data(), batch.items.size()}, outcome);
  Answer answer;
  answer.fault = {reply.verdict.ok() ? outcome.fault : reply.verdict.fault, reply.verdict.status,
                  reply.verdict.ok() ? outcome.reason : reply.verdict.reason};
  answer.refuses_who_asks = reply.verdict.RefusesWhoAsks();
  answer.taken_before = run_.flow.trouble(batch.table).has_stored();
  if (!told) {
    answer.first_flight = !answer.taken_before && run_.flow.OthersInFlight(batch.table, batch.ticket.bytes);
    answer.reaction = reply.verdict.reaction;
    answer.code = reply.verdict.code;
    if (reply.verdict.ok()) {  // it does not add up: the outcome is unknown
      answer.reaction = Reaction::kRetry;
      answer.code = ErrorCode::kBadReply;
    }
    return answer;
  }
  answer.consumed = outcome.consumed;
  for (const WriteOutcome::Item& item : outcome.others) {
    if (item.outcome == ItemOutcome::kNotYet) answer.unprocessed.Add(item.index);
  }
  return answer;
}

void Dispatcher::Do(const Action& action, BatchPtr& batch, const Answer& answer, const Reply& reply,
                    Instant now) {
  switch (action.kind) {
    case Action::Kind::kSettle:
      settlement_.Store(*batch, action.items, now);
      break;
    case Action::Kind::kRetry:
    case Action::Kind::kRetryEach:
      Retry(action, batch, /*wordless=*/answer.reaction == Reaction::kNone, now);
      break;
    case Action::Kind::kHalve:
      Halve(*batch, action.items);
      break;
    case Action::Kind::kShrink:
      ShrinkOrRefuse(*batch, reply.verdict, now);
      break;
    case Action::Kind::kReject:
      Refuse(*batch, reply.verdict.reason, now);
      break;
    case Action::Kind::kFailTable:
      settlement_.Abandon(*batch, action.items, now);
      FailTable(batch->table, ErrorOf(action, *batch, answer, reply), now);
      break;
  }
}

// Takes the batch itself where all of it is sent again.
void Dispatcher::Retry(const Action& action, BatchPtr& batch, bool wordless, Instant now) {
  if (!action.lapse) {
    batch->refused_since = {};
  } else if (batch->refused_since == Instant{}) {
    batch->refused_since = now;
  }
  if (action.refused) {
    for (const size_t at : action.items) batch->items[at].history.Add(action.alone, now);
  }
  const bool hot = action.backoff == Reaction::kThrottle && IsHot(*batch, action.items);
  const uint32_t attempts = action.anew ? 0 : batch->attempts;
  const bool each = action.kind == Action::Kind::kRetryEach;
  const ItemSet items = wordless && !each ? Probe(*batch, action.items) : action.items;
  if (items.empty()) return;
  if (each) {
    for (const size_t at : items) {
      BatchPtr one = batcher_.CopyOf(*batch, ItemSet::Only(at));
      one->attempts = attempts;
      one->is_hot = hot;
      RetryLater(std::move(one), action.backoff, now);
    }
  } else if (items.size() < batch->items.size()) {
    BatchPtr some = batcher_.CopyOf(*batch, items);
    some->attempts = attempts;
    some->is_hot = hot;
    RetryLater(std::move(some), action.backoff, now);
  } else {
    batch->is_hot = hot;
    RetryLater(std::move(batch), action.backoff, now);
  }
}

// Of a batch these were refused, for what one partition takes. Where that is told of other items only, a
// table that takes no more refuses most of a request, and a partition a few of it.
bool Dispatcher::IsHot(const Batch& batch, ItemSet refused) const {
  if (!run_.flow.throttle(batch.table).OfPartition()) return false;
  const bool some = refused.size() < batch.items.size();
  return batch.is_hot || !some || kFewRefused * refused.size() <= batch.items.size();
}

// Nobody knows why these were refused: the oldest of them goes at once and alone, so that the reply says it.
// Returns the others.
ItemSet Dispatcher::Probe(const Batch& batch, ItemSet refused) {
  if (hurries_ || batch.items.size() == 1 || IsInVain(batch)) return refused;
  if (!run_.flow.throttle(batch.table).ClaimProbe()) return refused;
  const ItemSet oldest = ItemSet::Only(*refused.begin());
  BatchPtr probe = batcher_.CopyOf(batch, oldest);
  probe->is_probe = true;
  probe->attempts = 1;
  progress_.retried.Add(1);
  queue_.AddProbe(std::move(probe));
  return refused.Without(oldest);
}

void Dispatcher::RetryLater(BatchPtr batch, Reaction backoff, Instant now) {
  if (IsInVain(*batch)) {
    Abandon(std::move(batch), now);
    return;
  }
  batch->reauthentications = backoff == Reaction::kReauthenticate ? batch->reauthentications + 1 : 0;
  ++batch->attempts;
  progress_.retried.Add(1);
  // When its table takes more is for the table's gate to say. Refused again and again while that is open, it
  // is not the table that refuses it; what is hot has a gate of its own.
  if (backoff == Reaction::kThrottle && (batch->is_hot || batch->attempts <= kRefusalsAtOnce)) {
    queue_.AddAgain(std::move(batch));
    return;
  }
  Instant due = now + PauseAfter(backoff, batch->attempts);
  if (batch->refused_since != Instant{})
    due = std::min(due, std::max(now, batch->refused_since + times::kLapse));
  queue_.AddRetry(std::move(batch), due);
}

Duration Dispatcher::PauseAfter(Reaction reaction, uint32_t attempts) {
  const Duration longest = run_.state.stopped() ? times::kPauseAfterStop : times::kLongestPause;
  if (reaction != Reaction::kThrottle)
    return RetryDelay(reaction, static_cast<int>(attempts), Random(), longest);
  // Whether its table takes anything is found out by its gate, and how soon this one is tried then by this.
  const int failures = static_cast<int>(attempts - std::min(attempts, kRefusalsAtOnce));
  return RetryDelay(Reaction::kRetry, std::max(1, failures), Random(),
                    std::min(longest, times::kLongestRefused));
}

double Dispatcher::Random() {
  return static_cast<double>(random_() - random_.min()) / (random_.max() - random_.min() + 1.0);
}

// For a slow line, or a table that takes little.
std::pair<BatchPtr, BatchPtr> Dispatcher::Divide(BatchPtr batch, size_t items) {
  const ItemSet first = ItemSet::First(items);
  const ItemSet all = ItemSet::First(batch->items.size());
  std::pair<BatchPtr, BatchPtr> parts{batcher_.CopyOf(*batch, first),
                                      batcher_.CopyOf(*batch, all.Without(first))};
  for (Batch* part : {parts.first.get(), parts.second.get()}) {
    part->is_hot = batch->is_hot;
    part->attempts = batch->attempts;
    part->reauthentications = batch->reauthentications;
    part->refused_since = batch->refused_since;
  }
  batcher_.Recycle(std::move(batch));
  return parts;
}

// ---- what can never be stored as it is

// So that what becomes of the items is seen as that of one request.
void Dispatcher::Halve(Batch& batch, ItemSet items) {
  if (!batch.whole) {
    batch.whole = std::make_shared<TakenApart>();
    batch.whole->items = static_cast<uint32_t>(items.size());
  }
  const ItemSet first = ItemSet::First(items.size() / 2);
  caused_.push_back(batcher_.CopyOf(batch, items.Without(first)));
  caused_.push_back(batcher_.CopyOf(batch, first));
}

void Dispatcher::ShrinkOrRefuse(const Batch& batch, const Verdict& verdict, Instant now) {
  Buffer smaller;
  if (!settlement_.Shrink(batch, smaller)) {
    Refuse(batch, verdict.reason, now);
    return;
  }
  caused_.push_back(batcher_.CopyWith(batch, smaller.view()));
  caused_.back()->items.front().origin.stored_bytes = static_cast<uint32_t>(ItemSize(smaller.view()).upper);
}

void Dispatcher::Refuse(const Batch& batch, Text reason, Instant now) {
  if (settlement_.Refuse(batch, reason, now))
    FailTable(batch.table, RefusalStormError(run_.tables[batch.table], reason), now);
}

void Dispatcher::FailTable(TableNo table, Error error, Instant now) {
  run_.state.Fail(std::move(error));
  Drop(queue_.FailTable(table), now);
}

void Dispatcher::Hurry() {
  const Instant now = run_.clock.Now();
  for (const TableNo table : run_.state.given_up()) {
    if (!queue_.is_given_up(table)) Drop(queue_.FailTable(table, /*given_up=*/true), now);
  }
  if (const uint64_t bars = run_.ledger.bars(); std::exchange(bars_, bars) != bars)
    Drop(queue_.TakeIf([this](const Batch& batch) { return IsInVain(batch); }), now);
  if (!std::exchange(hurries_, true)) {
    // A signal leaves too little time to send anything twice.
    if (run_.state.reason() == StopReason::kFailure) client_.ShortenReplyTimeout(times::kReplyAfterFailure);
    // As if each had failed once more just now.
    queue_.Hasten([&] { return now + PauseAfter(Reaction::kThrottle, /*attempts=*/20); });
    EndTurn();
  }
}

// Nothing that it could achieve is asked for any more.
bool Dispatcher::IsInVain(const Batch& batch) const {
  return queue_.has_failed(batch.table) || (run_.state.stopped() && !settlement_.MayCount(batch));
}

void Dispatcher::Drop(std::vector<BatchPtr> batches, Instant now) {
  for (BatchPtr& batch : batches) Abandon(std::move(batch), now);
}

// Forgets the batch; its items stay outstanding in the ledger.
void Dispatcher::Abandon(BatchPtr batch, Instant now) {
  settlement_.Abandon(*batch, ItemSet::First(batch->items.size()), now);
  batcher_.Recycle(std::move(batch));
}

Error Dispatcher::ErrorOf(const Action& action, const Batch& batch, const Answer& answer,
                          const Reply& reply) const {
  const TableTarget& target = run_.tables[batch.table];
  switch (action.failure) {
    case Action::Failure::kLetter:
      return RefusedLetterError(target, reply.verdict.reason);
    case Action::Failure::kRefusedAlone:
      return RefusedAloneError(target, answer.fault);
    case Action::Failure::kVerdict:
      break;
  }
  return VerdictError(target, run_.endpoint, reply.verdict, reply.request_id);
}

}  // namespace ddb
