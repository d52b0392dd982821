#include "delivery/rejections.h"

#include <fmt/format.h>

namespace ddb {

Rejections::Rejections(RejectionPolicy policy, const std::vector<TableTarget>& tables, Log& log)
    : policy_(policy), tables_(tables), log_(log), streaks_(tables.size()) {}

void Rejections::Count(int stream, std::string_view reason) {
  bool first = false;
  {
    MutexLock lock(mu_);
    first = ++counts_[{stream, reason}] == 1;
  }
  if (!first) return;
  log_.Warn(fmt::format("A record of stream {} was skipped: {}. {}.",
                        tables_[static_cast<size_t>(stream)].stream.Display(), reason,
                        policy_.dead_letters
                            ? "It goes to table " + tables_[static_cast<size_t>(*policy_.dead_letters)].name
                            : "It is not kept anywhere, since no dead_letter_table is configured"));
}

void Rejections::CountChanges(int stream, size_t nulled, size_t truncated) {
  MutexLock lock(mu_);
  Changes& changes = changes_[stream];
  ++changes.records;
  changes.nulled += nulled;
  changes.truncated += truncated;
}

void Rejections::LogTotals() {
  MutexLock lock(mu_);
  for (const auto& [key, count] : counts_) {
    log_.Warn(fmt::format("{} records of stream {} were skipped: {}.", count,
                          tables_[static_cast<size_t>(key.first)].stream.Display(), key.second));
  }
  for (const auto& [stream, changes] : changes_) {
    const std::string name = tables_[static_cast<size_t>(stream)].stream.Display();
    const auto say = [&](uint64_t values, std::string_view what) {
      if (values == 0) return;
      log_.Warn(fmt::format("Stream {}: {} values {}; {} records are noted in _airbyte_meta.changes.", name,
                            values, what, changes.records));
    };
    say(changes.truncated, "were put in a form that DynamoDB can hold (text, cut or replaced)");
    say(changes.nulled, "were set to null, because their items were over DynamoDB's limit of 409,600 bytes");
  }
}

bool Rejections::NoteBatch(int table, uint32_t items, std::optional<std::string_view> all_refused_for) {
  Streak& streak = streaks_[static_cast<size_t>(table)];
  if (!all_refused_for) {
    if (streak.batches.load(std::memory_order_relaxed) != 0) streak.batches = 0;
    return false;
  }
  if (items < kStormItems) return false;
  MutexLock lock(mu_);
  if (streak.batches == 0 || streak.reason != *all_refused_for) {
    streak.reason = *all_refused_for;
    streak.batches = 0;
  }
  return ++streak.batches >= kStormBatches;
}

}  // namespace ddb
