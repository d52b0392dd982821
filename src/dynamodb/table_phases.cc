#include "dynamodb/table_phases.h"

#include <utility>

#include "base/times.h"

namespace ddb {
void TablePhases::Run(std::initializer_list<const Step*> steps) {
  if (error_ || plans_.empty()) return;
  Start(steps);
}

void TablePhases::CleanUp(const Step& step, Duration at_most) {
  if (plans_.empty()) return;
  cleaning_ = true;
  loop_.After(at_most, [this] {
    if (cleaning_) loop_.Stop();
  });
  Start({&step});
  cleaning_ = false;
}

void TablePhases::Start(std::initializer_list<const Step*> steps) {
  const std::vector<const Step*> all(steps);
  pending_ = plans_.size() * all.size();
  lanes_.Start(pending_, [this, all](size_t at) { return RunOne(*all[at % all.size()], at / all.size()); });
  loop_.Run();
}

Task<void> TablePhases::RunOne(const Step& step, size_t i) {
  Status status = co_await step(i);
  if (!status.ok()) Fail(i, std::move(status).error());
  // Tables in the middle of something are brought to its end; all other work is given up.
  if (--pending_ == 0 || (error_ && held_ == 0 && !cleaning_)) {
    lanes_.BeginNoMore();
    loop_.Stop();
  }
}

void TablePhases::Fail(size_t i, Error error) {
  if (error_ && failed_ <= i) return;
  failed_ = i;
  error_ = std::move(error).For(plans_[i].stream);
}

bool TablePhases::Ending() {
  if (!stopping_ && options_.stop_requested && options_.stop_requested()) Stop();
  return error_.has_value();
}

void TablePhases::WatchForStop() {
  if (!options_.stop_requested || stopping_) return;
  if (options_.stop_requested()) return Stop();
  loop_.After(times::kSignalPoll, [this] { WatchForStop(); });
}

void TablePhases::Stop() {
  stopping_ = true;
  if (!error_)
    error_ = TransientError("The sync was stopped while its tables were being prepared.", "stop_requested");
  if (cleaning_) return;
  if (held_ == 0) {
    lanes_.BeginNoMore();
    return loop_.Stop();
  }
  loop_.After(times::kStoringAfterStop, [this] { loop_.Stop(); });
}

}  // namespace ddb
