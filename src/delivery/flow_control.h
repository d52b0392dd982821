// FlowControl: what bounds how much a run has in flight, for all its workers together; and SendWindow, the
// same for one worker, beside what that worker can usefully fill.
//
// Three bounds know different things. PathBound (per run, bytes): what the line holds. CapacityBound (per
// table, write units, behind a WriteGate): what a table takes. FillBound (per worker): what a worker can
// build in the time of one reply. A request leaves when all three let it. Beside them, per table, the clock
// by which a run gives up, why nothing is stored, and why less than there is.
#pragma once

#include <cstddef>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/numbered.h"
#include "delivery/fill_bound.h"
#include "delivery/give_up_clock.h"
#include "delivery/path_bound.h"
#include "delivery/table_trouble.h"
#include "delivery/throttle_episode.h"
#include "delivery/write_gate.h"
#include "dynamodb/table.h"

namespace ddb {

// Made before the workers start; any thread.
class FlowControl {
 public:
  FlowControl(size_t workers, size_t tables)
      : path_(workers),
        gates_(tables),
        clocks_(tables),
        troubles_(tables),
        throttles_(tables),
        in_flight_(tables) {}

  size_t tables() const { return gates_.size(); }
  WriteGate& gate(TableNo table) { return gates_[table]; }
  const WriteGate& gate(TableNo table) const { return gates_[table]; }
  GiveUpClock& clock(TableNo table) { return clocks_[table]; }
  const GiveUpClock& clock(TableNo table) const { return clocks_[table]; }
  TableTrouble& trouble(TableNo table) { return troubles_[table]; }
  const TableTrouble& trouble(TableNo table) const { return troubles_[table]; }
  ThrottleEpisode& throttle(TableNo table) { return throttles_[table]; }
  const ThrottleEpisode& throttle(TableNo table) const { return throttles_[table]; }

  struct Line {
    bool open = false;
    bool silent = false;    // nothing has left and nothing was answered for a while
    size_t body_limit = 0;  // bytes
  };
  Line LookAtLine(Instant now) const;
  // For who looks into it.
  struct Path {
    size_t in_flight = 0, window = 0, body_limit = 0;  // bytes
  };
  Path LookAtPath() const;
  size_t in_flight(TableNo table) const;  // bytes
  // Of several tables that are written at once, whether this one has less than three quarters of the line.
  bool HasShare(TableNo table) const;
  // Beside a request of so many bytes.
  bool OthersInFlight(TableNo table, size_t bytes) const;
  PathBound::Ticket Send(TableNo table, size_t bytes, Instant now);
  void OnEnd(TableNo table, const PathBound::Ticket& ticket, PathBound::Outcome outcome, Instant now);

 private:
  mutable Mutex mu_;
  PathBound path_ GUARDED_BY(mu_);
  NumberedVector<TableNo, WriteGate> gates_;
  NumberedVector<TableNo, GiveUpClock> clocks_;
  NumberedVector<TableNo, TableTrouble> troubles_;
  NumberedVector<TableNo, ThrottleEpisode> throttles_;
  NumberedVector<TableNo, size_t> in_flight_ GUARDED_BY(mu_);  // bytes
};

// One per worker; its thread only.
class SendWindow {
 public:
  SendWindow(FlowControl& flow, size_t most_requests) : flow_(flow), fill_(most_requests) {}

  enum class State {
    kOpen,
    kIdleTables,  // only for a table that has nothing in flight: what is in flight is not answered, and that
                  // may be because of whose it is
    kLineFull,    // opens by this worker's replies, and by those of others: look again soon
    kEnough,      // opens by this worker's replies
  };
  // One request may always be in flight, however large.
  State Look(Instant now) const;
  PathBound::Ticket Send(TableNo table, size_t bytes, Instant now);
  void OnEnd(TableNo table, const PathBound::Ticket& ticket, PathBound::Outcome outcome, Instant now);

  size_t in_flight() const { return in_flight_; }  // requests
  size_t most() const { return fill_.size(); }     // requests

 private:
  FlowControl& flow_;
  FillBound fill_;
  size_t in_flight_ = 0;  // requests
  size_t bytes_ = 0;
};

}  // namespace ddb
