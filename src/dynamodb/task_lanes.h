// TaskLanes: the same to be done for thousands of things, so many of them at a time: what one costs while it
// is under way, frames and texts, is not there for all at once. A lane that has done one begins the next, in
// order. What a task means, and when it was enough, is its user's. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/task.h"
#include "dynamodb/control_loop.h"

namespace ddb {

class TaskLanes {
 public:
  using Make = std::function<Task<void>(size_t)>;

  // The loop outlives the object, and so does what the tasks work with: their frames go with it.
  TaskLanes(ControlLoop& loop, size_t lanes) : loop_(loop), lanes_(lanes) {}

  // Ends whatever was under way, where it waits, and begins the first of `count` tasks: make(0) and so on.
  void Start(size_t count, Make make);
  // No more of them is begun.
  void BeginNoMore() { next_ = count_; }

 private:
  void Go(size_t lane);
  Task<void> RunOne(size_t lane, size_t at);

  struct Lane {
    Task<void> task;
    bool starting = false;  // it may end before it waits for anything
  };
  ControlLoop& loop_;
  const size_t lanes_;
  Make make_;
  size_t count_ = 0;
  size_t next_ = 0;
  uint64_t starts_ = 0;
  std::vector<Lane> running_;  // last: the tasks use the members above
};

}  // namespace ddb
