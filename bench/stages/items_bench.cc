// encode: a record's data into an item's bytes, with the other attributes. size: the item's size again, from
// its bytes (the encoder counts on the way; only a doubtful item is measured so).
#include <benchmark/benchmark.h>

#include <string>

#include "base/buffer.h"
#include "items/item_encoder.h"
#include "items/item_size.h"
#include "stages/records.h"

namespace {

const ddb::StreamEncoding kStream =
    ddb::ItemEncoder::Stream{.sync_time_millis = 1700000000000, .generation_id = {}, .sync_id = {}};

bool Encode(ddb::ItemEncoder& encoder, const bench::Record& record, ddb::Buffer& out) {
  const char* const end = record.line.data() + record.line.size();
  return encoder.EncodeData(record.data.data(), end, nullptr, out).next ==
             record.data.data() + record.data.size() &&
         encoder.Finish({"1700000000000"}, {}, kStream, out) == ddb::RejectReason::kNone;
}

void Encode(benchmark::State& state) {
  const bench::Records& records = bench::RecordsOf(static_cast<int>(state.range(0)));
  ddb::ItemEncoder encoder;
  ddb::Buffer out;
  size_t in_batch = 0;
  for (auto _ : state) {
    for (const bench::Record& record : records.records) {
      if (++in_batch > 25) {
        in_batch = 1;
        out.Clear();
      }
      if (!Encode(encoder, record, out)) state.SkipWithError("not encoded");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(records.records.size()));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(records.bytes));
  state.SetLabel(bench::SetName(static_cast<int>(state.range(0))));
}
BENCHMARK(Encode)->DenseRange(0, 2);

void Size(benchmark::State& state) {
  const bench::Records& records = bench::RecordsOf(static_cast<int>(state.range(0)));
  ddb::ItemEncoder encoder;
  std::vector<std::string> items;
  for (const bench::Record& record : records.records) {
    ddb::Buffer out;
    if (!Encode(encoder, record, out)) state.SkipWithError("not encoded");
    items.emplace_back(out.view());
  }
  size_t bytes = 0;
  for (const std::string& item : items) bytes += item.size();
  for (auto _ : state) {
    for (const std::string& item : items) benchmark::DoNotOptimize(ddb::ItemSize(item));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(items.size()));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
  state.SetLabel(bench::SetName(static_cast<int>(state.range(0))));
}
BENCHMARK(Size)->DenseRange(0, 2);

}  // namespace
