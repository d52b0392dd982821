// One worker's delivery under simulated time, in one thread, the same every time for the same seed: a clock
// that jumps to what comes next, an alarm on it, and a client whose tables answer after a while. Test
// support.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "delivery/alarm.h"
#include "dynamodb/client.h"
#include "support/delivery/fake_client.h"

namespace ddb {

// Virtual time: what is to happen, by instant, then by order of asking.
class SimulatedTime final : public Clock {
 public:
  Instant Now() const override { return now_; }
  int64_t WallMillis() const override { return 0; }
  void At(Instant when, std::function<void()> fn) {
    events_.emplace(std::pair(std::max(when, now_), next_++), std::move(fn));
  }
  // Lets the next thing happen. Returns false when nothing is left.
  bool Step() {
    if (events_.empty()) return false;
    auto event = events_.extract(events_.begin());
    now_ = event.key().first;
    event.mapped()();
    return true;
  }

 private:
  Instant now_{std::chrono::hours(1)};
  uint64_t next_ = 0;
  std::map<std::pair<Instant, uint64_t>, std::function<void()>> events_;
};

class SimulatedAlarm final : public Alarm {
 public:
  explicit SimulatedAlarm(SimulatedTime& time) : time_(time) {}
  void Set(Instant when, std::function<void()> fn) override {
    time_.At(when, [this, setting = ++setting_, fn = std::move(fn)] {
      if (setting == setting_) fn();
    });
  }

 private:
  SimulatedTime& time_;
  uint64_t setting_ = 0;  // the last one counts
};

// Answers every request after `latency` by what the test says of its items' keys, and keeps a trace of what
// was sent when.
class SimulatedClient final : public Client {
 public:
  explicit SimulatedClient(SimulatedTime& time) : time_(time) {}

  void Send(const Operation&, Buffer& body, Done done) override {
    ++in_flight_;
    std::vector<std::string> keys = FakeClient::KeysIn(body.view());
    trace.emplace_back(time_.Now(), keys.empty() ? "" : keys.front() + "+" + std::to_string(keys.size()));
    time_.At(time_.Now() + latency, [this, keys = std::move(keys), done = std::move(done)] {
      --in_flight_;
      std::string text(kAllWritten);
      Reply reply;
      answer(keys, reply, text);
      reply.body = text;
      done(reply);
    });
  }
  size_t in_flight() const override { return in_flight_; }

  Duration latency = std::chrono::milliseconds(10);
  std::function<void(const std::vector<std::string>& keys, Reply& reply, std::string& body)> answer =
      [](const auto&, Reply&, std::string&) {};
  std::vector<std::pair<Instant, std::string>> trace;

 private:
  SimulatedTime& time_;
  size_t in_flight_ = 0;
};

}  // namespace ddb
