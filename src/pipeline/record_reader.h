// RecordReader: a chunk's bytes -> encoded items in open batches, groups and checkpoints in the ledger:
// lines, messages, records, STATEs. It decides what a line is and what becomes of a record that cannot be
// encoded; it owns the parser, the encoder, and the record that is being read. Called by its worker, on its
// thread.
//
//   line -> MessageParser -> (record.data) OnData: route, encode -> FinishRecord: the rest, count, keep
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airbyte/chunk_reader.h"
#include "airbyte/message_parser.h"
#include "airbyte/message_signs.h"
#include "airbyte/message_writer.h"
#include "airbyte/odd_line.h"
#include "airbyte/stream_router.h"
#include "base/literal.h"
#include "delivery/batcher.h"
#include "delivery/run_context.h"
#include "delivery/settlement.h"
#include "items/item_encoder.h"
#include "pipeline/draft_item.h"
#include "pipeline/first_of_stream.h"
#include "pipeline/passed_over.h"
#include "pipeline/replacements.h"
#include "pipeline/stream_finder.h"
#include "pipeline/stream_outcome.h"

namespace ddb {

class RecordReader final : private RecordSink {
 public:
  // What all readers of a run share beside its context.
  struct Input {
    const StreamRouter& streams;
    const NumberedVector<StreamNo, StreamEncoding>& encodings;
    StreamStatuses& statuses;
    PassedOver& passed_over;
    FirstOfStream& by_name_only;
    Replacements& replacements;
  };
  RecordReader(RunContext& run, const Input& input, MessageWriter& writer, Batcher& batcher,
               Settlement& settlement, Progress& progress);

  enum class Outcome {
    kRead,             // to its end, or to a line that fails the run; what it holds is in the ledger
    kReadCheckpoints,  // the same, and it holds checkpoints
  };
  // Of a longer record than `longest_letter` (bytes) a dead letter keeps nothing.
  // Of the chunk's bytes not all are there afterwards.
  Outcome Read(Chunk& chunk, size_t longest_letter);

 private:
  bool ReadLine(std::string_view line);
  const char* OnData(const char* p, const char* end, const RecordFields& seen) override;
  const char* Encode(std::optional<StreamNo> stream);
  bool FinishRecord(const RecordFields& record);
  bool RejectRecord(StreamNo stream, Text reason, Text format, std::string_view record);
  bool TakeBrokenLine(Text reason, std::string_view line);
  bool TakeBadRecord(const StreamRef& named, Text reason, Text format, std::string_view line);
  bool NoteStatus(const StreamRef& of, StreamStatus status);
  bool AddState(const ParsedLine& parsed, std::string_view line);
  bool AddOddState(std::string_view line);
  bool FindStateStream(const StateFields& state, std::optional<StreamNo>& stream);
  void AddCheckpoint(const StateFields& state, std::optional<StreamNo> stream, std::string line);
  void NoteWord(StreamNo stream, Replacements::Word::Kind kind);
  RecordGroup& CountRecord(StreamNo stream, const ItemEncoder::ItemFacts& facts);
  RecordGroup& GroupOf(StreamNo stream);
  void CloseGroups();
  bool FailIfSeveral(const StreamRef& stream, Text what);
  bool TakeLongLine(const SkimmedLine& line);
  bool TakeLongRecord(const SkimmedLine& line);
  bool FailLongLine(const SkimmedLine& line);
  bool TakePlainLine(std::string_view line);
  bool PassOverText(const MessageSigns& signs, std::string_view line);
  void NoteFailureIn(const MessageSigns& signs);
  void NoteTrouble();
  bool TakeOddLine(const OddLine& odd);
  bool Fail(Error error);
  bool FailLine(Text reason, const StreamRef* stream);
  bool FailUnknownStream(const StreamRef& stream);

  RunContext& run_;
  const Input input_;
  MessageWriter& writer_;
  Settlement& settlement_;
  Progress& progress_;
  MessageParser parser_;
  ItemEncoder encoder_;
  StreamFinder finder_;

  // The chunk.
  Chunk* chunk_ = nullptr;
  CheckpointLedger::ChunkContents contents_;
  uint32_t next_index_ = 0;
  NumberedVector<StreamNo, RecordGroup*> open_groups_;
  std::vector<StreamNo> streams_with_group_;
  Instant now_;                            // read once a chunk
  std::vector<Replacements::Word> words_;  // the first that this reader has found of their streams
  size_t longest_letter_ = 0;

  // The line, and the value of record.data, when it has been met.
  uint64_t line_number_ = 0;
  uint64_t odd_lines_ = 0;      // of the chunk: blank, or no message
  uint64_t unknown_lines_ = 0;  // of the chunk: messages of types that are not known
  const char* data_ = nullptr;
  const char* data_end_ = nullptr;
  const char* line_end_ = nullptr;
  DraftItem draft_;

  NumberedVector<StreamNo, uint8_t> unsaid_;  // kinds of words that are waited for, and were not found
};

}  // namespace ddb
