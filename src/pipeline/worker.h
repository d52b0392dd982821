// Worker: one thread with its own event loop, connections, open batches and retries. The data path runs
// through it:
//
//   chunk -> lines -> MessageParser -> OnData: encode into the stream's open batch -> Batcher -> Dispatcher
//   -> ledger
//
// It shares with other workers only what RunContext and Intake hold. Constructed and destroyed by the
// supervisor's thread while its own does not run; everything else on its own thread, except the functions
// marked "any thread".
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "airbyte/catalog.h"
#include "airbyte/message_parser.h"
#include "base/event_loop.h"
#include "base/literal.h"
#include "delivery/batcher.h"
#include "delivery/dispatcher.h"
#include "items/item_encoder.h"
#include "pipeline/intake.h"

namespace ddb {

using ClientFactory = std::function<std::unique_ptr<Client>(EventLoop&)>;

class Worker final : private RecordSink {
 public:
  struct Options {
    size_t send_window_bytes = 0;
    size_t chunk_bytes = 0;
    size_t max_requests = 0;
  };
  // What all workers of a run share beside RunContext.
  struct Shared {
    RunContext& run;
    Intake& intake;
    const StreamIndex& streams;
    std::function<void()> wake_all;  // every worker looks again (any thread)
    std::function<void()> drained;   // this worker has nothing left (its thread)
  };
  Worker(const Shared& shared, const ClientFactory& make_client, const Options& options);
  ~Worker() override;

  void Start();  // any thread: starts its thread
  void Join();   // any thread: stops the loop and waits for the thread
  void Wake();   // any thread: the run stops, or a STATE waits: look again
  const Progress& progress() const { return progress_; }
  size_t requests_in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

 private:
  // Intake
  bool MayTake() const;
  void AskForToken();
  void OnToken();
  void AwaitInput();
  void TakeChunk();
  void PassToken();
  void EndOfInput();

  // Parsing
  void ParseChunk(const Chunk& chunk);
  bool ParseLine(std::string_view line, uint64_t line_number);
  const char* OnData(const char* p, const char* end, const RecordFields& seen) override;
  const char* EncodeData(int stream);
  bool FinishRecord(const ParsedLine& parsed, uint64_t line_number);
  bool RejectRecord(int stream, RejectReason reason, uint64_t line_number);
  void AddState(const ParsedLine& parsed, std::string_view line);
  RecordGroup* CountRecord(int stream);
  RecordGroup* GroupOf(int stream);
  void ForgetData();
  int FindStream(const StreamRef& stream);
  bool FailLine(Text reason, uint64_t line_number, const StreamRef* stream);

  // Batches
  void OnChanged();
  void SealAsNeeded();
  void ArmAgeTimer();
  void ReportIfDrained();

  const Shared shared_;
  RunContext& run_;
  const Options options_;
  Progress progress_;
  EventLoop loop_;
  MessageParser parser_;
  ItemEncoder encoder_;
  Batcher batcher_;
  Settlement settlement_;
  std::unique_ptr<Client> client_;
  LoopAlarm alarm_;
  Dispatcher dispatcher_;
  EventLoop::Watch input_;
  EventLoop::Timer budget_timer_;
  EventLoop::Timer age_timer_;
  std::optional<Instant> age_timer_set_;
  std::thread thread_;
  std::atomic<size_t> in_flight_{0};

  enum class Token { kNone, kAsked, kHeld } token_ = Token::kNone;
  bool drained_ = false;

  // The chunk that is being parsed.
  uint64_t chunk_ = 0;
  uint32_t next_index_ = 0;
  CheckpointLedger::ChunkContents contents_;
  std::vector<RecordGroup*> open_groups_;  // by stream
  std::vector<int> streams_with_group_;
  Instant now_;  // read once a chunk

  // The record that is being parsed: where its data is, and where it was encoded to (stream < 0: not yet).
  struct Data {
    const char* begin = nullptr;
    const char* end = nullptr;   // of the line
    const char* next = nullptr;  // behind the value
    int stream = -1;
    size_t mark = 0;
  } data_;
  Buffer scratch_;        // for data whose stream is not known yet
  int last_stream_ = -1;  // of the record before: most records are of the same
  StreamId last_id_;
};

}  // namespace ddb
