// RunPlan: what one `write` is going to do, decided before anything is touched: where each stream's records
// go, what its items share, what becomes of the rows that are there; each table that has to be ready; and how
// the run goes about it. Made by commands/plan (MakePlan) from the config and the catalog, and by tests. It
// holds values only and never changes once the run begins, so every phase and every worker reads the one
// copy, on any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/numbered.h"
#include "base/stream_id.h"
#include "dynamodb/table.h"
#include "dynamodb/tables.h"
#include "items/item_encoder.h"

namespace ddb {

// What becomes of the rows that earlier syncs have left in a stream's table.
enum class EarlierRows {
  kStay,
  kGoFirst,  // the table is dropped and made anew before the first record is written
};

struct StreamPlan {
  StreamId id;
  TableNo table;  // no other stream's, and not that of the dead letters
  EarlierRows earlier_rows = EarlierRows::kStay;
  // Its success asks for something (Finish), and STATEs that cover it wait until that is done.
  bool states_wait_for_finish = false;
  bool hashed_name = false;   // the table's name carries a hash: worth a log line
  bool changed_name = false;  // it is not quite the stream's own, nor anybody's alone
  std::string unseen_table;   // with digits, that would be its own if it is there, which we may not see
  ItemEncoder::Stream items;  // what all of its items share, and the fields that are never nulled
};

struct RunPlan {
  NumberedVector<StreamNo, StreamPlan> streams;  // those of the catalog, in its order
  NumberedVector<TableNo, TablePlan> tables;     // all have to be ready before the first record is read
  NumberedVector<TableNo, std::optional<StreamNo>> stream_of;  // absent: that of the dead letters
  std::optional<TableNo> dead_letters;                         // where refused records go; absent: nowhere
  int64_t sync_time_millis = 0;  // when the sync began: one for all that it writes

  size_t memory_bytes = 0;              // the budget that everything in memory counts against
  int workers = 1;                      // threads
  size_t connections = 256;             // of all workers together
  size_t chunk_bytes = 0;               // of input, read at once
  size_t send_window_bytes = 2u << 20;  // sealed and not sent, per worker: above it, it reads no more
  Duration give_up = std::chrono::seconds(600);  // on a table of which nothing could be stored for so long
  bool skip_rejected = false;                    // refused records do not end the run

  // A stream and the table that is its own.
  StreamNo AddStream(StreamPlan stream, TablePlan named) {
    stream.table = tables.push_back(std::move(named));
    stream_of.push_back(StreamNo(streams.size()));
    return streams.push_back(std::move(stream));
  }
  void AddDeadLetters(TablePlan named) {
    dead_letters = tables.push_back(std::move(named));
    stream_of.push_back(std::nullopt);
  }
};

}  // namespace ddb
