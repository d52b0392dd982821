// RefusalStorms: tells a table that refuses whatever it is sent, which is a wrong set-up, from one that is
// sent a bad record now and then. A refusal is DynamoDB's no to an item; what becomes of its record is
// rejections' business. Shared by all workers' settlements; any thread.
//
// Whole requests tell it soonest. Those of a slow source are small, down to one item, and tell it too: as
// many refused items in a row, whatever their requests, as three full requests have. A source that begins
// with some bad records, and has good ones behind them, makes neither.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/literal.h"
#include "base/mutex.h"
#include "base/numbered.h"
#include "dynamodb/limits.h"
#include "dynamodb/table.h"

namespace ddb {

class RefusalStorms {
 public:
  // So many requests in a row, of at least so many items each, all refused for one reason.
  static constexpr int kStormRequests = 3;
  static constexpr uint32_t kStormItems = 10;
  // Or so many items in a row.
  static constexpr uint32_t kStormItemsInAll = 3 * kMaxBatchItems;

  explicit RefusalStorms(size_t tables) : streaks_(tables) {}

  // What became of a request of so many items: the reason for which all of them were refused, or empty.
  // Returns true when that makes a storm.
  bool NoteRequest(TableNo table, uint32_t items, std::optional<Text> all_refused_for) {
    Streak& streak = streaks_[table];
    if (!all_refused_for) {
      if (streak.items.load(std::memory_order_relaxed) != 0) streak.items = 0;
      return false;
    }
    MutexLock lock(streak.mu);
    if (streak.items == 0 || streak.reason != *all_refused_for) {
      streak.reason = *all_refused_for;
      streak.requests = 0;
      streak.items = 0;
    }
    streak.items += items;
    if (items >= kStormItems) ++streak.requests;
    return streak.requests >= kStormRequests || streak.items >= kStormItemsInAll;
  }

 private:
  struct Streak {
    std::atomic<uint32_t> items{0};
    Mutex mu;
    int requests GUARDED_BY(mu) = 0;  // of kStormItems and more
    Text reason GUARDED_BY(mu);
  };
  NumberedVector<TableNo, Streak> streaks_;
};

}  // namespace ddb
