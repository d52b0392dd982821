// bench-null-client: the pipeline as `write` runs it, on a client that answers every request at once, as
// stored, in the same thread: what is left is the pipeline itself, and how its workers get in each other's
// way.
//
//   bench-null-client CATALOG WORKERS <MESSAGES
//
// STATEs go to stderr. Prints one JSON line: {"records":..,"wall_s":..,"cpu_s":..}, records as the client
// counted them.
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "airbyte/catalog.h"
#include "base/event_loop.h"
#include "commands/new_table.h"
#include "pipeline/run.h"
#include "sink/put_counter.h"

namespace {

std::atomic<size_t> records = 0;

class NullClient final : public ddb::Client {
 public:
  explicit NullClient(ddb::EventLoop& loop) : loop_(loop) {}
  void Send(const ddb::Operation&, ddb::Buffer& body, Done done) override {
    bench::PutCounter counter;
    records.fetch_add(counter.Add(body.view()), std::memory_order_relaxed);
    waiting_.push_back(std::move(done));
    if (waiting_.size() == 1) loop_.AtEndOfTurn([this] { Answer(); });
  }
  size_t in_flight() const override { return waiting_.size(); }

 private:
  void Answer() {
    const std::vector<Done> waiting = std::exchange(waiting_, {});
    ddb::Reply reply;
    reply.body = R"({"UnprocessedItems":{}})";
    for (const Done& done : waiting) done(reply);
  }

  ddb::EventLoop& loop_;
  std::vector<Done> waiting_;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  const ddb::Result<ddb::Catalog> catalog = ddb::LoadCatalog(argc == 3 ? argv[1] : "", 64u << 20);
  const int workers = argc == 3 ? std::atoi(argv[2]) : 0;
  if (!catalog.ok() || workers < 1) {
    std::fputs("usage: bench-null-client CATALOG WORKERS <MESSAGES\n", stderr);
    return 2;
  }
  const ddb::RealClock clock;
  ddb::MemoryBudget budget(256u << 20);
  ddb::MessageWriter writer(STDERR_FILENO, ddb::LogLevel::kWarn, clock, &budget);
  ddb::RunPlan plan;
  plan.workers = workers;
  plan.chunk_bytes = ddb::ChunkReader::kChunkBytes;
  plan.sync_time_millis = clock.WallMillis();
  for (const ddb::CatalogStream& stream : catalog->streams) {
    ddb::TablePlan table;
    table.table = stream.id.name;
    table.stream = stream.id;
    table.keys = ddb::KeysOf(ddb::RawLayout());
    ddb::StreamPlan of;
    of.id = stream.id;
    of.items = {.sync_time_millis = plan.sync_time_millis,
                .generation_id = stream.generation_id,
                .sync_id = stream.sync_id};
    plan.AddStream(std::move(of), std::move(table));
  }
  const auto start = std::chrono::steady_clock::now();
  const double cpu = CpuSeconds();
  const ddb::RunResult result = ddb::RunSync(
      plan, {.clock = clock,
             .writer = writer,
             .budget = budget,
             .make_client = [](ddb::EventLoop& loop) { return std::make_unique<NullClient>(loop); },
             .endpoint = {"null", "us-east-1", true},
             .prepare = [&plan](const ddb::StopRequested&) -> ddb::Result<ddb::TableDescriptions> {
               return ddb::TableDescriptions(plan.tables.size());
             }});
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::printf("{\"records\":%zu,\"wall_s\":%.6f,\"cpu_s\":%.6f}\n", records.load(), wall.count(),
              CpuSeconds() - cpu);
  return result.reason == ddb::StopReason::kNone ? 0 : 1;
}
