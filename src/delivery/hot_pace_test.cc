#include "delivery/hot_pace.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A partition that takes so many units a second, and saves one second of them; items of one unit, 10 ms a
// reply. More always waits.
class Partition {
 public:
  explicit Partition(double takes) : takes_(takes) {}

  void Pass(seconds time) {
    for (const Instant end = now_ + time; now_ < end; now_ += milliseconds(10)) {
      saved_ = std::min(takes_, saved_ + takes_ / 100);
      while (pace_.MaySend(0, now_)) Send();
    }
  }
  void Takes(double units) { takes_ = units; }
  void Reset() { stored_ = refused_ = 0; }
  double stored() const { return stored_; }
  double refused() const { return refused_; }

  HotPace pace_;

 private:
  void Send() {
    pace_.Send(1);
    const bool taken = saved_ >= 1;
    saved_ -= taken ? 1 : 0;
    (taken ? stored_ : refused_) += 1;
    pace_.OnReply(now_, 1, taken ? 0 : 1, 1, now_ + milliseconds(10));
  }

  double takes_, saved_ = 0, stored_ = 0, refused_ = 0;
  Instant now_{seconds(1000)};
};

TEST(HotPaceTest, FollowsWhatThePartitionTakes) {
  for (const double takes : {2, 20, 300}) {
    SCOPED_TRACE(takes);
    Partition partition(takes);
    partition.Pass(seconds(60));
    partition.Reset();
    partition.Pass(seconds(120));
    EXPECT_GE(partition.stored(), 0.85 * 120 * takes);
    EXPECT_LE(partition.refused(), 0.03 * 120 * takes + 60) << "one in two seconds";
  }
}

TEST(HotPaceTest, FindsMoreAndLess) {
  Partition partition(20);
  partition.Pass(seconds(60));
  partition.Takes(100);
  partition.Pass(seconds(60));
  partition.Reset();
  partition.Pass(seconds(20));
  EXPECT_GE(partition.stored(), 0.8 * 20 * 100);
  partition.Takes(10);
  partition.Pass(seconds(15));
  partition.Reset();
  partition.Pass(seconds(20));
  EXPECT_GE(partition.stored(), 0.8 * 20 * 10);
  EXPECT_LE(partition.refused(), 20);
}

TEST(HotPaceTest, OneThatTakesNothingIsTriedEveryFiveSecondsAndFoundWithinThem) {
  Partition partition(100);
  partition.Pass(seconds(20));
  partition.Takes(0);
  partition.Pass(seconds(120));
  partition.Reset();
  partition.Pass(seconds(60));
  EXPECT_GE(partition.refused(), 10);
  EXPECT_LE(partition.refused(), 14);
  partition.Takes(100);
  partition.Reset();
  partition.Pass(seconds(6));
  EXPECT_GE(partition.stored(), 1);
}

TEST(HotPaceTest, NearTheEndOfARunItIsTriedMoreOften) {
  Partition partition(0);
  partition.Pass(seconds(120));
  partition.pace_.Hurry();
  partition.Reset();
  partition.Pass(seconds(4));
  EXPECT_GE(partition.refused(), 2);
}

}  // namespace
}  // namespace ddb
