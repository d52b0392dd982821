// read: stdin in chunks of whole lines, from the page cache. parse: what stands around a record's data.
#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "airbyte/chunk_reader.h"
#include "airbyte/message_parser.h"
#include "stages/records.h"

namespace {

void Read(benchmark::State& state) {
  const bench::Records& records = bench::RecordsOf(static_cast<int>(state.range(0)));
  constexpr int kTimes = 16;
  const int fd = memfd_create("input", 0);
  for (int i = 0; i < kTimes; ++i) {
    if (write(fd, records.text.data(), records.bytes) != static_cast<ssize_t>(records.bytes)) std::abort();
  }
  for (auto _ : state) {
    lseek(fd, 0, SEEK_SET);
    ddb::ChunkReader reader(fd, ddb::ChunkReader::kChunkBytes, 64u << 20, false);
    ddb::Error error;
    for (;;) {
      ddb::Chunk chunk;
      const auto outcome = reader.Take(chunk, error);
      if (outcome == ddb::ChunkReader::Outcome::kEnd) break;
      if (outcome == ddb::ChunkReader::Outcome::kChunk) reader.Recycle(std::move(chunk));
    }
  }
  close(fd);
  state.SetItemsProcessed(state.iterations() * kTimes * static_cast<int64_t>(records.records.size()));
  state.SetBytesProcessed(state.iterations() * kTimes * static_cast<int64_t>(records.bytes));
  state.SetLabel(bench::SetName(static_cast<int>(state.range(0))));
}
BENCHMARK(Read)->DenseRange(0, 2);

// Knows where the data ends.
class KnownEnd final : public ddb::RecordSink {
 public:
  const char* OnData(const char*, const char*, const ddb::RecordFields&) override { return end; }
  const char* end = nullptr;
};

void Parse(benchmark::State& state) {
  const bench::Records& records = bench::RecordsOf(static_cast<int>(state.range(0)));
  ddb::MessageParser parser;
  KnownEnd sink;
  for (auto _ : state) {
    for (const bench::Record& record : records.records) {
      sink.end = record.data.data() + record.data.size();
      const ddb::ParsedLine parsed = parser.Parse(record.line, sink);
      if (parsed.kind != ddb::LineKind::kRecord) state.SkipWithError("not a record");
      benchmark::DoNotOptimize(parsed);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(records.records.size()));
  state.SetLabel(bench::SetName(static_cast<int>(state.range(0))));
}
BENCHMARK(Parse)->DenseRange(0, 2);

}  // namespace
