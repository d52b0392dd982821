#include "delivery/rejections.h"

#include <fmt/format.h>

#include <string>

#include "base/text.h"

namespace ddb {
namespace {

// A log of more lines is read by nobody: streams and reasons beyond that are counted together.
constexpr size_t kMostFirsts = 50;
constexpr size_t kMostTotals = 100;

}  // namespace

void Rejections::CountSkipped(StreamNo stream, Text reason) {
  bool first = false;
  {
    MutexLock lock(mu_);
    first = ++skipped_[{stream, reason}] == 1 && skipped_.size() <= kMostFirsts;
  }
  if (!first) return;
  log_.Warn(
      fmt::format("A record of stream {} was skipped: {}. {}.", plan_.streams[stream].id.Display(), reason,
                  plan_.dead_letters ? "It goes to table " + plan_.tables[*plan_.dead_letters].table
                                     : "It is not kept anywhere, since no dead_letter_table is configured"));
}

void Rejections::CountChanged(StreamNo stream, size_t nulled, size_t truncated, Change change) {
  MutexLock lock(mu_);
  Changes& changes = changes_[stream];
  if (change == kFirst) ++changes.records;
  changes.nulled += nulled;
  changes.truncated += truncated;
}

uint64_t Rejections::changed(StreamNo stream) const {
  MutexLock lock(mu_);
  const auto of = changes_.find(stream);
  return of == changes_.end() ? 0 : of->second.records;
}

void Rejections::LogTotals() {
  MutexLock lock(mu_);
  size_t told = 0;
  uint64_t others = 0;
  for (const auto& [key, count] : skipped_) {
    if (++told > kMostTotals) {
      others += count;
      continue;
    }
    log_.Warn(fmt::format("{} of stream {} {} skipped: {}.", Counted(count, "record"),
                          plan_.streams[key.first].id.Display(), count == 1 ? "was" : "were", key.second));
  }
  if (others > 0)
    log_.Warn(fmt::format("{} of other streams or for other reasons {} skipped.", Counted(others, "record"),
                          others == 1 ? "was" : "were"));
  for (const auto& [stream, changes] : changes_) {
    const std::string name = plan_.streams[stream].id.Display();
    const auto say = [&](uint64_t values, std::string_view what) {
      if (values == 0) return;
      log_.Warn(fmt::format("Stream {}: {} {} {}; {} noted in _airbyte_meta.changes.", name,
                            Counted(values, "value"), values == 1 ? "was" : "were", what,
                            Counted(changes.records, "record") + (changes.records == 1 ? " is" : " are")));
    };
    say(changes.truncated, "put in a form that DynamoDB can hold (text, cut or replaced)");
    say(changes.nulled, "set to null, because their items were over DynamoDB's limit of 409,600 bytes");
  }
}

}  // namespace ddb
