// Processes that load tables in virtual time: what a WriteGate is tried with. One thread, one seed, the same
// every time; half an hour of a table takes milliseconds.
//
// A process has workers that share its gate, each with items of its own, as many as it likes; what comes back
// goes first, oldest first, in requests of its own. A reply comes after a latency with some jitter, half of
// which passes before the table sees the request.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "delivery/write_gate.h"
#include "support/capacity/token_table.h"

namespace ddb {

struct LoadCase {
  capacity::TableRules table{.wcu = 1000};
  std::optional<double> described{};  // units; none: DescribeTable is denied
  bool described_follows = false;     // what it says is what the table has
  double looks_every = 0;             // s, +-10 %; 0: once
  double looks_if_wanted = 0;         // s apart, at the least, as the gate wants it; 0: never
  bool certain = true;                // see CapacityBound::Description
  double latency = 0.02;              // s
  double seconds = 100;
  struct Process {
    double begins = 0;
    int workers = 1;
    double latency = 0;  // 0: that of the case
  };
  std::vector<Process> processes = {Process{}};
  size_t connections = 256;                          // of a process
  size_t room = 0;                                   // for so many items that wait, of a worker; 0: for any
  std::function<double(std::minstd_rand&)> units{};  // of an item; none: 1
  std::function<uint64_t(std::minstd_rand&)> key{};  // hash of an item's
  std::function<bool(double now)> has_items{};       // none: always
  double factor = 1;                                 // by which the table counts more than an item's size
  bool says_consumed = true;
};

struct LoadResult {
  struct Event {
    double at;
    double stored, refused;  // units
  };
  std::vector<std::vector<Event>> of_process;
  std::vector<double> of_worker;                 // units stored, all workers of all processes
  std::vector<std::pair<double, double>> ages;   // when an item was stored, how long after it was there
  std::vector<std::pair<double, double>> rates;  // of the first process: when, its bound's
  double table_saved = 0, table_offered = 0;     // units
  size_t requests = 0;

  double Stored(double from, double to) const { return Sum(from, to, &Event::stored); }
  double Refused(double from, double to) const { return Sum(from, to, &Event::refused); }
  double RefusedShare(double from, double to) const {
    const double refused = Refused(from, to);
    return refused / std::max(1.0, refused + Stored(from, to));
  }
  double ShareOf(size_t process, double from, double to) const {
    double own = 0;
    for (const Event& event : of_process[process])
      own += event.at > from && event.at <= to ? event.stored : 0;
    return own / std::max(1.0, Stored(from, to));
  }
  double RateAt(double at) const {
    const auto after = std::upper_bound(rates.begin(), rates.end(), std::pair(at, 1e12));
    return after == rates.begin() ? 0 : std::prev(after)->second;
  }
  size_t Requests(double from, double to) const {
    size_t count = 0;
    for (const auto& events : of_process)
      for (const Event& event : events) count += event.at > from && event.at <= to ? 1 : 0;
    return count;
  }
  // The first of the times, a step apart, at which it is so.
  static double When(double from, double to, double step, const std::function<bool(double)>& so) {
    for (double at = from; at <= to; at += step)
      if (so(at)) return at - from;
    return 1e9;
  }

 private:
  double Sum(double from, double to, double Event::* what) const {
    double sum = 0;
    for (const auto& events : of_process)
      for (const Event& event : events) sum += event.at > from && event.at <= to ? event.*what : 0;
    return sum;
  }
};

class TableLoad {
 public:
  TableLoad(LoadCase load, uint64_t seed)
      : case_(std::move(load)),
        random_(static_cast<uint_fast32_t>(seed * 7919 + 1)),
        table_(case_.table, 0, seed) {
    Random();
    for (size_t p = 0; p < case_.processes.size(); ++p) {
      const LoadCase::Process& process = case_.processes[p];
      gates_.push_back(std::make_unique<WriteGate>());
      result_.of_process.emplace_back();
      Push(process.begins, Event::kLook, p);
      for (int w = 0; w < process.workers; ++w) {
        Push(process.begins + 0.001 * w, Event::kTurn, workers_.size());
        workers_.push_back({.process = p, .number = static_cast<size_t>(w)});
      }
    }
    result_.of_worker.resize(workers_.size());
  }

  LoadResult Run() {
    while (!events_.empty() && events_.top().at <= case_.seconds) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      switch (event.kind) {
        case Event::kTurn:
          if (workers_[event.subject].turn_at == now_) workers_[event.subject].turn_at = -1;
          Turn(workers_[event.subject]);
          break;
        case Event::kArrive:
          Arrive(*flights_[event.subject]);
          break;
        case Event::kReply:
          Finish(event.subject);
          break;
        case Event::kLook:
          LookAtTable(event.subject, /*first=*/true);
          break;
        case Event::kLookAgain:
          LookAtTable(event.subject, /*first=*/false);
          break;
      }
    }
    table_.Pass(case_.seconds);
    result_.table_saved = table_.saved();
    result_.table_offered = table_.offered();
    return std::move(result_);
  }

 private:
  struct Item {
    double units;
    uint64_t key;
    double born;
  };
  struct Worker {
    size_t process, number;
    std::deque<Item> back{};  // refused, oldest first
    std::deque<Item> hot{};   // refused for their partition, oldest first
    std::deque<Item> fresh{};
    capacity::Limit told = capacity::Limit::kNone;  // last
    size_t in_flight = 0;
    double turn_at = -1;
  };
  struct Flight {
    size_t worker = 0;
    double sent = 0, reply_after = 0, units = 0;
    bool hot = false;
    std::vector<Item> items{};
    capacity::TokenTable::Outcome outcome{};
  };
  struct Event {
    enum Kind { kLook, kLookAgain, kTurn, kArrive, kReply };
    double at;
    uint64_t order;
    Kind kind;
    size_t subject;
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  double Random() { return std::generate_canonical<double, 32>(random_); }
  static Instant At(double at_s) { return Instant{} + FromSeconds(at_s + 1003); }
  void Push(double at, typename Event::Kind kind, size_t subject) {
    events_.push({at, ++order_, kind, subject});
  }

  void LookAtTable(size_t process, bool first) {
    if (case_.described) {
      table_.Pass(now_);
      const double units = case_.described_follows ? table_.wcu() : *case_.described;
      gates_[process]->Describe({units, case_.certain}, At(now_));
    }
    if (first || case_.looks_every > 0) looked_ = now_;
    if (case_.looks_every > 0)
      Push(now_ + case_.looks_every * (0.9 + 0.2 * Random()), Event::kLookAgain, process);
  }

  void Wake(Worker& worker, double at) {
    if (worker.turn_at >= now_ && worker.turn_at <= at) return;
    worker.turn_at = at;
    Push(at, Event::kTurn, static_cast<size_t>(&worker - workers_.data()));
  }

  // A turn of a worker's loop: sends what may be sent.
  void Turn(Worker& worker) {
    TurnOf(worker, worker.hot, /*hot=*/true);
    if (worker.back.empty()) Refill(worker);
    if (worker.back.empty() && worker.fresh.empty()) {
      gates_[worker.process]->Withdraw(worker.number);
      Wake(worker, now_ + 0.05);
    }
    if (TurnOf(worker, worker.back, /*hot=*/false)) TurnOf(worker, worker.fresh, /*hot=*/false);
  }

  // False: something waits.
  bool TurnOf(Worker& worker, std::deque<Item>& queue, bool hot) {
    WriteGate& gate = *gates_[worker.process];
    const size_t most = case_.connections / static_cast<size_t>(case_.processes[worker.process].workers);
    while (worker.in_flight < std::max<size_t>(1, most)) {
      if (&queue == &worker.fresh) Refill(worker);
      if (queue.empty()) return true;
      const WriteGate::Limits limits = gate.LimitsOfRequest(hot);
      size_t count = 0;
      double units = 0;
      while (count < queue.size() && count < (limits.one_item ? 1 : 25)) {
        if (count > 0 && units + queue[count].units > limits.units) break;
        units += queue[count++].units;
      }
      const WriteGate::Answer answer =
          gate.TrySend({worker.number, units, At(queue.front().born), hot}, At(now_));
      if (!answer.units) {
        Wake(worker, now_ + std::chrono::duration<double>(answer.wait).count());
        return false;
      }
      SendFront(worker, queue, count, *answer.units, hot);
    }
    return false;
  }

  void Refill(Worker& worker) {
    if (case_.has_items && !case_.has_items(now_)) return;
    while (worker.fresh.size() < 25) {
      if (case_.room > 0 && worker.fresh.size() + worker.hot.size() + worker.back.size() >= case_.room)
        return;
      worker.fresh.push_back(
          {case_.units ? case_.units(random_) : 1, case_.key ? case_.key(random_) : random_(), now_});
    }
  }

  void SendFront(Worker& worker, std::deque<Item>& queue, size_t count, double units, bool hot) {
    Flight flight{
        .worker = static_cast<size_t>(&worker - workers_.data()), .sent = now_, .units = units, .hot = hot};
    flight.items.assign(queue.begin(), queue.begin() + static_cast<ptrdiff_t>(count));
    queue.erase(queue.begin(), queue.begin() + static_cast<ptrdiff_t>(count));
    ++worker.in_flight;
    ++result_.requests;
    const double own = case_.processes[worker.process].latency;
    const double latency =
        (own > 0 ? own : case_.latency) * (0.9 + std::exponential_distribution<double>(10)(random_));
    flight.reply_after = latency / 2;
    size_t place = flights_.size();
    if (free_.empty()) {
      flights_.emplace_back();
    } else {
      place = free_.back();
      free_.pop_back();
    }
    flights_[place] = std::make_unique<Flight>(std::move(flight));
    Push(now_ + latency / 2, Event::kArrive, place);
    flights_[place]->outcome.index = place;
  }

  void Arrive(Flight& flight) {
    std::vector<capacity::TableItem> items;
    for (const Item& item : flight.items) items.push_back({item.units * case_.factor, item.key});
    const size_t place = flight.outcome.index;
    flight.outcome = table_.Write(now_, items);
    Push(now_ + flight.reply_after, Event::kReply, place);
  }

  void Finish(size_t place) {
    const std::unique_ptr<Flight> flight = std::move(flights_[place]);
    free_.push_back(place);
    Worker& worker = workers_[flight->worker];
    --worker.in_flight;
    WriteGate::Reply reply{At(flight->sent), flight->units, 0, 0, flight->items.size(), {}, flight->hot};
    for (size_t i = 0; i < flight->items.size(); ++i) {
      const bool taken = flight->outcome.items[i] == capacity::Limit::kNone;
      (taken ? reply.stored : reply.refused) += flight->items[i].units;
      if (taken) result_.ages.emplace_back(now_, now_ - flight->items[i].born);
    }
    // A request that is refused whole is told why; of one of which others were stored it is thought to be the
    // same.
    if (reply.stored <= 0) worker.told = flight->outcome.items[0];
    const size_t refused = flight->items.size() - static_cast<size_t>(std::count(
                                                      flight->outcome.items.begin(),
                                                      flight->outcome.items.end(), capacity::Limit::kNone));
    const bool few = 4 * refused <= flight->items.size() || refused == flight->items.size();
    const bool hot = worker.told == capacity::Limit::kKeyRange && (flight->hot || few);
    reply.hot = flight->hot;
    reply.of_partition = hot && (flight->hot || reply.stored <= 0);
    for (size_t i = 0; i < flight->items.size(); ++i) {
      if (flight->outcome.items[i] == capacity::Limit::kNone) continue;
      const Item& item = flight->items[i];
      const auto before = [](const Item& a, const Item& b) { return a.born < b.born; };
      std::deque<Item>& queue = hot ? worker.hot : worker.back;
      queue.insert(std::upper_bound(queue.begin(), queue.end(), item, before), item);
    }
    if (case_.says_consumed) reply.consumed = flight->outcome.units;
    result_.of_process[worker.process].push_back({now_, reply.stored, reply.refused});
    result_.of_worker[flight->worker] += reply.stored;
    WriteGate& gate = *gates_[worker.process];
    gate.OnReply(reply, At(now_));
    const WriteGate::Look look = gate.LookAt(At(now_));
    if (worker.process == 0) result_.rates.emplace_back(now_, look.rate);
    if (case_.looks_if_wanted > 0 && now_ >= looked_ + case_.looks_if_wanted && gate.LimitedLately(At(now_)))
      LookAtTable(worker.process, /*first=*/true);
    Turn(worker);
  }

  const LoadCase case_;
  std::minstd_rand random_;
  capacity::TokenTable table_;
  double now_ = 0;
  uint64_t order_ = 0;
  double looked_ = 0;
  std::priority_queue<Event> events_;
  std::vector<std::unique_ptr<WriteGate>> gates_;  // of each process
  std::vector<Worker> workers_;
  std::vector<std::unique_ptr<Flight>> flights_;
  std::vector<size_t> free_;
  LoadResult result_;
};

}  // namespace ddb
