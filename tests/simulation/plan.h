// Plan: everything that happens in a run, as data: what comes in, how the program is set, what the network
// and the tables do. A seed makes one (MakePlan); what a plan says is all that a run depends on, so that one
// that shows a mistake can be made smaller, kept as a file, and run for ever.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ddb::simulation {

// What may befall a request. The names are those of the plan's file.
enum class Fault {
  kNone,
  kResetBefore,         // the connection ends before the service has the request
  kResetAfter,          // ... after it was carried out
  kCutShort,            // ... in the middle of the reply; it was carried out
  kLost,                // it never arrives, and nothing tells
  kNoReply,             // it is carried out, and nothing comes back
  kLateEffect,          // the same, but it is carried out when its sender has given it up
  kConnectTimeout,      //
  kStall,               // the reply comes late
  kServerError,         // a 5xx
  kServerErrorStored,   // a 5xx, though it was carried out
  kThrottled,           // refused as a whole
  kUnprocessed,         // of some of its items, by the reply; perhaps of all
  kBadReply,            // a 200 that says nothing; it was not carried out
  kBadReplyStored,      // a 200 that says nothing; it was
  kForeignUnprocessed,  // a 200 that names an item that was never sent
  kWrongCrc,            // it was carried out; its checksum does not fit
  kExpiredToken,        //
  kTooLarge,            // several items are too much for one request
};
inline constexpr int kFaults = static_cast<int>(Fault::kTooLarge) + 1;
const char* NameOf(Fault fault);

// How often one kind befalls a request; in bursts, if they are set.
struct FaultRate {
  std::string fault;
  double rate = 0;
  double on_s = 0, off_s = 0;
};
// The request with this number (in the order of sending, from 0) meets it.
struct FiredFault {
  std::string fault;
  uint64_t request = 0;
};

struct Spell {  // virtual seconds
  double from = 0, to = 0;
};

struct TableSetting {
  double wcu = 0;          // units a second; 0: no limit
  double saved_s = 0;      // that it begins with
  bool described = false;  // DescribeTable is permitted, and tells its capacity
  std::vector<Spell> dark{};
  double changes_s = 0;  // when its owner gives it another capacity; 0: never
  double changes_to = 0;
};

// A piece of the input, in its order.
struct InputPiece {
  std::string
      what;  // "records", "refused" (by the service), "odd" (no item can be made of them), "state", "pause"
  int stream = 0;  // of records, and of a STATE unless all are GLOBAL
  int count = 0;   // records, or milliseconds
  int bytes = 0;   // of a text in each record
};

struct Plan {
  uint64_t seed = 0;  // of everything that is still drawn while it runs

  int workers = 1;
  int connections = 1;
  uint64_t chunk_bytes = 0;
  uint64_t window_bytes = 0;
  uint64_t memory_bytes = 0;
  double give_up_s = 600;
  bool skip_rejected = false;

  double turn_us = 0;            // the longest that a turn of a loop takes
  double input_bytes_per_s = 0;  // 0: all at once
  uint64_t piece_bytes = 0;      // the most that stdin gets at a time
  std::vector<Spell> reader_stalls{};
  double reader_closes_s = -1;  // -1: never
  double signal_s = -1;
  double line_bytes_per_s = 1e9;
  double delay_s = 0.01;
  double jitter = 0;  // its mean, of the delay
  std::vector<Spell> line_stalls{};

  bool global = false;                 // its STATEs
  std::vector<TableSetting> tables{};  // one for each stream
  std::vector<InputPiece> input{};

  double calm_s = 0;  // from then on there are no faults
  std::vector<FaultRate> faults{};
  std::optional<std::vector<FiredFault>> fired{};  // instead of the rates
};

// With less patience than that (give_up_s), a run may end by what befalls it.
inline constexpr double kPatience = 300;

Plan MakePlan(uint64_t seed);

nlohmann::json ToJson(const Plan& plan);
// Throws on anything that is not a plan.
Plan PlanFrom(const nlohmann::json& json);

}  // namespace ddb::simulation
