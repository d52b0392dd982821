// SendQueue: which sealed batch is sent when. Queues and turns per table, the windows of what may be in
// flight, and the batches that wait for their retry. It knows no verdict: what a reply means is decided by
// who gets it.
//
// It owns every batch from Add until the batch is handed out again: answered, to `answered`, or by FailTable.
// Each call that can make room or bring work is followed by one Pump of the caller's, at the end of its turn.
// One per worker, driven by its Dispatcher, on its thread; no clock, loop or random number of its own. Shares
// with other workers the flow control.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "delivery/batch.h"
#include "delivery/flow_control.h"
#include "dynamodb/client.h"

namespace ddb {

class SendQueue {
 public:
  struct Options {
    size_t max_requests = 1;
    std::optional<TableNo>
        dead_letters;  // a table that is written now and then: the others leave it no share
  };
  // Gets every batch that was answered, with the reply, whose texts are valid during the call only. Not for
  // requests that end because the client does.
  using Answered = std::function<void(BatchPtr, const Reply&)>;
  // Makes two of a batch of several items: those that together are no larger than the limit, but one at the
  // least, and the others.
  using Divide = std::function<std::pair<BatchPtr, BatchPtr>(BatchPtr, size_t limit)>;
  SendQueue(Client& client, FlowControl& flow, const Options& options, Answered answered, Divide divide);

  // Of tables that have not failed.
  void Add(BatchPtr batch);                          // behind what waits for its table
  void AddFirst(BatchPtr batch);                     // before it
  void AddRetry(BatchPtr batch, Instant due);        // before what waits then
  void Pump(Instant now);                            // sends what may be sent
  void Wake(Instant now);                            // retries that are due, tables that were held back
  std::optional<Instant> WakeAt(Instant now) const;  // when Wake is wanted; after Pump

  // What an answered batch tells the windows: before the next Pump.
  struct Told {
    size_t stored = 0;  // items
    bool throttled = false;
    PathBound::Outcome line = PathBound::Outcome::kAnswered;
  };
  void Learn(const Batch& batch, const Told& told, Instant now);

  // Nothing more is sent to the table; what waited for it is the caller's. What is in flight is answered, and
  // waited for unless `given_up`.
  std::vector<BatchPtr> FailTable(TableNo table, bool given_up = false);
  bool has_failed(TableNo table) const { return tables_[table].failed; }
  bool is_given_up(TableNo table) const { return tables_[table].given_up; }
  // What waits and is so is the caller's.
  std::vector<BatchPtr> TakeIf(const std::function<bool(const Batch&)>& so);
  // No retry is due later than that which `due` says.
  void Hasten(const std::function<Instant()>& due);

  size_t unsent_bytes() const { return unsent_bytes_; }     // not in flight: what the send window bounds
  size_t in_flight() const { return window_.in_flight(); }  // requests
  // Nothing waits, and nothing is in flight that is waited for.
  bool idle() const { return window_.in_flight() == in_flight_given_up_ && unsent_batches_ == 0; }

 private:
  struct Table {
    std::deque<BatchPtr> ready;
    size_t in_flight = 0;  // requests
    bool listed = false;   // in turn_ or blocked_
    bool failed = false;
    bool given_up = false;
  };
  struct Later {
    bool operator()(const BatchPtr& a, const BatchPtr& b) const { return a->due > b->due; }
  };

  void Count(const Batch& batch);    // as unsent
  void Uncount(const Batch& batch);  // no more
  void List(TableNo table);
  void Unblock();
  bool LetThrough(Batch& batch, Instant now);
  void FitFront(Table& queue, Instant now);
  bool HasShare(TableNo table) const;
  bool IsAlone(TableNo table) const;
  void SendFront(TableNo table, Instant now);
  void OnReply(size_t flight, const Reply& reply);

  Client& client_;
  FlowControl& flow_;
  const Options options_;
  const Answered answered_;
  const Divide divide_;

  NumberedVector<TableNo, Table> tables_;
  std::deque<TableNo> turn_;       // with ready batches, in the order of their turns
  std::vector<TableNo> blocked_;   // with ready batches that their bound or their share holds back
  std::vector<BatchPtr> retries_;  // heap by due
  SendWindow window_;
  bool line_full_ = false;         // it may open by what others do
  std::vector<BatchPtr> flights_;  // batches in flight; null: a free place
  std::vector<size_t> free_flights_;
  size_t in_flight_given_up_ = 0;  // requests
  size_t unsent_batches_ = 0;
  size_t unsent_bytes_ = 0;
};

}  // namespace ddb
