// Pipeline: the whole data path of one `write`: from stdin to the tables, and the STATEs to stdout.
//
// RunPipeline owns the workers' threads and supervises them on the caller's thread: signals, giving up,
// progress, deadlines after a stop. It returns when everything is settled or the run has to end; every thread
// has been joined by then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "airbyte/message_writer.h"
#include "base/memory_budget.h"
#include "pipeline/worker.h"

namespace ddb {

struct PipelineOptions {
  int input_fd = 0;
  int signal_fd = -1;    // readable when SIGTERM or SIGINT came; -1: none
  int progress_fd = -1;  // a terminal for the progress line; -1: none
  int workers = 1;
  size_t connections = 256;             // of all workers together
  size_t send_window_bytes = 2u << 20;  // per worker
  size_t chunk_bytes = ChunkReader::kChunkBytes;
  Duration give_up = std::chrono::seconds(600);  // per table, without progress
  EndpointText endpoint;                         // for errors
  std::vector<TableTarget> tables;               // per stream of the catalog
  std::optional<TableTarget> dead_letters;       // where refused records go
  bool skip_rejected = false;                    // go on without them
  std::vector<ItemEncoder::Stream> encodings;    // per stream
};

struct PipelineResult {
  StopReason reason =
      StopReason::kNone;       // kNone: all input was read, everything is stored, every STATE is out
  std::optional<Error> error;  // kFailure
};

PipelineResult RunPipeline(const PipelineOptions& options, const ClientFactory& make_client,
                           const Clock& clock, MessageWriter& writer, MemoryBudget& budget);

}  // namespace ddb
