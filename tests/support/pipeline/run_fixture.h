// A run on a thread of its own between two pipes, and a store in memory that its workers' clients write to.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "pipeline/run.h"
#include "support/pipeline/plans.h"

namespace ddb {

// By this clock nothing ever grows old.
class StoppedClock final : public Clock {
 public:
  Instant Now() const override { return now_; }
  int64_t WallMillis() const override { return 0; }

 private:
  const Instant now_ = RealClock().Now();
};

// A table store that all workers' clients write to: the ids of the records that were stored.
class FakeStore {
 public:
  void Store(std::string_view body) {
    static constexpr std::string_view kId = R"("id":{"N":")";
    MutexLock lock(mu_);
    for (size_t at = body.find(kId); at != std::string_view::npos; at = body.find(kId, at + 1)) {
      const size_t begin = at + kId.size();
      ids_.insert(std::string(body.substr(begin, body.find('"', begin) - begin)));
    }
  }
  size_t size() const {
    MutexLock lock(mu_);
    return ids_.size();
  }
  bool Has(const std::string& id) const {
    MutexLock lock(mu_);
    return ids_.count(id) > 0;
  }

 private:
  mutable Mutex mu_;
  std::multiset<std::string> ids_ GUARDED_BY(mu_);
};

// What the clients of all workers have in common.
struct ClientBehaviour {
  std::chrono::microseconds delay{0};             // of a reply
  std::function<void()> on_send = [] {};          // on any worker's thread
  std::atomic<uint64_t> times_workers_looked{0};  // a worker that looks what to do asks what is in flight
};

class StoringClient final : public Client {
 public:
  StoringClient(EventLoop& loop, FakeStore& store, ClientBehaviour& behaviour)
      : loop_(loop), store_(store), behaviour_(behaviour) {}
  void Send(const Operation&, Buffer& body, Done done) override {
    ++in_flight_;
    behaviour_.on_send();
    auto timer = std::make_shared<EventLoop::Timer>(loop_);
    EventLoop::Timer& start = *timer;
    auto answer = [this, timer = std::move(timer), &body, done = std::move(done)] {
      --in_flight_;
      store_.Store(body.view());
      Reply reply;
      reply.body = R"({"UnprocessedItems":{}})";
      done(reply);
    };
    if (behaviour_.delay.count() == 0) {
      loop_.Post(std::move(answer));
    } else {
      start.Start(RealClock().Now() + behaviour_.delay, std::move(answer));
    }
  }
  size_t in_flight() const override {
    ++behaviour_.times_workers_looked;
    return in_flight_;
  }

 private:
  EventLoop& loop_;
  FakeStore& store_;
  ClientBehaviour& behaviour_;
  size_t in_flight_ = 0;
};

// A run on a thread of its own, between two pipes, with as many workers as the test says.
class RunTest : public ::testing::TestWithParam<int> {
 protected:
  RunTest() {
    EXPECT_EQ(pipe2(in_, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(out_, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(signal_, O_CLOEXEC | O_NONBLOCK), 0);
    fcntl(out_[1], F_SETPIPE_SZ, 1 << 20);
    plan_.workers = GetParam();
    prepare_ = TablesAreThere(plan_);
  }
  ~RunTest() override {
    if (run_.joinable()) run_.join();
    for (const int fd : {in_[0], in_[1], out_[0], out_[1], signal_[0], signal_[1]}) {
      if (fd >= 0) close(fd);
    }
  }

  static std::string Record(const std::string& stream, int id) {
    return fmt::format(R"({{"type":"RECORD","record":{{"stream":"{}","data":{{"id":{}}},"emitted_at":1}}}})",
                       stream, id) +
           "\n";
  }
  static std::string State(const std::string& stream, int n) {
    return fmt::format(
               R"({{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":{{"name":"{}"}},"stream_state":{{"n":{}}}}}}}}})",
               stream, n) +
           "\n";
  }
  void Start() {
    run_ = std::thread([this] {
      const Clock& clock = *clock_;
      MessageWriter writer(out_[1], LogLevel::kError, clock, &budget_);
      const ClientFactory make_client = [this](EventLoop& loop) {
        ++clients_;
        return std::make_unique<StoringClient>(loop, store_, behaviour_);
      };
      result_ = RunSync(plan_, {.clock = clock,
                                .writer = writer,
                                .budget = budget_,
                                .make_client = make_client,
                                .prepare = prepare_,
                                .replace = replace_,
                                .to_replace = to_replace_,
                                .finish = finish_,
                                .input_fd = in_[0],
                                .signal_fd = signal_[0]});
      (void)writer.Flush(clock.Now() + std::chrono::seconds(10));
    });
  }
  // So many records of both streams, with a STATE of each after every `each`; all is stored, every STATE
  // comes out, and what it took of the budget is given back.
  void ExpectThatAllIsStored(int records, int each) {
    Start();
    std::string text;
    for (int i = 0; i < records; ++i) {
      text += Record(i % 3 == 0 ? "orders" : "users", i);
      if (i % each == each - 1) text += State("users", i) + State("orders", i);
    }
    std::thread sender([&] { Send(text); });
    sender.join();
    Finish();
    EXPECT_EQ(result_.reason, StopReason::kNone);
    EXPECT_EQ(store_.size(), static_cast<size_t>(records));
    EXPECT_EQ(AllLines().size(), static_cast<size_t>(2 * (records / each)));
    EXPECT_EQ(budget_.used(), 0u);
  }
  void Signal() { ASSERT_EQ(write(signal_[1], "!", 1), 1); }
  void Send(const std::string& text) {
    size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t n = write(in_[1], text.data() + sent, text.size() - sent);
      ASSERT_GT(n, 0);
      sent += static_cast<size_t>(n);
    }
  }
  void EndInput() {
    close(in_[1]);
    in_[1] = -1;
  }
  void Finish() {
    EndInput();
    Join();
  }
  void Join() {
    run_.join();
    close(out_[1]);
    out_[1] = -1;
  }
  // The next line of output, or "" at its end or after 60 s.
  std::string NextLine() {
    while (true) {
      const size_t newline = read_.find('\n');
      if (newline != std::string::npos) {
        std::string line = read_.substr(0, newline);
        read_.erase(0, newline + 1);
        return line;
      }
      pollfd ask{out_[0], POLLIN, 0};
      if (poll(&ask, 1, 60'000) <= 0) return "";
      char bytes[4096];
      const ssize_t n = read(out_[0], bytes, sizeof bytes);
      if (n <= 0) return "";
      read_.append(bytes, static_cast<size_t>(n));
    }
  }
  std::vector<std::string> AllLines() {
    std::vector<std::string> lines;
    for (std::string line = NextLine(); !line.empty(); line = NextLine()) lines.push_back(line);
    return lines;
  }

  const RealClock real_clock_;
  const Clock* clock_ = &real_clock_;
  int in_[2];
  int out_[2];
  int signal_[2];
  std::string read_;
  RunPlan plan_ = PlanOf({"users", "orders"});
  PrepareStep prepare_;
  ReplaceStep replace_;
  std::function<std::vector<TableNo>()> to_replace_;
  FinishStep finish_;
  MemoryBudget budget_{64u << 20};
  FakeStore store_;
  ClientBehaviour behaviour_;
  std::atomic<int> clients_{0};
  RunResult result_;
  std::thread run_;
};

}  // namespace ddb
