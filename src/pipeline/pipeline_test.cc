#include "pipeline/pipeline.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "dynamodb/requests.h"

namespace ddb {
namespace {

using std::chrono::seconds;

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

class FakeClient final : public Client {
 public:
  FakeClient(EventLoop& loop, FakeStore& store) : loop_(loop), store_(store) {}
  void Send(std::string_view, Buffer& body, Done done) override {
    ++in_flight_;
    loop_.Post([this, &body, done = std::move(done)] {
      --in_flight_;
      store_.Store(body.view());
      Reply reply;
      reply.body = R"({"UnprocessedItems":{}})";
      done(reply);
    });
  }
  size_t in_flight() const override { return in_flight_; }

 private:
  EventLoop& loop_;
  FakeStore& store_;
  size_t in_flight_ = 0;
};

// Nothing ever grows old by it.
class StoppedClock final : public Clock {
 public:
  Instant Now() const override { return now_; }
  int64_t WallMillis() const override { return 0; }

 private:
  const Instant now_ = RealClock().Now();
};

class PipelineTest : public ::testing::TestWithParam<int> {
 protected:
  PipelineTest() {
    EXPECT_EQ(pipe2(in_, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(out_, O_CLOEXEC), 0);
    fcntl(out_[1], F_SETPIPE_SZ, 1 << 20);
    for (const char* name : {"users", "orders"}) {
      TableTarget target;
      target.name = std::string("t_") + name;
      target.stream.name = name;
      target.keys.hash = {"_airbyte_ab_id", 'S'};
      target.keys.range = KeyAttribute{"sync_time", 'N'};
      target.request_prefix = BatchWriteHead(target.name);
      target.request_suffix = kBatchWriteTail;
      options_.tables.push_back(std::move(target));
      options_.encodings.push_back({1000, std::nullopt, std::nullopt});
    }
    options_.input_fd = in_[0];
    options_.workers = GetParam();
  }
  ~PipelineTest() override {
    if (run_.joinable()) run_.join();
    for (const int fd : {in_[0], in_[1], out_[0], out_[1]}) {
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
      result_ = RunPipeline(
          options_, [this](EventLoop& loop) { return std::make_unique<FakeClient>(loop, store_); }, clock,
          writer, budget_);
      (void)writer.Flush(clock.Now() + seconds(10));
    });
  }
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
  std::string read_;
  PipelineOptions options_;
  MemoryBudget budget_{64u << 20};
  FakeStore store_;
  PipelineResult result_;
  std::thread run_;
};

TEST_P(PipelineTest, StoresEveryRecordAndReleasesEveryState) {
  Start();
  std::string text;
  constexpr int kRecords = 20'000;
  for (int i = 0; i < kRecords; ++i) {
    text += Record(i % 3 == 0 ? "orders" : "users", i);
    if (i % 1000 == 999) text += State("users", i) + State("orders", i);
  }
  std::thread sender([&] { Send(text); });
  sender.join();
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(store_.size(), static_cast<size_t>(kRecords));
  EXPECT_EQ(AllLines().size(), 40u);
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_P(PipelineTest, AStateIsOutWhileStdinIsHeldOpenAndSilent) {
  Start();
  Send(Record("users", 1) + Record("users", 2) + Record("users", 3) + State("users", 3));
  const std::string line = NextLine();
  EXPECT_NE(line.find(R"("destinationStats":{"recordCount":3.0})"), std::string::npos) << line;
  EXPECT_EQ(store_.size(), 3u);
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
}

TEST_P(PipelineTest, AStateThatWaitsDoesNotWaitForItsBatchToGrowOld) {
  const StoppedClock clock;
  clock_ = &clock;
  Start();
  Send(Record("users", 1) + State("users", 1));
  EXPECT_NE(NextLine().find(R"("n":1)"), std::string::npos);
  Send(Record("orders", 2) + Record("users", 3) + State("users", 2));
  EXPECT_NE(NextLine().find(R"("n":2)"), std::string::npos);
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
  EXPECT_EQ(store_.size(), 3u);
}

TEST_P(PipelineTest, RecordsThatNoStateWaitsForAreStoredWhileStdinIsHeldOpen) {
  Start();
  for (int i = 1; i <= 3; ++i) {
    Send(Record("users", i) + Record("orders", 100 + i));
    const Instant limit = RealClock().Now() + seconds(60);
    while (store_.size() < 2u * static_cast<size_t>(i) && RealClock().Now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_EQ(store_.size(), 2u * static_cast<size_t>(i));
  }
  Finish();
  EXPECT_EQ(result_.reason, StopReason::kNone);
}

TEST_P(PipelineTest, AMalformedLineIsABarrier) {
  Start();
  Send(Record("users", 1) + State("users", 1) + "{\"type\":\"RECORD\",\"record\":{\n" + Record("users", 2) +
       State("users", 2));
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_NE(result_.error->message.find("Line 3"), std::string::npos) << result_.error->message;
  EXPECT_TRUE(store_.Has("1"));
  const std::vector<std::string> lines = AllLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("n":1)"), std::string::npos);
}

TEST_P(PipelineTest, ARecordOfAnUnknownStreamFailsTheRunByName) {
  Start();
  Send(Record("users", 1) + State("users", 1) + Record("strangers", 2));
  Finish();
  ASSERT_EQ(result_.reason, StopReason::kFailure);
  EXPECT_NE(result_.error->message.find("strangers"), std::string::npos);
  EXPECT_EQ(AllLines().size(), 1u);
}

TEST_P(PipelineTest, TheStreamMayComeBehindTheData) {
  Start();
  Send("{\"record\":{\"data\":{\"id\":7},\"emitted_at\":1,\"stream\":\"orders\"},\"type\":\"RECORD\"}\n" +
       State("orders", 1));
  const std::string line = NextLine();
  EXPECT_NE(line.find(R"({"recordCount":1.0})"), std::string::npos) << line;
  Finish();
  EXPECT_TRUE(store_.Has("7"));
}

TEST_P(PipelineTest, AClosedStdoutStopsTheRun) {
  Start();
  Send(Record("users", 1));
  close(out_[0]);
  out_[0] = -1;
  Send(State("users", 1));
  run_.join();
  EXPECT_EQ(result_.reason, StopReason::kStdoutClosed);
}

INSTANTIATE_TEST_SUITE_P(Workers, PipelineTest, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace ddb
