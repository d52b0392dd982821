// RefusalStorms: tells a table that refuses whatever it is sent, which is a wrong set-up, from one that is
// sent a bad record now and then. A refusal is DynamoDB's no to an item; what becomes of its record is
// rejections' business. Shared by all workers' settlements; any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/literal.h"
#include "base/mutex.h"
#include "base/numbered.h"
#include "dynamodb/table.h"

namespace ddb {

class RefusalStorms {
 public:
  // So many requests in a row, of at least so many items each, all refused for one reason.
  static constexpr int kStormRequests = 3;
  static constexpr uint32_t kStormItems = 10;

  explicit RefusalStorms(size_t tables) : streaks_(tables) {}

  // What became of a request of so many items: the reason for which all of them were refused, or empty.
  // Returns true when that makes a storm.
  bool NoteRequest(TableNo table, uint32_t items, std::optional<Text> all_refused_for) {
    Streak& streak = streaks_[table];
    if (!all_refused_for) {
      if (streak.requests.load(std::memory_order_relaxed) != 0) streak.requests = 0;
      return false;
    }
    if (items < kStormItems) return false;
    MutexLock lock(streak.mu);
    if (streak.requests == 0 || streak.reason != *all_refused_for) {
      streak.reason = *all_refused_for;
      streak.requests = 0;
    }
    return ++streak.requests >= kStormRequests;
  }

 private:
  struct Streak {
    std::atomic<int> requests{0};
    Mutex mu;
    Text reason GUARDED_BY(mu);
  };
  NumberedVector<TableNo, Streak> streaks_;
};

}  // namespace ddb
