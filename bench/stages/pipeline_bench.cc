// batch: items that are encoded already, copied to where a record would be encoded, sealed by 25 and
// recycled.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "delivery/batcher.h"
#include "dynamodb/requests.h"
#include "stages/records.h"

namespace {

void Batch(benchmark::State& state) {
  constexpr size_t kItem[] = {406, 1440, 11'300};  // bytes of an item of the three sets
  const std::string item(kItem[state.range(0)], 'x');
  std::vector<ddb::TableTarget> tables(1);
  tables[0].name = "bench";
  tables[0].request_prefix = ddb::BatchWriteHead("bench");
  tables[0].request_suffix = ddb::kBatchWriteTail;
  ddb::BatchPtr sealed;
  ddb::MemoryBudget budget(size_t{1} << 30);
  ddb::Batcher batcher(tables, budget, [&](ddb::BatchPtr batch) { sealed = std::move(batch); });
  const ddb::Instant now{};
  for (auto _ : state) {
    ddb::Batch& batch = batcher.Open(0, now);
    const size_t mark = ddb::Batcher::BeginItem(batch);
    batch.body.Append(item);
    batcher.EndItem(0, mark, nullptr);
    if (sealed) batcher.Recycle(std::move(sealed));
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(item.size()));
  state.SetLabel(bench::SetName(static_cast<int>(state.range(0))));
}
BENCHMARK(Batch)->DenseRange(0, 2);

}  // namespace
