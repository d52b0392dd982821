#include "delivery/settlement.h"

#include <array>
#include <cassert>
#include <memory>
#include <span>

#include "delivery/table_errors.h"
#include "items/dead_letter.h"
#include "items/shrink_item.h"

namespace ddb {
namespace {

// What one reply settles, by group: items of a group mostly stand side by side.
class Credits {
 public:
  void Add(RecordGroup* group, bool is_rejected) {
    if (size_ == 0 || credits_[size_ - 1].group != group) credits_[size_++] = {group, 0, 0};
    ++(is_rejected ? credits_[size_ - 1].rejected : credits_[size_ - 1].stored);
  }
  std::span<const CheckpointLedger::Settled> all() const { return {credits_.data(), size_}; }

 private:
  std::array<CheckpointLedger::Settled, ItemSet::kMost> credits_;
  size_t size_ = 0;
};

}  // namespace

void Settlement::Expect(const Batch& batch, Instant now) {
  run_.flow.clock(batch.table).AddWaiting(batch.items.size(), now);
}

void Settlement::Store(const Batch& batch, ItemSet items, Instant now) {
  Credits credits;
  uint64_t records = 0;
  for (const size_t at : items) {
    const ItemOrigin& origin = batch.items[at].origin;
    if (!origin.letter) {
      ++records;
      credits.Add(origin.group, /*is_rejected=*/false);
    } else if (--origin.letter->parts == 0 && origin.letter->group) {
      credits.Add(origin.letter->group, /*is_rejected=*/true);
    }
  }
  (void)NoteFate(batch, static_cast<uint32_t>(items.size()), {});
  progress_.stored.Add(records);
  run_.flow.clock(batch.table).Settle(items.size(), now);
  run_.ledger.Credit(credits.all());
}

void Settlement::Abandon(const Batch& batch, ItemSet items, Instant now) {
  const RecordGroup* barred = nullptr;  // items of a group mostly stand side by side
  for (const size_t at : items) {
    const ItemOrigin& origin = batch.items[at].origin;
    const RecordGroup* const group = origin.letter ? origin.letter->group : origin.group;
    if (group != nullptr && group != barred) run_.ledger.Bar(*group);
    barred = group;
  }
  EndWaiting(batch, items.size(), now);
}

bool Settlement::MayCount(const Batch& batch) const {
  const RecordGroup* useless = nullptr;
  for (const BatchItem& item : batch.items) {
    const ItemOrigin& origin = item.origin;
    const RecordGroup* const group = origin.letter ? origin.letter->group : origin.group;
    if (group == nullptr) return true;  // of a letter that helps to find a failed record
    if (group == useless) continue;
    if (run_.ledger.MayCount(*group)) return true;
    useless = group;
  }
  return false;
}

// For items that will never be stored.
void Settlement::EndWaiting(const Batch& batch, size_t items, Instant now) {
  run_.flow.clock(batch.table).Settle(items, now);
}

bool Settlement::Refuse(const Batch& batch, Text reason, Instant now) {
  assert(batch.items.size() == 1 && !batch.items.front().origin.letter);
  const BatchItem& item = batch.items.front();
  const bool storm = NoteFate(batch, 0, reason);
  RejectedRecord rejected;
  rejected.stream = item.origin.group->stream;
  rejected.reason = reason;
  rejected.format = kDeadLetterItem;
  const std::string written = run_.tables[batch.table].write.Around(item.origin.op, batch.item_bytes(item));
  rejected.record = written;
  rejected.group = item.origin.group;
  if (Reject(rejected) == Fate::kSkipped) {
    Credits credits;
    credits.Add(item.origin.group, /*is_rejected=*/true);
    run_.ledger.Credit(credits.all());
  }
  EndWaiting(batch, 1, now);
  return storm;
}

// The encoder sends what one of the two known size rules takes (items/item_size.h); this service has the
// other.
bool Settlement::Shrink(const Batch& batch, Buffer& out) {
  const BatchItem& item = batch.items.front();
  const StreamNo stream = item.origin.group->stream;
  const ItemEncoder::Stream& encoding = run_.plan.streams[stream].items;
  const std::optional<Shrunk> shrunk = ShrinkItem(
      batch.item_bytes(item), {encoding.layout, encoding.sync_id, &encoding.protected_fields}, out);
  if (!shrunk) return false;
  run_.ledger.CountChanged(*item.origin.group, shrunk->nulled, shrunk->truncated);
  run_.rejections.CountChanged(stream, shrunk->nulled, shrunk->truncated,
                               item.origin.is_changed ? Rejections::kAgain : Rejections::kFirst);
  return true;
}

// What became of items of a request that was refused and taken apart, or of a request as it was. Returns true
// when that request was the last of a storm.
bool Settlement::NoteFate(const Batch& batch, uint32_t stored, Text refused_for) {
  if (!batch.whole) {
    if (refused_for.empty()) return run_.storms.NoteRequest(batch.table, stored, std::nullopt);
    return run_.storms.NoteRequest(batch.table, 1, refused_for);
  }
  TakenApart& whole = *batch.whole;
  if (whole.reason.empty()) whole.reason = refused_for;
  whole.other += stored;
  if (!refused_for.empty()) ++(refused_for == whole.reason ? whole.refused : whole.other);
  if (whole.refused + whole.other < whole.items) return false;
  if (whole.other > 0) return run_.storms.NoteRequest(batch.table, whole.items, std::nullopt);
  return run_.storms.NoteRequest(batch.table, whole.items, whole.reason);
}

// ---- records that are rejected

Settlement::Fate Settlement::Reject(const RejectedRecord& rejected) {
  progress_.rejected.Add(1);
  if (!run_.plan.skip_rejected) {
    // The letter helps to find the record; it settles nothing, so that no STATE passes the failure.
    if (run_.plan.dead_letters) QueueLetter(rejected, /*settles=*/false);
    run_.ledger.Bar(*rejected.group);
    run_.state.Fail(RejectedRecordError(run_.TargetOf(rejected.stream), rejected.where, rejected.reason),
                    rejected.group->at);
    return Fate::kRunFails;
  }
  run_.rejections.CountSkipped(rejected.stream, rejected.reason);
  if (!run_.plan.dead_letters) return Fate::kSkipped;
  QueueLetter(rejected, /*settles=*/true);
  return Fate::kLetter;
}

void Settlement::QueueLetter(const RejectedRecord& rejected, bool settles) {
  DeadLetter letter;
  letter.stream = run_.plan.streams[rejected.stream].id;
  letter.reason = rejected.reason;
  letter.sync_time_millis = run_.plan.sync_time_millis;
  letter.rejected_at_millis = run_.clock.WallMillis();
  letter.format = rejected.format;
  letter.record = rejected.record;
  std::vector<std::string> parts = DeadLetterItems(letter, uuids_);
  auto pending = std::make_shared<PendingLetter>();
  if (settles) pending->group = rejected.group;
  pending->parts = parts.size();
  letters_.push_back({std::move(pending), std::move(parts)});
}

}  // namespace ddb
