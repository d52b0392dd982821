// What the ledger releases, as a STATE would say it, and a fixture that fills one. Test support.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "airbyte/state_line.h"
#include "delivery/checkpoint_ledger.h"

namespace ddb {

// Told `{name,"destinationStats":{...}}` when it is released.
class NamedCheckpoint final : public Checkpoint {
 public:
  NamedCheckpoint(std::string name, std::vector<std::string>& told) : name_(std::move(name)), told_(told) {}
  void Release(const RecordCounts& counts) override {
    const std::string line = "{" + name_ + "}";
    StateFields fields;
    fields.stats_begin = fields.stats_end = line.size() - 1;
    told_.push_back(WithDestinationStats(line, fields, counts));
  }

 private:
  const std::string name_;
  std::vector<std::string>& told_;
};

// Builds chunks in the order of reading and collects what the ledger releases.
class LedgerTest : public ::testing::Test {
 protected:
  struct ChunkBuilder {
    ChunkBuilder(uint64_t chunk, std::vector<std::string>& out) : told(out) { contents.chunk = chunk; }
    RecordGroup* Records(size_t stream, uint64_t count) {
      auto group = std::make_shared<RecordGroup>();
      group->stream = StreamNo(stream);
      group->at = {contents.chunk, next++};
      group->outstanding = count;
      contents.groups.push_back(group);
      return group.get();
    }
    PendingCheckpoint& Checkpoint(const std::string& name) {
      PendingCheckpoint& pending = contents.checkpoints.emplace_back();
      pending.at = {contents.chunk, next++};
      pending.checkpoint = std::make_unique<NamedCheckpoint>(name, told);
      return pending;
    }
    ChunkBuilder& Of(std::optional<size_t> stream, const std::string& name) {
      PendingCheckpoint& pending = Checkpoint(name);
      if (stream) pending.stream = StreamNo(*stream);
      return *this;
    }
    ChunkBuilder& OfAll(const std::string& name) {
      Checkpoint(name).covers_all = true;
      return *this;
    }
    std::vector<std::string>& told;
    CheckpointLedger::ChunkContents contents;
    uint32_t next = 0;
  };

  ChunkBuilder Chunk(uint64_t chunk) { return {chunk, out_}; }
  void Open(uint64_t chunks) {
    for (uint64_t i = 0; i < chunks; ++i) ledger_.OpenChunk(i);
  }
  void Register(ChunkBuilder& chunk) { ASSERT_TRUE(ledger_.Register(std::move(chunk.contents)).ok()); }
  void Store(RecordGroup* group, uint32_t n) { ledger_.Credit({{group, n, 0}}); }
  static std::string Line(const std::string& name, const std::string& count) {
    return "{" + name + ",\"destinationStats\":{\"recordCount\":" + count + "}}";
  }

  std::vector<std::string> out_;
  CheckpointLedger ledger_{3};
};

}  // namespace ddb
