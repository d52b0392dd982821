// Settlement: what became of items, said to everybody who has to know: the ledger (which lets STATEs go), the
// counters, the log, the clocks of giving up; and records that DynamoDB will never hold, taken through the
// user's policy, whoever found out: the encoder or the service.
//
// It sends nothing: the dead letters that a rejection causes are kept until the caller's turn ends and takes
// them. One per worker, called by its Dispatcher and its reader of records, on its thread. Shares with other
// workers what RunContext holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/batch.h"
#include "delivery/item_set.h"
#include "delivery/progress.h"
#include "delivery/run_context.h"
#include "items/uuid.h"

namespace ddb {

class Settlement {
 public:
  Settlement(RunContext& run, Progress& progress) : run_(run), progress_(progress) {}

  // The batch's items wait to be stored from here on.
  void Expect(const Batch& batch, Instant now);
  // These of its items are stored: a record counts as stored, a dead letter's last part as a rejected record.
  void Store(const Batch& batch, ItemSet items, Instant now);
  // So many of its items are given up: not settled, so that no STATE behind them is ever released.
  void Abandon(const Batch& batch, ItemSet items, Instant now);
  // Whether a STATE may still leave for one of its items, or one of them is kept for somebody to look at.
  bool MayCount(const Batch& batch) const;

  // The batch's one item was refused, and is a record: it is rejected. Returns true when its table refuses
  // whatever it is sent.
  bool Refuse(const Batch& batch, Text reason, Instant now);
  // The batch's one item, which is too large for this service, with its largest fields nulled, is appended to
  // `out`, and counted as changed. Returns false, and does nothing, when that cannot be.
  bool Shrink(const Batch& batch, Buffer& out);

  // A record that is not stored, why, and what is kept of it.
  struct RejectedRecord {
    StreamNo stream;
    Text reason;
    std::string_view where;  // " in line 12 of the input", or ""
    Text format;             // of `record`, see items/dead_letter
    std::string_view record;
    RecordGroup* group = nullptr;
  };
  enum class Fate {
    kRunFails,  // the record stays outstanding
    kSkipped,   // counted: the caller settles it as rejected
    kLetter,    // settled when its letter is stored
  };
  Fate Reject(const RejectedRecord& rejected);

  // What rejections caused since the last call: each to be written into the dead letter table.
  struct Letter {
    PendingLetterPtr pending;
    std::vector<std::string> parts;  // items
  };
  std::vector<Letter> TakeLetters() { return std::exchange(letters_, {}); }
  bool has_letters() const { return !letters_.empty(); }

 private:
  void EndWaiting(const Batch& batch, size_t items, Instant now);
  bool NoteFate(const Batch& batch, uint32_t stored, Text refused_for);
  void QueueLetter(const RejectedRecord& rejected, bool settles);

  RunContext& run_;
  Progress& progress_;
  UuidSource uuids_;
  std::vector<Letter> letters_;
};

}  // namespace ddb
