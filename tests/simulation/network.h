// Network: the line that all workers share, what befalls each request on its way, and the Client that stands
// in for the real one: the same deadlines, the same classifier of replies, no sockets.
//
//   Send -> line (bytes/s, one after the other) -> delay -> tables -> delay -> the worker's loop
//
// What a request meets is drawn by its number (Plan::faults), or listed (Plan::fired), and until calm_s only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "dynamodb/client.h"
#include "simulation/plan.h"
#include "simulation/scheduler.h"
#include "simulation/tables.h"

namespace ddb::simulation {

class Network {
 public:
  Network(const Plan& plan, Tables& tables, Scheduler& scheduler);

  std::unique_ptr<Client> MakeClient(EventLoop& loop, size_t most_requests);

  uint64_t requests() const { return next_; }
  uint64_t timeouts() const { return timeouts_; }
  uint64_t bytes_sent() const { return bytes_sent_; }
  uint64_t most_bytes_in_flight() const { return most_bytes_in_flight_; }
  const std::vector<FiredFault>& fired() const { return fired_; }

 private:
  class SimClient;
  struct Flight;
  using FlightPtr = std::shared_ptr<Flight>;
  struct Answer {
    TransportError transport = TransportError::kNone;
    HttpAnswer http;
  };

  // What comes back for a DescribeTable, and when.
  std::pair<Duration, Answer> Look(uint64_t number, std::string_view body);
  Instant PassLine(size_t bytes);
  Duration Delay(uint64_t number, uint64_t leg) const;
  Fault Draw(uint64_t number) const;
  bool Drawn(const FaultRate& rate, uint64_t number) const;
  void Launch(const FlightPtr& flight, size_t bytes);
  void Arrive(const FlightPtr& flight);
  void AnswerLater(const FlightPtr& flight, Answer answer, Duration after = {});

  const Plan& plan_;
  Tables& tables_;
  Scheduler& scheduler_;
  Instant line_free_;
  uint64_t next_ = 0;
  uint64_t looks_ = 0;
  uint64_t timeouts_ = 0;
  uint64_t bytes_sent_ = 0;
  uint64_t bytes_in_flight_ = 0;
  uint64_t most_bytes_in_flight_ = 0;
  std::map<uint64_t, Fault> listed_;
  std::vector<FiredFault> fired_;
};

}  // namespace ddb::simulation
