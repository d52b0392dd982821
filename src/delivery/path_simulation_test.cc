// PathBound on simulated lines: what it promises, over twenty seeds each: the median meets what is expected,
// the worst what is tolerated. Virtual time; all of it takes a few seconds.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "delivery/fill_bound.h"
#include "delivery/path_bound.h"
#include "support/delivery/figures.h"
#include "support/delivery/path_line.h"

namespace ddb {
namespace {

constexpr int kSeeds = 20;
constexpr size_t kConnections = 256;

// What FlowControl and SendWindow do with the bounds, without their locks and tables.
class Bounds {
 public:
  using Ticket = PathBound::Ticket;
  explicit Bounds(size_t workers)
      : path_(workers), workers_(workers, Worker{FillBound(kConnections / workers), 0, 0}) {}
  bool Open(size_t number) const {
    const Worker& worker = workers_[number];
    if (worker.requests == 0) return true;
    return worker.requests < worker.fill.size() && worker.bytes < worker.fill.bytes() && path_.open();
  }
  size_t BodyLimit() const { return path_.body_limit(); }
  Ticket Send(size_t number, size_t bytes, Instant now) {
    ++workers_[number].requests;
    workers_[number].bytes += bytes;
    return path_.Send(bytes, now);
  }
  void OnEnd(size_t number, const Ticket& ticket, bool answered, Instant now) {
    Worker& worker = workers_[number];
    --worker.requests;
    worker.bytes -= ticket.bytes;
    if (answered) worker.fill.OnReply(now - ticket.at);
    path_.OnEnd(ticket, answered ? PathBound::Outcome::kAnswered : PathBound::Outcome::kTimeout, now);
  }

 private:
  struct Worker {
    FillBound fill;
    size_t requests = 0;
    size_t bytes = 0;
  };
  PathBound path_;
  std::vector<Worker> workers_;
};

class PathSimulation {
 public:
  explicit PathSimulation(const LineCase& line_case) {
    for (int seed = 1; seed <= kSeeds; ++seed)
      results_.push_back(LineSimulation<Bounds>(line_case, static_cast<uint64_t>(seed)).Run());
  }
  Figures Of(const std::function<double(const LineResult&)>& figure) const {
    Figures figures;
    for (const LineResult& result : results_) figures.all.push_back(figure(result));
    return figures;
  }
  Figures Stored(double from, double to, double possible) const {
    return Of([=](const LineResult& result) { return result.Stored(from, to) / possible; });
  }
  Figures Latency(double quantile) const {
    return Of([=](const LineResult& result) { return result.Latency(quantile); });
  }
  Figures Timeouts() const {
    return Of([](const LineResult& result) { return static_cast<double>(result.timeouts); });
  }
  Figures MostInFlight() const {
    return Of([](const LineResult& result) { return result.most_in_flight; });
  }
  Figures MostRequests(double from) const {
    return Of([=](const LineResult& result) { return result.MostRequests(from); });
  }

 private:
  std::vector<LineResult> results_;
};

TEST(PathSimulationTest, FiftyKilobytesASecond) {
  LineCase line;
  line.rate = 50e3;
  line.seconds = 200;
  const PathSimulation run(line);
  const Figures stored = run.Stored(0, line.seconds, line.rate * line.seconds);
  EXPECT_GE(stored.median(), 0.97);
  EXPECT_GE(stored.least(), 0.90);
  EXPECT_EQ(run.Timeouts().most(), 0);
  EXPECT_LE(run.MostInFlight().median(), 150e3);
  EXPECT_LE(run.MostInFlight().most(), 200e3);
}

TEST(PathSimulationTest, BodiesOfASecond) {
  LineCase line;
  line.rate = 1e6;
  line.body = 1000000;  // one item: it cannot be made smaller
  line.seconds = 120;
  const PathSimulation run(line);
  const Figures stored = run.Stored(0, line.seconds, line.rate * line.seconds);
  EXPECT_GE(stored.median(), 0.97);
  EXPECT_GE(stored.least(), 0.90);
  EXPECT_EQ(run.Timeouts().most(), 0);
  EXPECT_LE(run.MostRequests(60).median(), 4);
}

// A body of 25 items of 20 KB; each worker has a connection at least.
TEST(PathSimulationTest, ManyWorkersOnASlowLine) {
  for (const int workers : {1, 4, 16}) {
    LineCase line;
    line.rate = 1e6;
    line.body = 500000;
    line.items = 25;
    line.workers = workers;
    line.seconds = 140;
    const PathSimulation run(line);
    const Figures stored = run.Stored(20, line.seconds, line.rate * 120);
    EXPECT_GE(stored.least(), 0.95) << workers;
    EXPECT_EQ(run.Timeouts().most(), 0) << workers;
    EXPECT_LE(run.MostRequests(20).median(), 4.0 * std::max(2, workers)) << workers;
    EXPECT_LE(run.MostRequests(20).most(), 8.0 * std::max(2, workers)) << workers;
    EXPECT_LE(run.Latency(0.99).most(), 5) << workers;
  }
}

TEST(PathSimulationTest, BodiesThatWouldOutlastTheDeadlineAreMadeSmaller) {
  LineCase line;
  line.rate = 100e3;
  line.body = 16000000;  // 160 s
  line.items = 160;
  line.seconds = 200;
  const PathSimulation run(line);
  EXPECT_GE(run.Stored(0, line.seconds, line.rate * line.seconds).least(), 0.90);
  EXPECT_EQ(run.Timeouts().most(), 0);
}

TEST(PathSimulationTest, TenMegabytesASecond) {
  LineCase line;
  line.rate = 10e6;
  line.seconds = 20;
  const PathSimulation run(line);
  const Figures stored = run.Stored(2, line.seconds, line.rate * 18);
  EXPECT_GE(stored.median(), 0.97);
  EXPECT_GE(stored.least(), 0.95);
  const double idle = line.round_trip + static_cast<double>(line.body) / line.rate;
  EXPECT_LE(run.Latency(0.5).median(), 1.5 * idle);
  EXPECT_LE(run.Latency(0.5).most(), 2 * idle);
}

TEST(PathSimulationTest, ALineThatChangesIsFollowed) {
  for (const int workers : {1, 4}) {
    LineCase line;
    line.rate = 10e6;
    line.steps = {{10, 0.5e6}, {40, 10e6}};
    line.workers = workers;
    line.seconds = 50;
    const PathSimulation run(line);
    const Figures stored = run.Stored(0, line.seconds, 10e6 * 20 + 0.5e6 * 30);
    EXPECT_GE(stored.median(), 0.95) << workers;
    EXPECT_GE(stored.least(), 0.90) << workers;
    EXPECT_LE(run.Latency(0.99).median(), 1) << workers;
    EXPECT_LE(run.Latency(0.99).most(), 3) << workers;
    EXPECT_GE(run.Stored(15, 40, 0.5e6 * 25).least(), 0.90) << workers;
    EXPECT_GE(run.Stored(45, 50, 10e6 * 5).least(), 0.90) << workers;
    EXPECT_EQ(run.Timeouts().most(), 0) << workers;
  }
}

TEST(PathSimulationTest, RepliesThatStall) {
  LineCase line;
  line.rate = 10e6;
  line.stall_share = 0.01;
  line.seconds = 20;
  const PathSimulation run(line);
  const Figures stored = run.Stored(2, line.seconds, line.rate * 18);
  EXPECT_GE(stored.median(), 0.95);
  EXPECT_GE(stored.least(), 0.90);
}

TEST(PathSimulationTest, NothingIsAnsweredForAMinute) {
  LineCase line;
  line.rate = 10e6;
  line.dead_from = 5;
  line.dead_to = 65;
  line.seconds = 100;
  const PathSimulation run(line);
  const Figures last_sends = run.Of([](const LineResult& result) {
    return static_cast<double>(
        std::count_if(result.requests.begin(), result.requests.end(),
                      [](const auto& sent) { return sent.first > 20 && sent.first < 65; }));
  });
  EXPECT_LE(last_sends.most(), 2);  // one a deadline
  EXPECT_GE(run.Stored(75, 100, 10e6 * 25).median(), 0.90);
  EXPECT_GE(run.Stored(95, 100, 10e6 * 5).least(), 0.90);
}

TEST(PathSimulationTest, ASlowTableDoesNotShrinkTheLine) {
  LineCase line;
  line.rate = 100e6;
  line.round_trip = 0.02;
  line.offered = [](double now) { return now < 20 ? 10e3 : 40e6; };
  line.seconds = 25;
  const PathSimulation run(line);
  EXPECT_GE(run.Stored(21, 25, 40e6 * 4).median(), 0.90);
  EXPECT_GE(run.Stored(23, 25, 40e6 * 2).least(), 0.90);
}

// What a worker can build, 300 MB/s, goes to a table that answers soon; to one that answers at once, over few
// connections.
TEST(PathSimulationTest, AFastLineIsNoBound) {
  LineCase line;
  line.cpu = 300e6;
  line.body = 10000;
  line.round_trip = 0.005;
  line.seconds = 1;
  const PathSimulation near(line);
  EXPECT_GE(near.Stored(0.25, 1, 300e6 * 0.75).least(), 0.97);
  line.round_trip = 0.0001;
  const PathSimulation here(line);
  EXPECT_GE(here.Stored(0.25, 1, 300e6 * 0.75).least(), 0.88);  // FillBound's matter
  EXPECT_LE(here.MostRequests(0).most(), 24);
}

TEST(PathSimulationTest, AServiceThatBecomesSlowIsNoFullLine) {
  LineCase line;
  line.cpu = 100e6;
  line.round_trip = 0.005;
  line.service = [](double now) { return now < 3 ? 0 : 0.06; };
  line.seconds = 8;
  const PathSimulation run(line);
  EXPECT_GE(run.Stored(4, 8, 100e6 * 4).least(), 0.90);
}

}  // namespace
}  // namespace ddb
