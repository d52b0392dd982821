// A line, a service and some workers in virtual time: what a bound of requests in flight is tried with. One
// thread, one seed, the same every time; a minute of a line takes milliseconds.
//
// The line carries so many bytes a second of all connections together, either one request after the other or
// all at once, an unequal share each (which of the two: by seed). Behind it, a reply comes after a round trip
// with some jitter. A new connection costs two round trips more, and a request that is not answered within
// its deadline, which runs from when it was handed over, is a time-out: its bytes stay on the line.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <vector>

#include "base/clock.h"

namespace ddb {

// The line's bytes: who is finished when.
class Line {
 public:
  Line(double rate, bool shared, uint64_t seed) : rate_(rate), shared_(shared), random_(seed) {}
  void SetRate(double rate, double now) {
    Advance(now);
    rate_ = rate;
  }
  void Enter(size_t request, double bytes, double now) {
    Advance(now);
    const double weight = shared_ ? std::uniform_real_distribution<double>(0.5, 1.5)(random_) : 1;
    const double ahead = shared_ || waiting_.empty() ? progress_ : waiting_.rbegin()->at;
    waiting_.insert({ahead + bytes / weight, request, weight});
    weights_ = waiting_.size() == 1 ? weight : weights_ + weight;
  }
  // When the next one is through, as things stand.
  double Next() const {
    if (waiting_.empty()) return std::numeric_limits<double>::max();
    return now_ + std::max(0.0, waiting_.begin()->at - progress_) / Speed();
  }
  size_t Leave(double now) {
    Advance(now);
    const size_t request = waiting_.begin()->request;
    progress_ = std::max(progress_, waiting_.begin()->at);
    weights_ -= waiting_.begin()->weight;
    waiting_.erase(waiting_.begin());
    return request;
  }

 private:
  struct Waiting {
    double at;  // of progress_, when its last byte passes
    size_t request;
    double weight;
    bool operator<(const Waiting& other) const {
      return at != other.at ? at < other.at : request < other.request;
    }
  };
  double Speed() const { return shared_ ? rate_ / weights_ : rate_; }
  void Advance(double now) {
    if (!waiting_.empty()) progress_ += (now - now_) * Speed();
    now_ = now;
  }
  double rate_;
  const bool shared_;
  double now_ = 0;
  double progress_ = 0;  // bytes that have passed: of all, or of each by its weight
  double weights_ = 0;   // of those that wait
  std::set<Waiting> waiting_;
  std::minstd_rand random_;
};

struct LineCase {
  double rate = 1e12;                              // bytes/s
  std::vector<std::pair<double, double>> steps{};  // from when on (s), bytes/s
  double round_trip = 0.05;                        // s
  double jitter = 0.05;                            // mean of what comes on top, of the round trip
  double stall_share = 0;                          // of replies that come 0.2 to 1 s later
  double dead_from = -1, dead_to = -1;             // what is sent then is not answered
  std::function<double(double now)> service{};     // s, beside the round trip
  size_t body = 25000;
  size_t items = 1;  // that a body consists of: how small it can be made
  int workers = 1;
  double seconds = 60;
  double deadline = 30;
  std::function<double(double now)> offered{};  // bytes/s of all workers together; none: any amount
  double cpu = 0;                               // bytes/s that a worker can build at most; 0: any amount
};

struct LineResult {
  double stored = 0;  // bytes
  double sent = 0;    // bytes whose fate is known
  size_t timeouts = 0;
  double most_in_flight = 0;                        // bytes, of all workers
  size_t most_requests = 0;                         // of all workers
  std::vector<std::pair<double, double>> replies;   // when (s), latency (s)
  std::vector<std::pair<double, double>> bytes;     // when (s), bytes stored
  std::vector<std::pair<double, size_t>> requests;  // when (s) one left, how many then were in flight

  double Latency(double quantile) const {
    std::vector<double> sorted;
    for (const auto& reply : replies) sorted.push_back(reply.second);
    if (sorted.empty()) return std::numeric_limits<double>::max();
    const auto at = static_cast<size_t>(quantile * static_cast<double>(sorted.size() - 1));
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(at), sorted.end());
    return sorted[at];
  }
  double MostRequests(double from) const {
    size_t most = 0;
    for (const auto& [when, count] : requests) most = when >= from ? std::max(most, count) : most;
    return static_cast<double>(most);
  }
  double Stored(double from, double to) const {
    double sum = 0;
    for (const auto& [when, size] : bytes) sum += when >= from && when < to ? size : 0;
    return sum;
  }
};

// Flow: the bounds of all workers: Flow(workers), Open(worker), BodyLimit(), Send(worker, bytes, now) ->
// Ticket, OnEnd(worker, ticket, outcome, now).
template <class Flow>
class LineSimulation {
 public:
  LineSimulation(const LineCase& line_case, uint64_t seed)
      : case_(line_case),
        flow_(static_cast<size_t>(line_case.workers)),
        random_(seed),
        line_(line_case.rate, seed % 2 == 0, seed) {
    for (int i = 0; i < case_.workers; ++i) workers_.push_back(std::make_unique<OneWorker>());
  }

  LineResult Run() {
    for (const auto& [at, rate] : case_.steps) Push(at, Event::kStep, 0, rate);
    for (size_t i = 0; i < workers_.size(); ++i) Push(0.001 * Random(), Event::kTurn, i);
    for (;;) {
      const double through = line_.Next();
      const double due = events_.empty() ? std::numeric_limits<double>::max() : events_.top().at;
      now_ = std::min(through, due);
      if (now_ > case_.seconds) break;
      if (through <= due) {
        Answer(line_.Leave(now_));
      } else {
        const Event event = events_.top();
        events_.pop();
        Handle(event);
      }
    }
    return std::move(result_);
  }

 private:
  struct Event {
    enum Kind { kTurn, kEnter, kReply, kDeadline, kStep };
    double at;
    uint64_t order;
    Kind kind;
    size_t subject;
    double value;
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  struct Request {
    size_t worker = 0;
    double sent = 0;
    size_t bytes = 0;
    typename Flow::Ticket ticket;
    bool ended = false;
  };
  struct OneWorker {
    size_t in_flight = 0, bytes = 0, idle = 0;  // idle: connections
    double busy_to = 0, backlog = 0, credit = 0, credited = 0;
    bool turn_due = true;
  };

  double Random() { return std::generate_canonical<double, 53>(random_); }
  Instant At(double at_s) const { return Instant{} + FromSeconds(at_s + 1003); }
  void Push(double at, typename Event::Kind kind, size_t subject, double value = 0) {
    events_.push({at, ++order_, kind, subject, value});
  }

  void Handle(const Event& event) {
    switch (event.kind) {
      case Event::kStep:
        line_.SetRate(event.value, now_);
        break;
      case Event::kTurn:
        Turn(event.subject);
        break;
      case Event::kEnter:
        line_.Enter(event.subject, static_cast<double>(requests_[event.subject].bytes), now_);
        break;
      case Event::kReply:
      case Event::kDeadline:
        End(event.subject, event.kind == Event::kReply);
        break;
    }
  }

  void Wake(size_t number, double at) {
    OneWorker& worker = *workers_[number];
    if (worker.turn_due) return;
    worker.turn_due = true;
    Push(std::max(at, worker.busy_to), Event::kTurn, number);
  }

  // One turn of a worker's loop: sends what may be sent, and builds more while it may.
  void Turn(size_t number) {
    OneWorker& worker = *workers_[number];
    worker.turn_due = false;
    constexpr double kChunk = 256 << 10, kBacklog = 2 << 20;
    if (case_.offered) {
      const double rate = case_.offered(now_) / static_cast<double>(case_.workers);
      worker.credit = std::min(worker.credit + rate * (now_ - worker.credited),
                               0.1 * rate + 1.0 * static_cast<double>(case_.body));
      worker.credited = now_;
    }
    while (flow_.Open(number)) {
      const double body = static_cast<double>(case_.body);
      if (case_.offered && worker.credit < body) {
        Wake(number, now_ + (body - worker.credit) / case_.offered(now_) * case_.workers + 1e-6);
        break;
      }
      if (case_.cpu > 0 && worker.backlog < body) break;
      worker.credit -= body;
      worker.backlog -= body;
      SendOne(number);
    }
    if (case_.cpu > 0 && worker.backlog < kBacklog) {
      worker.backlog += kChunk;
      worker.busy_to = now_ + kChunk / case_.cpu;
      Wake(number, worker.busy_to);
    }
  }

  void SendOne(size_t number) {
    OneWorker& worker = *workers_[number];
    const size_t item = case_.body / case_.items;
    const size_t size = std::min(case_.body, std::max(item, flow_.BodyLimit() / item * item));
    worker.in_flight += 1;
    worker.bytes += size;
    in_flight_ += static_cast<double>(size);
    result_.most_in_flight = std::max(result_.most_in_flight, in_flight_);
    result_.requests.push_back({now_, ++count_});
    requests_.push_back({number, now_, size, flow_.Send(number, size, At(now_)), false});
    const bool handshake = worker.idle == 0;
    if (!handshake) --worker.idle;
    Push(now_ + (handshake ? 2 * case_.round_trip * Jitter() : 0), Event::kEnter, requests_.size() - 1);
    Push(now_ + case_.deadline, Event::kDeadline, requests_.size() - 1);
  }

  double Jitter() {
    return 1 - case_.jitter + std::exponential_distribution<double>(1 / case_.jitter)(random_);
  }

  // It is through the line.
  void Answer(size_t number) {
    const Request& request = requests_[number];
    if (request.sent >= case_.dead_from && request.sent < case_.dead_to) return;
    double after = case_.round_trip * Jitter();
    if (case_.service) after += case_.service(now_);
    if (Random() < case_.stall_share) after += 0.2 + 0.8 * Random();
    Push(now_ + after, Event::kReply, number);
  }

  void End(size_t number, bool answered) {
    Request& request = requests_[number];
    if (request.ended) return;
    OneWorker& worker = *workers_[request.worker];
    if (now_ < worker.busy_to) {  // the loop comes to it later
      Push(worker.busy_to, answered ? Event::kReply : Event::kDeadline, number);
      return;
    }
    request.ended = true;
    worker.in_flight -= 1;
    worker.bytes -= request.bytes;
    in_flight_ -= static_cast<double>(request.bytes);
    --count_;
    result_.sent += static_cast<double>(request.bytes);
    if (answered) {
      ++worker.idle;
      result_.stored += static_cast<double>(request.bytes);
      result_.replies.push_back({now_, now_ - request.sent});
      result_.bytes.push_back({now_, static_cast<double>(request.bytes)});
    } else {
      ++result_.timeouts;
    }
    flow_.OnEnd(request.worker, request.ticket, answered, At(now_));
    Wake(request.worker, now_);
  }

  const LineCase case_;
  Flow flow_;
  std::minstd_rand random_;
  Line line_;
  double now_ = 0;
  uint64_t order_ = 0;
  std::priority_queue<Event> events_;
  std::vector<Request> requests_;
  std::vector<std::unique_ptr<OneWorker>> workers_;
  double in_flight_ = 0;
  size_t count_ = 0;
  LineResult result_;
};

}  // namespace ddb
