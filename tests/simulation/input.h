// Input: the text that a plan feeds into stdin, and what is known of it: which record is which, and what each
// STATE covers.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "simulation/plan.h"

namespace ddb::simulation {

// Streams are s0, s1, ..., their tables t_s0, ...
std::string StreamName(int stream);

struct Input {
  struct Record {
    int stream = 0;
    bool refused = false;  // by the service, for good
    bool odd = false;      // no item can be made of it
    size_t of_stream = 0;  // how many of its stream are before it
  };
  struct State {
    int stream = 0;              // -1: all
    size_t line = 0;             // where its text begins
    std::vector<size_t> covers;  // of each stream, the records before it
    size_t since = 0;            // records, of its streams, since the one before it
    size_t records_before = 0;   // of all streams
  };

  std::string text;
  std::vector<Record> records;                      // by id
  std::vector<std::vector<size_t>> of_stream;       // ids
  std::vector<State> states;                        // by number
  std::vector<std::pair<size_t, Duration>> pauses;  // before which byte, how long
};

Input MakeInput(const Plan& plan);

}  // namespace ddb::simulation
