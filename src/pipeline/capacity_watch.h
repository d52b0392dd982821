// CapacityWatch: looks again at the tables that are the limit, as their owner, or auto scaling, may change
// what they take while a run goes on: DescribeTable, beside the data path, which never waits for it. Where a
// look is denied or fails the bound finds out by trying, as before.
//
// On the supervisor's loop and thread. It has no connection until a table is worth a look.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/numbered.h"
#include "delivery/batch.h"
#include "delivery/flow_control.h"
#include "dynamodb/table.h"
#include "pipeline/worker.h"

namespace ddb {

// What the bound of a table is told of it: write units a second, 0 where no limit is known.
double DescribedUnits(const TableDescription& table);

class CapacityWatch {
 public:
  // A table is looked at again after so long: what is changed in the console is to be found within 5 s, as
  // who changed it is watching.
  static constexpr Duration kApart = std::chrono::seconds(3);
  // After a look that failed, twice that with each that fails, up to this.
  static constexpr Duration kLongestApart = std::chrono::minutes(5);
  // Looks at a time, and in a tick of the supervisor's: 10 a second at the most, far below what AWS allows an
  // account (2,500 a second), however many tables there are.
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-api
  static constexpr size_t kAtOnce = 5;

  // All of it outlives the object. `enforced`: see CapacityBound::Description::certain.
  CapacityWatch(const TableTargets& tables, FlowControl& flow, const Clock& clock, EventLoop& loop,
                const ClientFactory& make_client, bool enforced);

  // What is known from the start.
  void Describe(TableNo table, const TableDescription& description);
  void Tick(Instant now);
  double units(TableNo table) const { return looked_[table].units; }  // a second; 0: no limit is known

  struct Change {
    TableNo table;
    double before = 0, after = 0;  // units a second, 0: no limit
  };
  std::vector<Change> TakeChanges();

 private:
  struct Looked {
    Instant due;
    Duration apart = kApart;
    bool under_way = false;
    double units = 0;
  };
  void Look(TableNo table, size_t place);
  void OnReply(TableNo table, size_t place, const Reply& reply);
  void Learn(TableNo table, const TableDescription& description);

  const TableTargets& tables_;
  FlowControl& flow_;
  const Clock& clock_;
  EventLoop& loop_;
  const ClientFactory& make_client_;
  const bool enforced_;
  NumberedVector<TableNo, Looked> looked_;
  size_t next_ = 0;  // the table that a tick begins with, so that each has its turn
  std::vector<Change> changes_;
  struct Place {
    bool taken = false;
    Buffer body;
  };
  std::array<Place, kAtOnce> places_;
  std::unique_ptr<Client> client_;  // last: what waits for its replies ends before the rest goes
};

}  // namespace ddb
