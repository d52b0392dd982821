// The Dispatcher's answers to what DynamoDB refuses for good: requests taken apart until the refused items
// stand alone, records rejected, tables given up.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "delivery/dispatcher.h"
#include "items/dead_letter.h"
#include "items/shrink_item.h"

namespace ddb {

void Dispatcher::Bisect(BatchPtr batch, const Verdict& verdict, Instant now) {
  if (batch->items.size() == 1) {
    RejectItem(std::move(batch), verdict, now);
    return;
  }
  if (!batch->refusal) {
    batch->refusal = std::make_shared<Refusal>();
    batch->refusal->items = static_cast<uint32_t>(batch->items.size());
  }
  std::vector<bool> half(batch->items.size(), false);
  std::fill(half.begin(), half.begin() + static_cast<ptrdiff_t>(half.size() / 2), true);
  BatchPtr first = TakeItems(*batch, half);
  half.flip();
  BatchPtr second = TakeItems(*batch, half);
  Finish(std::move(batch));
  Requeue(std::move(second), /*first=*/true);
  Requeue(std::move(first), /*first=*/true);
}

// The batch with its one item made small enough; null: it is not refused for its size, or cannot be.
// The encoder sends what one of the two known size rules takes (items/item_size.h); this service has the
// other.
BatchPtr Dispatcher::Shrunk(const Batch& batch) {
  const BatchItem& item = batch.items.front();
  const ItemEncoder::Stream& encoding = run_.encodings[static_cast<size_t>(batch.table)];
  Buffer smaller;
  const std::optional<size_t> nulled =
      ShrinkItem(batch.item_bytes(item), {encoding.sync_id, &encoding.protected_fields}, smaller);
  if (!nulled) return nullptr;
  run_.ledger.CountNulled(*item.group, *nulled);
  run_.rejections.CountChanges(batch.table, *nulled, 0);
  return InPlaceOf(batch, item, smaller.view());
}

void Dispatcher::RejectItem(BatchPtr batch, const Verdict& verdict, Instant now) {
  const std::string_view reason = verdict.reason;
  const BatchItem& item = batch->items.front();
  if (item.letter) {
    FailTable(std::move(batch), DeadLetterError(reason), now);
    return;
  }
  if (verdict.code == ErrorCode::kItemTooLarge) {
    if (BatchPtr smaller = Shrunk(*batch)) {
      Finish(std::move(batch));
      Requeue(std::move(smaller), /*first=*/true);
      return;
    }
  }
  const bool storm = NoteOutcome(*batch, 0, reason);
  RecordRejecter::Refused refused;
  refused.stream = batch->table;
  refused.reason = reason;
  refused.format = kDeadLetterItem;
  refused.record = batch->item_bytes(item);
  refused.group = item.group;
  switch (rejecter_.Reject(refused, now)) {
    case RecordRejecter::Outcome::kSettled:
      settled_.clear();
      SettleRecord(item.group, /*rejected=*/true);
      run_.ledger.Credit(settled_);
      break;
    case RecordRejecter::Outcome::kFailed:  // it stays outstanding
    case RecordRejecter::Outcome::kLetter:  // its letter settles it
      break;
  }
  const int table = batch->table;
  Drop(std::move(batch), now);
  if (storm) FailTable(table, StormError(table, reason), now);
}

// True when the request that this batch is a part of was the last of a storm.
bool Dispatcher::NoteOutcome(const Batch& batch, uint32_t stored, std::string_view refused_for) {
  if (!batch.refusal) {
    // Stored whole; or one item that came alone, which says nothing of the others.
    if (refused_for.empty()) run_.rejections.NoteBatch(batch.table, stored, std::nullopt);
    return false;
  }
  Refusal& whole = *batch.refusal;
  if (whole.reason.empty()) whole.reason = refused_for;
  whole.other += stored;
  if (!refused_for.empty()) ++(refused_for == whole.reason ? whole.refused : whole.other);
  if (whole.refused + whole.other < whole.items) return false;
  if (whole.other > 0) return run_.rejections.NoteBatch(batch.table, whole.items, std::nullopt);
  return run_.rejections.NoteBatch(batch.table, whole.items, whole.reason);
}

Error Dispatcher::DeadLetterError(std::string_view reason) const {
  return ConfigError(
      fmt::format(
          "The dead letter table {} refused a refused record: {}. Check that nothing else writes it, and "
          "its indexes.",
          run_.tables[static_cast<size_t>(*run_.rejections.policy().dead_letters)].name, reason),
      "a dead letter was refused");
}

Error Dispatcher::StormError(int table, std::string_view reason) const {
  const TableTarget& target = run_.tables[static_cast<size_t>(table)];
  return ConfigError(fmt::format("Table {} refuses every record of stream {}: {}. That is not a bad record "
                                 "but a wrong set-up of "
                                 "the table (its indexes?), so the sync stops instead of skipping them all.",
                                 target.name, target.stream.Display(), reason),
                     "several batches in a row were refused whole")
      .For(target.stream);
}

void Dispatcher::FailTable(BatchPtr batch, Error error, Instant now) {
  FailTable(batch->table, std::move(error), now);
  Drop(std::move(batch), now);
}

void Dispatcher::FailTable(int table, Error error, Instant now) {
  Queue& queue = queues_[static_cast<size_t>(table)];
  queue.failed = true;
  run_.state.Fail(std::move(error));
  while (!queue.ready.empty()) {
    BatchPtr waiting = std::move(queue.ready.front());
    queue.ready.pop_front();
    --unsent_batches_;
    unsent_bytes_ -= waiting->charged;
    Drop(std::move(waiting), now);
  }
}

// Forgets the batch. Those of its items that were not settled stay outstanding in the ledger: no STATE behind
// them is ever released.
void Dispatcher::Drop(BatchPtr batch, Instant now) {
  run_.rates[static_cast<size_t>(batch->table)].RemoveWaiting(batch->items.size(), now);
  Finish(std::move(batch));
}

}  // namespace ddb
