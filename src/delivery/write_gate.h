// WriteGate: lets requests to one table through, at the pace that its CapacityBound finds, whoever has waited
// longest first. It knows what writes cost there: the units of an item follow from its size, and by which
// factor the table counts more (an old item that was larger, local indexes) is learnt from what replies say
// was consumed.
//
// What is hot, as one partition of the table takes less than comes for it, has a pace of its own, so that
// neither it nor what it is refused holds up the rest.
//
// Shared by all workers, any thread; one short lock per request and one per reply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "delivery/capacity_bound.h"
#include "delivery/hot_pace.h"
#include "delivery/rate_cap.h"
#include "dynamodb/table.h"

namespace ddb {

class WriteGate {
 public:
  // The most that is sent, whatever the table takes; a percentage of what it is described to take, from each
  // description on. Before anything is sent.
  void Limit(const WriteLimit& limit);
  void Describe(const CapacityBound::Description& description, Instant now);

  // A request of a worker's that is ready: what it costs by the sizes of its items, and when the oldest of
  // them was read.
  struct Wanted {
    size_t worker = 0;
    double units = 1;
    Instant oldest;
    bool hot = false;
  };
  // The units that it now takes of the bound, to be given back by OnReply or OnUnknown; or how long to wait
  // before asking again. Another worker's request that waits and is older goes first.
  struct Answer {
    std::optional<double> units;
    Duration wait{};
    bool held_back = false;  // by what the table takes
  };
  Answer TrySend(const Wanted& wanted, Instant now);
  // The same for a request that leaves whatever the table takes. Returns the units.
  double SendAnyway(double units, Instant now);
  // Nothing waits for long any more, also while the table takes nothing: the run ends.
  void Hurry();
  // Nothing of the worker's waits any more.
  void Withdraw(size_t worker, bool hot = false);

  struct Limits {
    double units = 0;  // of a request of several items at the most, by the sizes of items
    bool one_item = false;
  };
  Limits LimitsOfRequest(bool hot = false) const;

  struct Reply {
    Instant sent;
    double units = 0;                // as TrySend gave
    double stored = 0, refused = 0;  // by the sizes of the items
    size_t items = 1;
    std::optional<double> consumed;  // units, as the reply says
    bool hot = false;                // as in Wanted
    bool of_partition = false;       // what was refused was so for one partition
  };
  void OnReply(const Reply& reply, Instant now);
  void OnUnknown(double units, bool hot = false);

  struct Look {
    double rate = 0;    // units a second; 0: any number
    double cap = 0;     // units a second that are sent at the most; 0: any number
    double factor = 1;  // by which the table counts more than the items' sizes
    bool limits = false;
    bool dark = false;
    bool throttled = false;  // lately
  };
  Look LookAt(Instant now) const;

  // Since the beginning.
  struct Spent {
    double units = 0;      // as replies say, or by the sizes of what was stored
    Duration held_back{};  // time in which something waited for what the table takes
    Duration capped{};     // and in which it waited for the limit
  };
  Spent spent() const;
  // Whether it is worth a look whether the table takes more by now: see CapacityBound. So it is where the
  // limit follows that.
  bool LimitedLately(Instant now) const;
  bool Throttled(Instant now) const { return LookAt(now).throttled; }

 private:
  void SetCap(double described) REQUIRES(mu_);
  static void Count(std::optional<Instant>& last, Duration& total, Instant now);

  struct Waiting {
    std::optional<Instant> oldest;
    Instant asked;
    double units = 0;
  };
  // Whoever waits asks again within that; who has not asked for longer has nothing any more.
  static constexpr Duration kAsksAgain = std::chrono::seconds(1);
  static constexpr Duration kForgotten = std::chrono::milliseconds(2500);

  using Queue = std::vector<Waiting>;  // by worker, as far as they have asked
  struct Hot {
    HotPace pace;
    Queue waiting{};
  };
  Hot& OfHot() REQUIRES(mu_) {
    if (!hot_) hot_ = std::make_unique<Hot>();
    return *hot_;
  }

  mutable Mutex mu_;
  CapacityBound bound_ GUARDED_BY(mu_);
  Queue waiting_ GUARDED_BY(mu_);
  std::unique_ptr<Hot> hot_ GUARDED_BY(mu_);  // null until something is: few tables ever have it
  WriteLimit limit_ GUARDED_BY(mu_);
  RateCap cap_ GUARDED_BY(mu_);
  std::optional<Instant> capped_ GUARDED_BY(mu_);     // when the cap last held something back
  std::optional<Instant> held_back_ GUARDED_BY(mu_);  // when the bound did
  Spent spent_ GUARDED_BY(mu_);
  double factor_ GUARDED_BY(mu_) = 1;
  std::optional<Instant> refused_ GUARDED_BY(mu_);  // last
};

}  // namespace ddb
