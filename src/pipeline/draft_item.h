// DraftItem: the item of the record that is being read. It is encoded into its stream's open batch, or, while
// its stream is not known, into a buffer of its own, only to learn where its data ends. Until it is kept,
// nothing of it counts: Discard undoes all of it. A part of RecordReader, on its worker's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/stream_id.h"
#include "delivery/batcher.h"
#include "delivery/run_plan.h"
#include "items/item_encoder.h"

namespace ddb {

class DraftItem {
 public:
  DraftItem(const RunPlan& plan, Batcher& batcher) : plan_(plan), batcher_(batcher) {}

  void Begin(std::optional<StreamNo> stream, Instant now) {  // discards an earlier one
    Discard();
    stream_ = stream;
    if (!stream) return;
    batch_ = &batcher_.Open(plan_.streams[*stream].table, now);
    mark_ = batcher_.BeginItem(*batch_);
  }
  Buffer& out() { return batch_ != nullptr ? batch_->body : scratch_; }
  std::optional<StreamNo> stream() const { return stream_; }
  // As an item of its batch; its stream is known.
  void Keep(RecordGroup& group, const ItemEncoder::ItemFacts& facts) {
    batcher_.EndItem(plan_.streams[*stream_].table, mark_,
                     {.group = &group,
                      .letter = nullptr,
                      .is_changed = facts.nulled + facts.truncated > 0,
                      .op = WriteOp::kPut,
                      .stored_bytes = static_cast<uint32_t>(facts.size.upper)});
    batch_ = nullptr;
    stream_.reset();
  }
  void Discard() {
    if (batch_ != nullptr) batcher_.Rollback(*batch_, mark_);
    batch_ = nullptr;
    stream_.reset();
    if (scratch_.capacity() > kKeptScratch) scratch_ = Buffer();
    scratch_.Clear();
  }

 private:
  // Of the scratch buffer, from one line to the next; it is not in the memory budget. Bytes.
  static constexpr size_t kKeptScratch = 1 << 20;

  const RunPlan& plan_;
  Batcher& batcher_;
  std::optional<StreamNo> stream_;
  Batch* batch_ = nullptr;
  size_t mark_ = 0;  // where it began there
  Buffer scratch_;
};

}  // namespace ddb
