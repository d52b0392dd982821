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
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ring_queue.h"
#include "delivery/batch.h"
#include "delivery/flow_control.h"
#include "dynamodb/client.h"

namespace ddb {

class SendQueue {
 public:
  struct Options {
    size_t max_requests = 1;
    std::optional<TableNo>
        dead_letters;   // a table that is written now and then: the others leave it no share
    size_t worker = 0;  // whose queue it is
  };
  // Gets every batch that was answered, with the reply, whose texts are valid during the call only. Not for
  // requests that end because the client does.
  using Answered = std::function<void(BatchPtr, const Reply&)>;
  // Makes two of a batch: its first so many items, and the others.
  using Divide = std::function<std::pair<BatchPtr, BatchPtr>(BatchPtr, size_t items)>;
  SendQueue(Client& client, FlowControl& flow, const Options& options, Answered answered, Divide divide);

  // Of tables that have not failed.
  void Add(BatchPtr batch);       // behind what waits for its table
  void AddFirst(BatchPtr batch);  // before what was not sent yet
  // Before all that was not sent yet, and of what was the older first: in a request of its own, so that one
  // that is refused whole tells why.
  void AddAgain(BatchPtr batch);
  void AddProbe(BatchPtr batch);                     // at once, whatever its table takes
  void AddRetry(BatchPtr batch, Instant due);        // the same, but later
  void Pump(Instant now);                            // sends what may be sent
  void Wake(Instant now);                            // retries that are due, tables that were held back
  std::optional<Instant> WakeAt(Instant now) const;  // when Wake is wanted; after Pump

  // What an answered batch tells the windows and the gate of its table: before the next Pump.
  struct Told {
    bool known = true;                 // whether the table took it
    uint32_t stored = 0;               // write units, by the items' sizes
    uint32_t refused = 0;              // the same, of what the table did not take
    bool of_partition = false;         // one partition did not, and the table might have
    std::optional<double> consumed{};  // units, as the reply says
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
  // No retry is due later than that which `due` says, and no table is left alone for long.
  void Hasten(const std::function<Instant()>& due);

  // Not in flight: what the send window bounds, and what waits for tables that take less than there is.
  size_t unsent_bytes() const { return unsent_bytes_ - held_back_bytes_; }
  size_t held_back_bytes() const { return held_back_bytes_; }
  size_t in_flight() const { return window_.in_flight(); }  // requests
  // Nothing waits, and nothing is in flight that is waited for.
  bool idle() const { return window_.in_flight() == in_flight_given_up_ && unsent_batches_ == 0; }

 private:
  // What is hot waits by itself, and nothing else behind it.
  struct Lane {
    RingQueue<BatchPtr> probes;
    RingQueue<BatchPtr> again;  // sent before, the oldest first
    RingQueue<BatchPtr> ready;
    Instant asks;         // while it is blocked: not before
    bool listed = false;  // in turn_ or blocked_

    bool empty() const { return probes.empty() && again.empty() && ready.empty(); }
    RingQueue<BatchPtr>& front_queue() {
      if (!probes.empty()) return probes;
      return again.empty() ? ready : again;
    }
  };
  struct Table {
    Lane main;
    std::unique_ptr<Lane> hot;  // null until there is something for it, which few tables ever have
    size_t unsent_bytes = 0;    // of what waits and is not hot
    size_t in_flight = 0;       // requests
    bool held_back = false;     // it takes less than there is
    bool failed = false, given_up = false;
  };
  struct LaneNo {
    TableNo table;
    bool hot = false;
    bool operator==(const LaneNo&) const = default;
  };
  struct Part {  // of a batch: its first items
    size_t items = 0;
    uint32_t units = 0;
  };
  struct Later {
    bool operator()(const BatchPtr& a, const BatchPtr& b) const { return a->due > b->due; }
  };

  void Count(const Batch& batch);    // as unsent
  void Uncount(const Batch& batch);  // no more
  Lane& LaneOf(LaneNo no);
  void List(LaneNo no);
  void Unblock(Instant now);
  void Block(LaneNo no, Instant asks);
  void SetHeldBack(Table& queue, bool held_back);
  Part PartOfFront(const Batch& front, Instant now) const;
  WriteGate::Answer Admit(const Batch& front, uint32_t units, Instant now);
  bool HasShare(TableNo table) const;
  bool IsAlone(TableNo table) const;
  void SendFront(LaneNo no, size_t items, Instant now);
  void OnReply(size_t flight, const Reply& reply);

  Client& client_;
  FlowControl& flow_;
  const Options options_;
  const Answered answered_;
  const Divide divide_;

  NumberedVector<TableNo, Table> tables_;
  std::deque<LaneNo> turn_;        // with ready batches, in the order of their turns
  std::vector<LaneNo> blocked_;    // with ready batches that their gate or their share holds back
  std::vector<BatchPtr> retries_;  // heap by due
  SendWindow window_;
  bool line_full_ = false;         // it may open by what others do
  std::vector<BatchPtr> flights_;  // batches in flight; null: a free place
  std::vector<size_t> free_flights_;
  size_t in_flight_given_up_ = 0;  // requests
  size_t unsent_batches_ = 0, unsent_bytes_ = 0, held_back_bytes_ = 0;
};

}  // namespace ddb
