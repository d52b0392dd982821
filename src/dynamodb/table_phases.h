// TablePhases: what is done with the tables of a sync, phase by phase: in each a task per table, as many at
// once as the service takes (kMaxTablesAtOnce), in their order.
// It decides when a phase ends: when all is done, or early, after a failure or a stop, as soon as no table is
// in the middle of something. Which failure is told: that of the first plan. What a phase does is its user's.
// Blocks its caller while a phase runs; loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "dynamodb/control_loop.h"
#include "dynamodb/limits.h"
#include "dynamodb/tables.h"
#include "dynamodb/task_lanes.h"

namespace ddb {

class TablePhases {
 public:
  using Step = std::function<Task<Status>(size_t)>;  // for the plan of that number

  // All of it outlives the object, and so does what the steps work with: their frames go with it.
  TablePhases(ControlLoop& loop, std::span<const TablePlan> plans, const PrepareOptions& options)
      : loop_(loop), plans_(plans), options_(options), lanes_(loop, kMaxTablesAtOnce) {}

  // Nothing is run after a failure. Of several steps each table's run at the same time.
  void Run(const Step& step) { Run({&step}); }
  void Run(std::initializer_list<const Step*> steps);
  // After a failure too, and to its end, or for so long.
  void CleanUp(const Step& step, Duration at_most);

  // For the time until LetGo a table must not be left as it is: the phase goes on for it, after a stop for
  // times::kStoringAfterStop more.
  void Hold() { ++held_; }
  void LetGo() { --held_; }
  // Whether what is not begun is not to be begun any more. Looks for a stop, too.
  bool Ending();

  bool stopping() const { return stopping_; }  // a stop was requested
  void WatchForStop();                         // from here on, ten times a second
  const std::optional<Error>& error() const { return error_; }

 private:
  void Start(std::initializer_list<const Step*> steps);
  Task<void> RunOne(const Step& step, size_t i);
  void Fail(size_t i, Error error);
  void Stop();

  ControlLoop& loop_;
  const std::span<const TablePlan> plans_;
  const PrepareOptions& options_;
  size_t pending_ = 0;
  size_t held_ = 0;
  bool stopping_ = false;  // a stop was requested
  bool cleaning_ = false;
  size_t failed_ = 0;  // the plan that error_ is about
  std::optional<Error> error_;
  TaskLanes lanes_;
};

}  // namespace ddb
