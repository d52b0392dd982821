// What the dice of the property runner say a run is: its input, and what the store does. Test support.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace ddb {

inline constexpr int kStreams = 3;
inline const char* const kStreamNames[kStreams] = {"users", "orders", "events"};

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  uint64_t Below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(random_); }
  bool Chance(uint64_t in) { return Below(in) == 0; }

 private:
  std::mt19937_64 random_;
};

// What the dice said a run is: its input, in order, and what the store does.
struct Plan {
  struct Record {
    int stream;
    int id;
    bool bad;  // the store refuses it for good
    bool odd;  // the pipeline refuses it: its emitted_at is no number that DynamoDB holds
  };
  struct Checkpoint {
    int stream;  // -1: everything
    size_t records_before;
    uint64_t covers;  // records since the checkpoint before it
  };
  std::string input;
  std::vector<Record> records;
  std::vector<Checkpoint> checkpoints;
  bool global = false;
  bool skip = false;
  int faults_in = 0;  // one request in so many meets a fault; 0: none
  int workers = 1;
  size_t chunk_bytes = 0;
  size_t connections = 1;
  size_t window = 0;
};

inline Plan MakePlan(uint64_t seed) {
  Dice dice(seed);
  Plan plan;
  plan.global = dice.Chance(3);
  plan.skip = dice.Chance(2);
  plan.faults_in = dice.Chance(4) ? 0 : 5 + static_cast<int>(dice.Below(20));
  static constexpr int kWorkers[] = {1, 2, 4, 16};
  plan.workers = kWorkers[dice.Below(4)];
  plan.chunk_bytes = size_t{128} << dice.Below(12);
  plan.connections = 1 + dice.Below(40);
  plan.window = size_t{1} << (8 + dice.Below(14));
  const bool with_bad = dice.Chance(3);
  const uint64_t bad_in = dice.Chance(2) ? 150 : 12;
  const size_t count = 1 + dice.Below(dice.Chance(4) ? 3000 : 300);
  const uint64_t state_in = 2 + dice.Below(60);
  uint64_t since[kStreams] = {};
  for (size_t i = 0; i < count; ++i) {
    Plan::Record record{static_cast<int>(dice.Below(kStreams)), static_cast<int>(i),
                        with_bad && dice.Chance(bad_in), false};
    record.odd = with_bad && dice.Chance(bad_in);
    const std::string pad(dice.Chance(20) ? dice.Below(5000) : dice.Below(80), 'x');
    plan.records.push_back(record);
    ++since[record.stream];
    plan.input += fmt::format(
        R"({{"type":"RECORD","record":{{"stream":"{}","data":{{"id":{},"bad":{},"pad":"{}"}},"emitted_at":{}}}}})"
        "\n",
        kStreamNames[record.stream], record.id, record.bad, pad,
        record.odd ? std::string(39, '9') : std::to_string(record.id));
    if (!dice.Chance(state_in)) continue;
    const int stream = plan.global ? -1 : static_cast<int>(dice.Below(kStreams));
    uint64_t covers = 0;
    for (int s = 0; s < kStreams; ++s) {
      if (stream >= 0 && s != stream) continue;
      covers += std::exchange(since[s], 0);
    }
    const size_t number = plan.checkpoints.size();
    plan.checkpoints.push_back({stream, plan.records.size(), covers});
    plan.input += stream < 0
                      ? fmt::format(R"({{"type":"STATE","state":{{"type":"GLOBAL","global":{{"n":{}}}}}}})"
                                    "\n",
                                    number)
                      : fmt::format(R"({{"type":"STATE","state":{{"type":"STREAM","n":{},"stream":)"
                                    R"({{"stream_descriptor":{{"name":"{}"}}}}}}}})"
                                    "\n",
                                    number, kStreamNames[stream]);
  }
  return plan;
}

}  // namespace ddb
