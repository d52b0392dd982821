// CapacityBound: how many write units a second one table is sent: what it takes, and hardly more.
//
// DynamoDB counts a table's capacity in a bucket of write units: so many come in a second, what is not used
// is kept for up to five minutes, and what is asked for while it is empty is refused. This is a model of that
// bucket: the rate at which it fills, and how much may have been saved. What is refused says that it is empty
// now, and what was stored between two such moments says exactly how fast it fills. Below the capacity
// nothing is lost, as the table saves it; so the rate is cut with calm and creeps up again, as long as hardly
// anything is refused for it. Where DescribeTable tells the capacity, nothing has to be tried out.
//
// A pure state machine: events and their time go in, what may leave comes out. Units are what DynamoDB counts
// for a write; who calls knows what an item costs. WriteGate owns it and locks. Why these rules,
// and what they measure: docs/decisions/0015-table-bound.md.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "delivery/chance_refusals.h"
#include "delivery/recent_replies.h"

namespace ddb {

class CapacityBound {
 public:
  // What is known before anything was sent, and again whenever the table is looked at: what is found out in
  // between stands until the description changes.
  struct Description {
    double units = 0;  // that it takes a second; 0: not known
    // The service holds tables to what it describes. Others may describe it and take any amount.
    bool certain = false;
  };
  void Describe(const Description& description, Instant now);

  // Whether a request of so many units may leave now, as others of so many may that go before it. After a no,
  // whoever asked still wants to.
  bool MaySend(double units, double ahead, Instant now);
  bool MaySend(double units, Instant now) { return MaySend(units, 0, now); }
  Duration Wait(double units) const;  // after a no: how long it makes no sense to ask again
  double request_units() const;       // that a request of several items is to have at the most
  bool dark() const { return mode_ == Mode::kDark; }  // a request is one item, to see whether it takes any
  void Send(double units, Instant now);

  struct Reply {
    Instant sent;
    double units = 0;    // as Send was told
    double stored = 0;   // units that the table took
    double refused = 0;  // units that it did not, as they were expected
    size_t items = 1;
  };
  void OnReply(const Reply& reply, Instant now);
  // No reply came, or none that tells what was stored: its units may be used.
  void OnUnknown(double units) { Land(units); }

  // There is little time left: a table that takes nothing is tried more often.
  void Hurry();
  double rate() const { return rate_; }  // units a second; 0: any number
  // It is this bound that holds back what is to be sent; now, or in the last seconds.
  bool limits() const { return wanted_ && (mode_ != Mode::kStartup || rate_ > 0); }
  bool LimitedLately(Instant now) const;

 private:
  enum class Mode {
    kStartup,  // until the first refusal
    kMeasure,  // the table is empty: what it takes from here on is its capacity
    kCruise,   // it follows what the table takes
    kDark,     // the table takes nothing: one item now and then
  };

  void Pass(Instant now);
  void Forget();
  void Raise(double factor);
  // Of fractions, next to nothing is left when nothing is in flight, for which a large request would wait for
  // ever.
  void Land(double units) {
    --flights_;
    in_flight_ = flights_ == 0 ? 0 : std::max(0.0, in_flight_ - units);
  }
  void Accelerate();
  void Grow(double seconds);
  double FillRate() const;          // units a second that may leave
  double Pause() const;             // s
  double Usual(double rate) const;  // s
  bool Holds() const;
  double LookedAt() const;  // s, of replies
  void OnTaken(const Reply& reply);
  void OnRefusal(const Reply& reply, double sent);
  void OnFirstRefusal();
  void OnMeasured();
  void OnLight();
  bool GoDark();
  void Cut(const RecentReplies::Share& share);
  void SetDry();
  void SetCut();

  Mode mode_ = Mode::kStartup;
  Description described_;        // as far as it holds
  double told_ = 0;              // units, by the last description
  double looked_ = 0;            // when that was
  double now_ = 0, began_ = -1;  // s
  double rate_ = 0;              // c: units a second that the table is thought to take; 0: not known yet
  double level_ = 0;             // units that may leave now; below zero: a pause
  double bank_ = 0;              // units that the table may have saved, at the most
  double burst_ = 1;             // times the rate, while there are any
  double window_ = 0;            // kStartup, kMeasure: units in flight at the most
  double in_flight_ = 0;         // units
  uint64_t flights_ = 0;         // requests
  double largest_ = 1;           // units of a request, of late
  double item_ = 1;              // units of an item, of late
  double asked_ = 1;             // the same, with those that went before it
  double hungry_ = 0;            // s since it was empty, in which somebody waited
  bool wanted_ = false;          // somebody was told no, and has sent nothing since
  double held_back_ = -1e9;      // when it was, the last time

  double round_trip_ = 0.02;  // s, smoothed
  RecentReplies recent_;      // kCruise: to what was sent since the last cut
  double stored_ = 0;         // units, ever
  struct Moment {
    double at = 0, stored = 0;
  };
  std::optional<Moment> dry_;  // when it was found empty the last time
  Moment held_;                // when it was last as it is described: it said so, or it refused something
  bool took_ = false;          // kMeasure: anything, since that began
  double empty_at_ = -1;       // when startup ended
  double last_stored_ = 0;     // when
  double replied_ = 0;         // when it said anything
  int refused_whole_ = 0;      // requests in a row
  double before_dark_ = 0;     // rate when that began

  ChanceRefusals chance_;
  SavedDoubt saved_doubt_;
  double budget_ = 0;  // units that may still be refused for growing
  double clean_ = 0;   // s of growth since the last cut
  double cut_at_ = -1e9;
  int cuts_in_row_ = 0;
  double stepped_ = 0;   // when the burst, or the rate after the dark, was doubled last
  double recovers_ = 0;  // to this rate, after the dark; 0: it does not
  double dark_since_ = 0, light_at_ = 0, next_try_ = 0, between_tries_ = 1, longest_try_ = 5;
};

}  // namespace ddb
