#include "dynamodb/task_lanes.h"

#include <algorithm>
#include <utility>

namespace ddb {
namespace {

Task<void> Nothing() { co_return; }

}  // namespace

void TaskLanes::Start(size_t count, Make make) {
  running_.clear();
  ++starts_;
  make_ = std::move(make);
  count_ = count;
  next_ = 0;
  const size_t lanes = std::min(lanes_, count);
  for (size_t i = 0; i < lanes; ++i) running_.push_back({Nothing()});
  for (size_t i = 0; i < lanes; ++i) Go(i);
}

// Tasks that end at once are many, and each one ends before the next begins: a chain of coroutines that
// resume each other would be as deep as they are many.
void TaskLanes::Go(size_t lane) {
  while (next_ < count_) {
    running_[lane].task = RunOne(lane, next_++);
    running_[lane].starting = true;
    running_[lane].task.Start();
    running_[lane].starting = false;
    if (!running_[lane].task.done()) return;
  }
}

Task<void> TaskLanes::RunOne(size_t lane, size_t at) {
  co_await make_(at);
  if (running_[lane].starting) co_return;
  loop_.After(Duration::zero(), [this, lane, start = starts_] {
    if (start == starts_) Go(lane);
  });
}

}  // namespace ddb
