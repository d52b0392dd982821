// Verdicts: what a reply means for the items of its batch. The one switch over Reaction for data.
//
// Pure: (the batch, the answer, the rules, now) -> what to do, with no loop, table or ledger in sight; the
// Dispatcher does it. So every rule about retries, splitting and giving up is a row of a table in
// verdicts_test.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "delivery/batch.h"
#include "delivery/item_set.h"
#include "delivery/table_trouble.h"
#include "dynamodb/errors.h"

namespace ddb {

// What came back for a batch.
struct Answer {
  Reaction reaction = Reaction::kNone;  // kRetry also for a 200 that does not add up
  ErrorCode code = ErrorCode::kNone;
  ItemSet unprocessed;  // with kNone: what the table did not take; all else is stored, or a newer one is
  Fault fault = {};     // why not all is stored, to be told
  bool refuses_who_asks =
      false;                  // Verdict::RefusesWhoAsks; the keys were accepted when the tables were prepared
  bool taken_before = false;  // its table has stored something in this run
  bool first_flight =
      false;  // other requests for its table are on their way, whose replies may say that it has
  std::optional<double> consumed = {};  // write units, as the reply says
};

// What a run allows.
struct DeliveryRules {
  Instant started;   // the tables were ready
  Duration give_up;  // an item that its table has not taken for so long is sent alone
};

struct Action {
  enum class Kind : uint8_t {
    kSettle,     // `items` are stored
    kRetry,      // `items` again, later, as one batch
    kRetryEach,  // `items` again, later, each in a batch of its own
    kHalve,      // the batch again, at once, in two halves
    kShrink,     // its one item again, at once, made smaller; one that cannot be is rejected
    kReject,     // its one item is never stored
    kFailTable,  // nothing of its table can be stored any more; no item of the batch is settled
  };
  enum class Failure : uint8_t {
    kVerdict,       // what the reply says
    kLetter,        // a dead letter was refused
    kRefusedAlone,  // an item is refused again and again while its table goes on
  };

  Kind kind = Kind::kSettle;
  ItemSet items = {};
  Reaction backoff = Reaction::kRetry;  // of a retry: how long it waits
  bool anew = false;                    // of a retry: its table took some, so the backoff starts anew
  bool refused = false;                 // of a retry: it counts in the items' histories ...
  bool alone = false;                   // ... as one of an overdue item that came alone
  bool lapse = false;                   // of a retry: it ends when the refusal has lasted for times::kLapse
  Failure failure = Failure::kVerdict;  // of kFailTable
  bool operator==(const Action&) const = default;
};

// At most three: settle, retry each, retry the rest. Together they name every item of the batch once.
class Actions {
 public:
  void Add(const Action& action) { actions_[size_++] = action; }
  size_t size() const { return size_; }
  const Action* begin() const { return actions_.data(); }
  const Action* end() const { return actions_.data() + size_; }

 private:
  std::array<Action, 3> actions_;
  size_t size_ = 0;
};

Actions Decide(const Batch& batch, const Answer& answer, const DeliveryRules& rules, Instant now);

}  // namespace ddb
