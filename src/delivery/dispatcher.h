// Dispatcher: one worker's delivery, from a sealed batch until what became of its last item is known. It asks
// Verdicts what each reply means and does that: has Settlement tell everybody, has the Batcher copy what is
// sent again, and gives the SendQueue what is to be sent.
//
//   Enqueue -> SendQueue -> Client -> OnAnswered -> Decide -> Settlement
//                  ^                                  |            |
//                  +------------ EndTurn -------------+------------+  halves, smaller items, dead letters
//
// What an answer causes is put aside and enters at the end of the turn, never from within. An item that is
// neither stored nor rejected stays outstanding in the ledger, which holds its STATE back. One per worker;
// its thread only. It needs no loop: an Alarm, a Clock and a Client, all of which can be simulated.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/alarm.h"
#include "delivery/batcher.h"
#include "delivery/progress.h"
#include "delivery/run_context.h"
#include "delivery/send_queue.h"
#include "delivery/settlement.h"
#include "delivery/verdicts.h"

namespace ddb {

class Dispatcher {
 public:
  struct Options {
    size_t max_requests = 1;
    uint32_t seed = 1;  // of the jitter between retries
    size_t worker = 0;  // whose dispatcher it is
  };
  // `changed` runs when batches left: there may be room for a chunk, or nothing left to do.
  Dispatcher(Client& client, Alarm& alarm, Batcher& batcher, Settlement& settlement, RunContext& run,
             const Options& options, Progress& progress, std::function<void()> changed);

  void Enqueue(BatchPtr batch);  // sealed
  // What was put aside enters, and what may be sent is sent. After every turn in which records were rejected.
  void EndTurn();

  // The run ends early (RunState), and there is little time: nothing is sent any more that waits for a table
  // that was given up, or lies behind what failed, and what is tried again does not wait for long. At every
  // turn from then on.
  void Hurry();

  // What waits to be sent: bytes, without and for tables that take less than there is.
  size_t unsent_bytes() const { return queue_.unsent_bytes(); }
  size_t held_back_bytes() const { return queue_.held_back_bytes(); }
  bool idle() const { return queue_.idle() && caused_.empty() && !settlement_.has_letters(); }

 private:
  void OnAlarm();
  void SetAlarm(Instant now);
  void OnAnswered(BatchPtr batch, const Reply& reply);
  Answer Read(const Batch& batch, const Reply& reply) const;
  static SendQueue::Told WhatItTells(const Batch& batch, const Answer& answer, const Reply& reply);

  void Do(const Action& action, BatchPtr& batch, const Answer& answer, const Reply& reply, Instant now);
  void Retry(const Action& action, BatchPtr& batch, bool wordless, Instant now);
  void RetryLater(BatchPtr batch, Reaction backoff, Instant now);
  bool IsHot(const Batch& batch, ItemSet refused) const;
  ItemSet Probe(const Batch& batch, ItemSet refused);
  void Halve(Batch& batch, ItemSet items);
  void ShrinkOrRefuse(const Batch& batch, const Verdict& verdict, Instant now);
  void Refuse(const Batch& batch, Text reason, Instant now);
  void FailTable(TableNo table, Error error, Instant now);
  void Drop(std::vector<BatchPtr> batches, Instant now);
  void Abandon(BatchPtr batch, Instant now);
  bool IsInVain(const Batch& batch) const;
  Duration PauseAfter(Reaction reaction, uint32_t attempts);
  void WriteLetters(Instant now);
  Error ErrorOf(const Action& action, const Batch& batch, const Answer& answer, const Reply& reply) const;
  std::pair<BatchPtr, BatchPtr> Divide(BatchPtr batch, size_t items);
  double Random();

  Client& client_;
  Alarm& alarm_;
  Batcher& batcher_;
  Settlement& settlement_;
  RunContext& run_;
  const DeliveryRules rules_;
  Progress& progress_;
  const std::function<void()> changed_;

  SendQueue queue_;
  std::vector<BatchPtr> caused_;  // by answers of this turn; the last one is sent first
  std::optional<Instant> alarm_set_;
  std::minstd_rand random_;  // for jitter
  bool hurries_ = false;
  uint64_t bars_ = 0;  // of the ledger, when what waits was last looked at
};

}  // namespace ddb
