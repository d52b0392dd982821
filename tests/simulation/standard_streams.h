// StandardStreams: stdin, stdout and signals of a run, as real pipes whose other ends the simulation holds:
// stdin gets the input in pieces, stdout is read at once, late, or not any more.
#pragma once

#include <cstddef>

#include "simulation/input.h"
#include "simulation/judge.h"
#include "simulation/scheduler.h"

namespace ddb::simulation {

class StandardStreams {
 public:
  StandardStreams(const Plan& plan, const Input& input, Judge& judge, Scheduler& scheduler);
  ~StandardStreams();
  StandardStreams(const StandardStreams&) = delete;
  StandardStreams& operator=(const StandardStreams&) = delete;

  // The run's ends.
  int in() const { return in_[0]; }
  int out() const { return out_[1]; }
  int signals() const { return signals_[0]; }

  // What the run has said by now, unless the reader stalls. After each step.
  void Read();
  // All that is left in the pipe, when the run is over.
  void ReadAll();
  // When the last piece of the input is written, if nobody waits.
  static double FedWithin(const Plan& plan, const Input& input);

 private:
  void Feed();
  void CloseInput();
  bool ReaderStalls() const;

  const Plan& plan_;
  const Input& input_;
  Judge& judge_;
  Scheduler& scheduler_;
  Dice pieces_;
  int in_[2], out_[2], signals_[2];
  size_t fed_ = 0;
  size_t pauses_ = 0;  // that are over
};

}  // namespace ddb::simulation
