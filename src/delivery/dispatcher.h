// Dispatcher: sends sealed batches and acts on every reply: the one place with a retry loop for data, one
// switch over Reaction.
//
// It owns every sealed batch until its last item is settled: waiting to be sent, in flight, or waiting for
// its retry. Items are settled as stored, or as rejected; an item that is neither stays outstanding in the
// ledger, which holds its STATE back. One per worker; its thread only. Shares with other workers: rate
// controllers, ledger, budget, run state.
#pragma once

#include <deque>
#include <functional>
#include <random>
#include <vector>

#include "base/event_loop.h"
#include "base/memory_budget.h"
#include "delivery/batcher.h"
#include "delivery/checkpoint_ledger.h"
#include "delivery/progress.h"
#include "delivery/rate_controller.h"
#include "delivery/record_rejecter.h"
#include "delivery/request_window.h"
#include "delivery/run_state.h"
#include "dynamodb/client.h"
#include "dynamodb/error_text.h"
#include "dynamodb/responses.h"
#include "items/item_encoder.h"

namespace ddb {

// What all workers of a run share.
struct RunContext {
  const Clock& clock;
  const std::vector<TableTarget>& tables;
  std::vector<RateController>& rates;  // one per table
  CheckpointLedger& ledger;
  MemoryBudget& budget;
  RunState& state;
  Rejections& rejections;
  Instant started;                                    // the tables were ready
  Duration give_up;                                   // per table, without progress
  const EndpointText& endpoint;                       // for errors
  const std::vector<ItemEncoder::Stream>& encodings;  // per stream
};

class Dispatcher {
 public:
  // `changed` runs when batches left: there may be room for a chunk, or nothing left to do.
  Dispatcher(EventLoop& loop, Client& client, Batcher& batcher, RecordRejecter& rejecter, RunContext& run,
             size_t max_requests, Progress& progress, std::function<void()> changed);

  void Enqueue(BatchPtr batch);

  size_t unsent_bytes() const { return unsent_bytes_; }  // sealed, not in flight: what the send window bounds
  bool idle() const { return in_flight_ == 0 && unsent_batches_ == 0; }

 private:
  struct Queue {
    std::deque<BatchPtr> ready;
    size_t in_flight = 0;  // requests
    bool listed = false;   // in turn_ or blocked_
    bool failed = false;   // nothing of this table can be stored any more
  };
  struct Later {
    bool operator()(const BatchPtr& a, const BatchPtr& b) const { return a->due > b->due; }
  };

  void Pump();
  bool WindowOpen() const;
  void SendFront(int table);
  void List(int table);
  size_t TableShare() const;
  void Requeue(BatchPtr batch, bool first);
  void RetryLater(BatchPtr batch, Reaction why, Instant now);
  void Unblock();
  void OnTimer();
  void ArmTimer();

  void OnReply(BatchPtr batch, const Reply& reply);
  void OnWritten(BatchPtr batch, const Reply& reply, Instant now);

  void OnNotStored(BatchPtr batch, Reaction why, Instant now);
  void Bisect(BatchPtr batch, const Verdict& verdict, Instant now);
  BatchPtr Shrunk(const Batch& batch);
  void RejectItem(BatchPtr batch, const Verdict& verdict, Instant now);
  bool NoteOutcome(const Batch& batch, uint32_t stored, std::string_view refused_for);
  void FailTable(BatchPtr batch, Error error, Instant now);
  void FailTable(int table, Error error, Instant now);
  void Drop(BatchPtr batch, Instant now);

  double Random();
  void SettleStored(const Batch& batch, const std::vector<bool>& kept, Instant now);
  void SettleRecord(RecordGroup* group, bool rejected);
  BatchPtr TakeItems(Batch& from, const std::vector<bool>& chosen);
  BatchPtr InPlaceOf(const Batch& from, BatchItem item, std::string_view bytes);
  void EndBatch(const Batch& from, Batch& batch);
  void Finish(BatchPtr batch);
  Error DeadLetterError(std::string_view reason) const;
  Error StormError(int table, std::string_view reason) const;
  Error TableError(const Verdict& verdict, std::string_view request_id, int table) const;

  EventLoop& loop_;
  Client& client_;
  Batcher& batcher_;
  RecordRejecter& rejecter_;
  RunContext& run_;
  Progress& progress_;
  const std::function<void()> changed_;

  std::vector<Queue> queues_;
  std::deque<int> turn_;           // tables with ready batches, in the order of their turns
  std::vector<int> blocked_;       // tables with ready batches that their rate controller holds back
  std::vector<BatchPtr> retries_;  // heap by due
  std::minstd_rand random_;        // for jitter
  EventLoop::Timer timer_;
  RequestWindow window_;
  size_t in_flight_ = 0;  // requests
  size_t in_flight_bytes_ = 0;
  size_t unsent_batches_ = 0;
  size_t unsent_bytes_ = 0;
  std::vector<CheckpointLedger::Settled> settled_;  // scratch
  std::vector<std::string_view> sent_;              // scratch
  BatchWriteOutcome outcome_;                       // scratch
};

}  // namespace ddb
