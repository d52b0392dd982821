#include "delivery/record_rejecter.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "items/dead_letter.h"

namespace ddb {

RecordRejecter::RecordRejecter(const Clock& clock, const std::vector<TableTarget>& tables,
                               Rejections& rejections, RunState& state, Batcher& batcher, Progress& progress)
    : clock_(clock),
      tables_(tables),
      rejections_(rejections),
      state_(state),
      batcher_(batcher),
      progress_(progress) {}

RecordRejecter::Outcome RecordRejecter::Reject(const Refused& refused, Instant now) {
  const RejectionPolicy& policy = rejections_.policy();
  progress_.rejected.Add(1);
  if (!policy.skip) {
    const TableTarget& target = tables_[static_cast<size_t>(refused.stream)];
    // The letter helps to find the record; it settles nothing, so that no STATE passes the failure.
    if (policy.dead_letters) WriteLetter(refused, /*settles=*/false, now);
    state_.Fail(
        ConfigError(
            fmt::format("A record of stream {}{} cannot be stored in table {}: {}. The records before it are "
                        "stored. Correct or exclude the record at the source, or set on_rejected_record to "
                        "skip.",
                        target.stream.Display(), refused.where, target.name, refused.reason),
            "a record was refused")
            .For(target.stream));
    return Outcome::kFailed;
  }
  rejections_.Count(refused.stream, refused.reason);
  if (!policy.dead_letters) return Outcome::kSettled;
  WriteLetter(refused, /*settles=*/true, now);
  return Outcome::kLetter;
}

void RecordRejecter::WriteLetter(const Refused& refused, bool settles, Instant now) {
  const RejectionPolicy& policy = rejections_.policy();
  DeadLetter letter;
  letter.stream = tables_[static_cast<size_t>(refused.stream)].stream;
  letter.reason = refused.reason;
  letter.sync_time_millis = policy.sync_time_millis;
  letter.rejected_at_millis = clock_.WallMillis();
  letter.format = refused.format;
  letter.record = refused.record;
  const std::vector<std::string> parts = DeadLetterItems(letter, uuids_);
  auto pending = std::make_shared<PendingLetter>();
  if (settles) pending->group = refused.group;
  pending->parts = parts.size();
  for (const std::string& part : parts) {
    Batch& batch = batcher_.Open(*policy.dead_letters, now);
    const size_t mark = Batcher::BeginItem(batch);
    batch.body.Append(part);
    batcher_.EndItem(*policy.dead_letters, mark, pending->group, pending);
  }
}

}  // namespace ddb
