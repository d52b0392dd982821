// batch: items that are encoded already, copied to where a record would be encoded, sealed by 25 and
// recycled.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>

#include "delivery/batcher.h"
#include "stages/records.h"

namespace {

void Batch(benchmark::State& state) {
  constexpr size_t kItem[] = {406, 1440, 11'300};  // bytes of an item of the three sets
  const std::string item(kItem[state.range(0)], 'x');
  constexpr ddb::TableNo kTable{0};
  ddb::TableTargets tables(1);
  tables[kTable].name = "bench";
  tables[kTable].write = ddb::BatchWrite("bench", {});
  ddb::BatchPtr sealed;
  ddb::MemoryBudget budget(size_t{1} << 30);
  ddb::Batcher batcher(tables, budget, [&](ddb::BatchPtr batch) { sealed = std::move(batch); });
  const ddb::Instant now{};
  for (auto _ : state) {
    ddb::Batch& batch = batcher.Open(kTable, now);
    const size_t mark = batcher.BeginItem(batch);
    batch.body.Append(item);
    batcher.EndItem(kTable, mark, {});
    if (sealed) batcher.Recycle(std::move(sealed));
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(item.size()));
  state.SetLabel(bench::SetName(static_cast<int>(state.range(0))));
}
BENCHMARK(Batch)->DenseRange(0, 2);

}  // namespace
