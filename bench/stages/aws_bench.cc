// Hashing and signing of requests. "items" are requests; bodies as of 25 small, medium and large records.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "aws/reply_parser.h"
#include "aws/sha256.h"
#include "aws/sha256_kernels.h"
#include "aws/signer.h"

namespace {

void Sizes(benchmark::internal::Benchmark* bench) {
  for (const int size : {200, 10'000, 36'000, 283'000}) bench->Arg(size);
}

void Count(benchmark::State& state, int64_t requests) {
  state.SetItemsProcessed(state.iterations() * requests);
  state.SetBytesProcessed(state.iterations() * requests * state.range(0));
}

void HashOpenSsl(benchmark::State& state) {
  const std::string body(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(ddb::sha256::ByOpenSsl(body));
  Count(state, 1);
}
BENCHMARK(HashOpenSsl)->Apply(Sizes);

void Hash(benchmark::State& state) {
  const std::string body(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(ddb::Sha256(body));
  Count(state, 1);
}
BENCHMARK(Hash)->Apply(Sizes);

void HashPair(benchmark::State& state) {
  const std::string first(static_cast<size_t>(state.range(0)), 'x'), second(first.size(), 'y');
  for (auto _ : state) benchmark::DoNotOptimize(ddb::Sha256Pair(first, second));
  Count(state, 2);
}
BENCHMARK(HashPair)->Apply(Sizes);

// The head of a request whose body is hashed already.
void Sign(benchmark::State& state) {
  ddb::Endpoint endpoint;
  endpoint.host_header = "dynamodb.us-east-1.amazonaws.com";
  endpoint.region = "us-east-1";
  ddb::Signer signer(endpoint, std::make_shared<ddb::StaticCredentials>("AKIDEXAMPLE", std::string(40, 'x')));
  const ddb::Sha256Digest hash = ddb::Sha256("{}");
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        signer.SignedHead("DynamoDB_20120810.BatchWriteItem", 10'000, hash, 1'700'000'000'000));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Sign);

void ParseReply(benchmark::State& state) {
  const std::string reply =
      "HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      "Content-Type: application/x-amz-json-1.0\r\nContent-Length: 23\r\nConnection: keep-alive\r\n"
      "x-amzn-RequestId: 8VD1LJ7EKAMRU4PBGQ5R5J9D5VVV4KQNSO5AEMVJF66Q9ASUAAJG\r\n"
      "x-amz-crc32: 4185382551\r\n\r\n{\"UnprocessedItems\":{}}";
  ddb::ReplyParser parser;
  for (auto _ : state) {
    parser.Reset(1 << 20);
    benchmark::DoNotOptimize(parser.Feed(reply));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ParseReply);

}  // namespace
