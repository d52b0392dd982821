#include "delivery/path_bound.h"

#include <gtest/gtest.h>

#include <vector>

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Outcome = PathBound::Outcome;

constexpr size_t kBody = 25000;

// One worker that sends all that it may, to a line that answers one body after the other.
class PathBoundTest : public ::testing::Test {
 protected:
  void Fill() {
    while (flight_.empty() || path_.open()) flight_.push_back(path_.Send(kBody, now_));
  }
  // Answers what is in flight in turn, each so long after it left at the least, and one in each `pace`.
  void Answer(size_t count, Duration latency, Duration pace, Outcome outcome = Outcome::kAnswered) {
    for (size_t i = 0; i < count; ++i) {
      Fill();
      const PathBound::Ticket ticket = flight_.front();
      flight_.erase(flight_.begin());
      now_ = std::max(now_ + pace, ticket.at + latency);
      path_.OnEnd(ticket, outcome, now_);
    }
    Fill();
  }
  PathBound path_{1};
  Instant now_ = Instant{} + seconds(1003);
  std::vector<PathBound::Ticket> flight_;
};

TEST_F(PathBoundTest, BeginsWithALittle) {
  Fill();
  EXPECT_EQ(flight_.size(), 2u);
  EXPECT_EQ(path_.body_limit(), 1u << 20);
}

TEST_F(PathBoundTest, OpensWhileTheLineTakesMore) {
  Answer(600, milliseconds(50), milliseconds(0));
  EXPECT_GT(path_.window(), 4u << 20);
}

TEST_F(PathBoundTest, HoldsWhatTheLineHolds) {
  Answer(2000, milliseconds(50), milliseconds(5));  // 5 MB/s
  EXPECT_GE(path_.window(), 250000u);
  EXPECT_LE(path_.window(), 500000u);
  EXPECT_NEAR(static_cast<double>(path_.body_limit()), 2.5e6, 0.5e6);
}

TEST_F(PathBoundTest, ALineThatSlowsDownIsFollowedAndOneThatRecoversToo) {
  Answer(2000, milliseconds(50), milliseconds(5));
  Answer(60, milliseconds(50), milliseconds(100));  // a twentieth
  EXPECT_LE(path_.window(), 60000u);
  Answer(400, milliseconds(50), milliseconds(5));
  EXPECT_GE(path_.window(), 250000u);
}

TEST_F(PathBoundTest, AFartherServiceIsNoQueue) {
  Answer(3000, milliseconds(30), milliseconds(2));
  Answer(3000, milliseconds(300), milliseconds(2));
  EXPECT_GE(path_.window(), 3000000u);  // 12.5 MB/s x 300 ms
}

TEST_F(PathBoundTest, ATimeOutHalvesOnceForAllThatWereInFlight) {
  Answer(2000, milliseconds(50), milliseconds(5));
  const size_t before = path_.window();
  now_ += seconds(1);
  const std::vector<PathBound::Ticket> flight = flight_;
  path_.OnEnd(flight[0], Outcome::kAnswered, now_);
  for (size_t i = 1; i < flight.size(); ++i)
    path_.OnEnd(flight[i], i % 2 ? Outcome::kTimeout : Outcome::kLost, now_);
  EXPECT_LE(path_.window(), before * 6 / 10);
  EXPECT_GE(path_.window(), before * 4 / 10);
}

TEST_F(PathBoundTest, ASilentLineGetsOneRequestAtATime) {
  Answer(2000, milliseconds(50), milliseconds(5));
  now_ += seconds(30);
  for (const PathBound::Ticket& ticket : flight_) path_.OnEnd(ticket, Outcome::kTimeout, now_);
  flight_.clear();
  Fill();
  EXPECT_EQ(flight_.size(), 1u);
  Answer(1, seconds(30), milliseconds(0), Outcome::kTimeout);
  EXPECT_EQ(flight_.size(), 1u);
  Answer(200, milliseconds(50), milliseconds(5));
  EXPECT_GE(path_.window(), 200000u);
}

TEST_F(PathBoundTest, WhatWasNotSentSaysNothingOfTheLine) {
  Answer(2000, milliseconds(50), milliseconds(5));
  const size_t before = path_.window();
  while (!flight_.empty()) {
    now_ += milliseconds(5);
    path_.OnEnd(flight_.back(), Outcome::kAnswered, now_);
    flight_.pop_back();
  }
  for (int i = 0; i < 500; ++i) {  // one small request a second
    const PathBound::Ticket ticket = path_.Send(200, now_);
    path_.OnEnd(ticket, Outcome::kAnswered, now_ + milliseconds(50));
    now_ += seconds(1);
  }
  EXPECT_GE(path_.window(), before / 2);
}

TEST_F(PathBoundTest, RefusalsSayNothingOfTheLine) {
  Answer(2000, milliseconds(50), milliseconds(5));
  const size_t before = path_.window();
  Answer(2000, milliseconds(2), milliseconds(0), Outcome::kRefused);
  EXPECT_EQ(path_.window(), before);
}

TEST_F(PathBoundTest, BodiesAreAsLargeAsTheLineTakesInHalfASecond) {
  PathBound path(4);
  EXPECT_EQ(path.body_limit(), PathBound::kFirstBodies / 4);
  Instant now = now_;
  for (int i = 0; i < 20; ++i) {  // 100 KB/s
    const PathBound::Ticket ticket = path.Send(100000, now);
    now += seconds(1);
    path.OnEnd(ticket, Outcome::kAnswered, now);
  }
  EXPECT_EQ(path.body_limit(), PathBound::kLeastBody);  // a quarter of 50 KB is less
}

TEST_F(PathBoundTest, WithoutAnAnswerBodiesBecomeSmaller) {
  for (int i = 0; i < 10; ++i) {
    const PathBound::Ticket ticket = path_.Send(200000, now_);
    now_ += seconds(30);
    path_.OnEnd(ticket, Outcome::kTimeout, now_);
  }
  EXPECT_EQ(path_.body_limit(), PathBound::kLeastBody);
}

}  // namespace
}  // namespace ddb
