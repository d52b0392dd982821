// ChanceRefusals: tells refusals that a lower rate makes fewer from those that come whatever the rate: by
// chance, of a key that is hot, of a partition in trouble. To cut the rate for those is to lose it: a
// twentieth refused by chance would leave a hundredth of the capacity in use.
//
// How they are told apart: what a table stored a second, while it refused the rest, is what it takes, if its
// capacity is the reason. So once the rate has been cut well below that, others that write to the table have
// had the time to do so, too, and the table that to save what the largest item costs, nothing may be refused
// any more. What still is, is chance, and its share is left out of account from then on; for five minutes, as
// it may have been another process that went away.
//
// Pure, a part of CapacityBound. Units are write units, times are seconds.
#pragma once

#include <algorithm>
#include <cstddef>

namespace ddb {

class ChanceRefusals {
 public:
  // A reply to a request sent at `sent`.
  void OnReply(double sent, double stored, double refused) {
    if (sent > row_.began) row_.stored += stored;
    if (testing_ && sent > test_.began) {
      test_.sent += stored + refused;
      test_.refused += refused;
      test_.refusals += refused > 0 ? 1 : 0;
    }
    if (share_ <= 0) return;
    seen_ += stored + refused;
    seen_refused_ += refused;
    if (seen_ < enough_) return;
    share_ = std::min(most_share_, share_ + kLearns * (seen_refused_ / seen_ - share_));
    seen_ = seen_refused_ = 0;
  }

  struct Verdict {
    enum { kCut, kHold, kGoBack } what = kCut;
    double rate = 0;  // with kGoBack
  };
  // Too much was refused at `rate`, which is to be cut for it. `item`: units of a large one.
  Verdict OnCut(double now, double rate, double item) {
    const bool anew = now - cut_ > std::max(kRow, kRowItems * item / rate);
    cut_ = now;
    if (anew || row_.rate <= 0) {
      row_ = {now, rate, 0};
      testing_ = false;
      return {Verdict::kCut};
    }
    const double taken = row_.stored / (now - row_.began);
    if (!testing_ && rate < kWellBelow * taken) {
      testing_ = true;
      test_ = {now + std::max(kOthersCut, item / ((1 - kWellBelow) * taken)), 0, 0, 0};
    }
    if (!testing_) return {Verdict::kCut};
    if (test_.refusals < kRefusals) return {Verdict::kHold};
    return Judge(now, item);
  }

  void Clear() { *this = {}; }

  // Of what is sent, refused whatever the rate.
  double share(double now) const { return now - found_ < kHolds ? share_ : 0; }

 private:
  // Cuts follow each other within so many seconds, or the time of so many items.
  static constexpr double kRow = 30;
  static constexpr double kRowItems = 200;
  static constexpr double kWellBelow = 0.7;  // of what was stored a second in a row of cuts
  static constexpr double kOthersCut = 2;    // s, in which other processes find out, too
  static constexpr int kRefusals = 4;        // replies with one, at least, at a rate that is well below
  static constexpr double kLeast = 0.02;     // of what was sent at it
  static constexpr double kHolds = 300;
  static constexpr double kLearns = 0.2;  // from so many items each
  static constexpr double kEnough = 200;

  Verdict Judge(double now, double item) {
    testing_ = false;
    const double back = row_.rate;
    row_.rate = 0;
    if (test_.refused < kLeast * test_.sent) return {Verdict::kCut};
    most_share_ = share_ = test_.refused / test_.sent;
    if (now - found_ > 2 * kHolds) top_ = 0;
    found_ = now;
    seen_ = seen_refused_ = 0;
    enough_ = kEnough * item;
    top_ = std::max(top_, back);
    return {Verdict::kGoBack, top_};
  }

  struct Row {  // of cuts
    double began = -1e9, rate = 0, stored = 0;
  } row_;
  double cut_ = -1e9;
  bool testing_ = false;
  struct Test {
    double began = 0, sent = 0, refused = 0;
    int refusals = 0;
  } test_;
  double share_ = 0, most_share_ = 0, found_ = -1e9;
  double top_ = 0;  // the highest rate that was gone back to
  double seen_ = 0, seen_refused_ = 0, enough_ = 0;
};

// SavedDoubt: whether what a table had saved is gone, when it refuses something while there may be some left.
// One refusal among many items that were stored may be chance, and five minutes of capacity are not given up
// for that: what is sent next tells. Of an empty table hardly anything of it would be stored.
class SavedDoubt {
 public:
  void OnReply(double sent, double stored, double refused) {
    if (since_ < 0 || sent <= since_) return;
    ++requests_;
    sent_ += stored + refused;
    refused_ += refused;
    if (requests_ >= kForgets && refused_ <= kShare * sent_) Clear();
  }
  // Of a request of so many items so many units were stored, and some refused: that may be chance.
  bool MayBeChance(double now, double stored, double refused, size_t items) {
    if (refused >= stored && items >= kNoChance) return false;
    if (since_ < 0) since_ = now;
    return requests_ < kRequests || refused_ <= kShare * sent_;
  }
  void Clear() { *this = {}; }

 private:
  static constexpr size_t kRequests = 5;  // after the first refusal; so many tell
  static constexpr size_t kForgets = 20;  // and so many that it was chance
  static constexpr double kShare = 0.1;   // of them, refused at the most
  static constexpr size_t kNoChance = 5;  // items, half of which are refused

  double since_ = -1;
  size_t requests_ = 0;
  double sent_ = 0, refused_ = 0;
};

}  // namespace ddb
