// All per record, at 25 a request. hash: SHA-256 of a request's body, by OpenSSL, ours, ours of two bodies at
// once. sign: the head of a request whose hash is known. reply: reading the reply that says that everything
// was stored. send: a request to the sink, in a thread of this process, and its reply, over kept-alive
// connections; CPU of the client's thread alone.
#include <benchmark/benchmark.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http_client.h"
#include "aws/reply_parser.h"
#include "aws/sha256.h"
#include "aws/sha256_kernels.h"
#include "aws/signer.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "dynamodb/write_request.h"
#include "sink/server.h"
#include "stages/records.h"

namespace {

// Of 25 items of the three sets, in bytes.
constexpr size_t kBody[] = {10'200, 36'000, 283'000};
constexpr std::string_view kTarget = "DynamoDB_20120810.BatchWriteItem";
constexpr int64_t kNow = 1700000000000;

ddb::Signer MakeSigner(const ddb::Endpoint& endpoint) {
  return ddb::Signer(endpoint, std::make_shared<ddb::StaticCredentials>("bench", "bench"));
}

void CountRequests(benchmark::State& state, int64_t requests) {
  state.SetItemsProcessed(state.iterations() * requests * 25);
  state.SetBytesProcessed(state.iterations() * requests * static_cast<int64_t>(kBody[state.range(0)]));
  state.SetLabel(bench::SetName(static_cast<int>(state.range(0))));
}

void HashOpenSsl(benchmark::State& state) {
  const std::string body(kBody[state.range(0)], 'x');
  for (auto _ : state) benchmark::DoNotOptimize(ddb::sha256::ByOpenSsl(body));
  CountRequests(state, 1);
}
BENCHMARK(HashOpenSsl)->DenseRange(0, 2);

void Hash(benchmark::State& state) {
  const std::string body(kBody[state.range(0)], 'x');
  for (auto _ : state) benchmark::DoNotOptimize(ddb::Sha256(body));
  CountRequests(state, 1);
}
BENCHMARK(Hash)->DenseRange(0, 2);

void HashPair(benchmark::State& state) {
  const std::string first(kBody[state.range(0)], 'x'), second(first.size(), 'y');
  for (auto _ : state) benchmark::DoNotOptimize(ddb::Sha256Pair(first, second));
  CountRequests(state, 2);
}
BENCHMARK(HashPair)->DenseRange(0, 2);

void Sign(benchmark::State& state) {
  const ddb::Endpoint endpoint = *ddb::ResolveEndpoint("http://127.0.0.1:8000", "us-east-1");
  ddb::Signer signer = MakeSigner(endpoint);
  const ddb::Sha256Digest digest = ddb::Sha256("body");
  int64_t now = kNow;
  for (auto _ : state) benchmark::DoNotOptimize(signer.SignedHead(kTarget, 10'200, digest, now += 25));
  state.SetItemsProcessed(state.iterations() * 25);
}
BENCHMARK(Sign);

void Reply(benchmark::State& state) {
  constexpr std::string_view kReply =
      "HTTP/1.1 200 OK\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: "
      "23\r\n"
      "Connection: keep-alive\r\nx-amzn-RequestId: 0000000000000000000000000000000000000000000000000000\r\n"
      "x-amz-crc32: 0\r\n\r\n{\"UnprocessedItems\":{}}";
  const std::vector<ddb::SentItem> sent(25, {ddb::WriteOp::kPut, R"({"id":{"S":"1"}})"});
  const ddb::WriteKind kind = ddb::BatchWrite("table", {{"id", 'S'}, {}});
  ddb::ReplyParser parser;
  ddb::WriteOutcome outcome;
  for (auto _ : state) {
    parser.Reset(1 << 20);
    if (parser.Feed(kReply) != ddb::ReplyParser::State::kDone ||
        !kind.ReadReply({{}, parser.body(), {}}, sent, outcome)) {
      state.SkipWithError("not a reply");
    }
  }
  state.SetItemsProcessed(state.iterations() * 25);
}
BENCHMARK(Reply);

// The sink, in its own thread until the end of its life.
class SinkThread {
 public:
  SinkThread() : server_(std::chrono::nanoseconds(0), nullptr), thread_([this] { server_.Run(stop_); }) {}
  ~SinkThread() {
    stop_ = 1;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.plain_port()); }

 private:
  volatile std::sig_atomic_t stop_ = 0;
  bench::Server server_;
  std::thread thread_;
};

void Send(benchmark::State& state) {
  constexpr size_t kInFlight = 64;
  std::signal(SIGTERM, [](int) {});
  SinkThread sink;
  const ddb::Endpoint endpoint = *ddb::ResolveEndpoint(sink.url(), "us-east-1");
  const std::string body(kBody[state.range(0)], 'x');
  const std::string request = std::string(MakeSigner(endpoint).SignedHead(kTarget, body, kNow)) + body;
  const ddb::RealClock clock;
  ddb::EventLoop loop;
  ddb::HttpClient::Options options;
  options.max_connections = kInFlight;
  ddb::HttpClient client(loop, clock, endpoint, options);
  size_t left = 0;
  bool failed = false;
  const std::function<void(const ddb::HttpReply&)> done = [&](const ddb::HttpReply& reply) {
    failed |= reply.status != 200;
    if (left > 0) {
      --left;
      client.Send(request, 1 << 20, done);
    } else if (client.in_flight() == 0) {
      loop.Stop();
    }
  };
  constexpr size_t kRequests = 1000;
  for (auto _ : state) {
    left = kRequests - kInFlight;
    for (size_t i = 0; i < kInFlight; ++i) client.Send(request, 1 << 20, done);
    loop.Run();
  }
  if (failed) state.SkipWithError("not sent");
  CountRequests(state, kRequests);
}
BENCHMARK(Send)->DenseRange(0, 2);

}  // namespace
