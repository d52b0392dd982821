#include "delivery/checkpoint_ledger.h"

#include <algorithm>
#include <utility>

namespace ddb {
namespace {

void Add(StateCounts& to, const StateCounts& counts) {
  to.records += counts.records;
  to.rejected += counts.rejected;
  to.nulled_values += counts.nulled_values;
  to.truncated_values += counts.truncated_values;
}

}  // namespace

CheckpointLedger::CheckpointLedger(size_t streams, Release release)
    : release_(std::move(release)), by_stream_(streams + 1) {}

void CheckpointLedger::OpenChunk(uint64_t chunk) {
  MutexLock lock(mu_);
  open_chunks_.insert(chunk);
  next_chunk_ = chunk + 1;
}

Status CheckpointLedger::Register(ChunkContents contents) {
  MutexLock lock(mu_);
  for (const RecordGroupPtr& group : contents.groups) {
    if (per_stream_ != false) by_stream_[static_cast<size_t>(group->stream)].groups.emplace(group->at, group);
    if (per_stream_ != true) everything_.groups.emplace(group->at, group);
  }
  Status entered = EnterStates(contents.states);
  // A chunk with STATEs of the wrong kind stays open, like one that broke off: it is a failure at that place.
  if (contents.whole && entered.ok()) open_chunks_.erase(contents.chunk);
  AdvanceAll();
  return entered;
}

Status CheckpointLedger::EnterStates(std::vector<PendingState>& states) {
  for (PendingState& state : states) {
    const bool per_stream = state.fields.kind == StateKind::kStream;
    if (!per_stream_) ChooseKind(per_stream);
    if (*per_stream_ != per_stream) {
      return SystemError(
          "The source mixes STREAM states with GLOBAL or LEGACY states in one sync, which has no defined "
          "order.",
          per_stream ? "stdin: a STREAM STATE after GLOBAL or LEGACY ones"
                     : "stdin: a GLOBAL or LEGACY STATE after STREAM ones");
    }
    ++states_;
    const size_t timeline = state.stream >= 0 ? static_cast<size_t>(state.stream) : by_stream_.size() - 1;
    Timeline& target = per_stream ? by_stream_[timeline] : everything_;
    const Position at = state.at;
    target.states.emplace(at, std::move(state));
  }
  return Ok();
}

void CheckpointLedger::ChooseKind(bool per_stream) {
  per_stream_ = per_stream;
  if (per_stream) {
    everything_ = {};
  } else {
    for (Timeline& timeline : by_stream_) timeline = {};
  }
}

void CheckpointLedger::Credit(std::span<const Settled> settled) {
  MutexLock lock(mu_);
  for (const Settled& part : settled) {
    RecordGroup& group = *part.group;
    group.counts.records += part.stored;
    group.counts.rejected += part.rejected;
    group.outstanding -= part.stored + part.rejected;
  }
  // `group` may go with its timeline's entry, so the streams are read before anything advances.
  if (per_stream_ != false) {
    std::set<int> streams;
    for (const Settled& part : settled) streams.insert(part.group->stream);
    for (const int stream : streams) Advance(by_stream_[static_cast<size_t>(stream)]);
  }
  if (per_stream_ != true) Advance(everything_);
}

void CheckpointLedger::CountNulled(RecordGroup& group, uint64_t values) {
  MutexLock lock(mu_);
  group.counts.nulled_values += values;
}

void CheckpointLedger::Advance(Timeline& timeline) {
  // Everything before this chunk is registered, and so is what there is of this chunk itself if it broke off.
  const uint64_t known_to = open_chunks_.empty() ? next_chunk_ : *open_chunks_.begin();
  while (true) {
    const auto state = timeline.states.begin();
    const auto group = timeline.groups.begin();
    const bool state_is_next =
        state != timeline.states.end() && (group == timeline.groups.end() || state->first < group->first);
    if (state_is_next) {
      if (state->first.chunk > known_to) return;
      PendingState& released = state->second;
      release_(WithDestinationStats(released.line, released.fields, timeline.carried), released.charged);
      timeline.carried = {};
      timeline.states.erase(state);
      --states_;
    } else {
      if (group == timeline.groups.end() || group->first.chunk > known_to || group->second->outstanding > 0)
        return;
      Add(timeline.carried, group->second->counts);
      timeline.groups.erase(group);
    }
  }
}

void CheckpointLedger::AdvanceAll() {
  if (per_stream_ != false) {
    for (Timeline& timeline : by_stream_) Advance(timeline);
  }
  if (per_stream_ != true) Advance(everything_);
}

bool CheckpointLedger::StateWaits(int stream) const {
  MutexLock lock(mu_);
  return !everything_.states.empty() || !by_stream_[static_cast<size_t>(stream)].states.empty();
}

void CheckpointLedger::AddWaiting(const Timeline& timeline, int stream, Instant before,
                                  std::vector<Waiting>& out) const {
  if (timeline.states.empty()) return;
  const auto& [at, oldest] = *timeline.states.begin();
  if (oldest.read >= before) return;
  Waiting waiting{stream, oldest.read, timeline.states.size(), {}};
  std::map<int, Waiting::For> outstanding;
  for (auto it = timeline.groups.begin(); it != timeline.groups.end() && it->first < at; ++it) {
    const RecordGroup& group = *it->second;
    if (group.outstanding == 0) continue;
    auto& reason =
        outstanding.try_emplace(group.stream, Waiting::For{group.stream, 0, group.read}).first->second;
    reason.records += group.outstanding;
  }
  for (const auto& [_, reason] : outstanding) waiting.streams.push_back(reason);
  std::sort(waiting.streams.begin(), waiting.streams.end(), [](const auto& a, const auto& b) {
    return a.records != b.records ? a.records > b.records : a.stream < b.stream;
  });
  out.push_back(std::move(waiting));
}

std::vector<CheckpointLedger::Waiting> CheckpointLedger::WaitingSince(Instant before) const {
  MutexLock lock(mu_);
  std::vector<Waiting> out;
  AddWaiting(everything_, -1, before, out);
  for (size_t i = 0; i + 1 < by_stream_.size(); ++i)
    AddWaiting(by_stream_[i], static_cast<int>(i), before, out);
  return out;
}

uint64_t CheckpointLedger::states_waiting() const {
  MutexLock lock(mu_);
  return states_;
}

bool CheckpointLedger::AllSettled() const {
  MutexLock lock(mu_);
  if (!open_chunks_.empty() || states_ > 0 || !everything_.groups.empty()) return false;
  for (const Timeline& timeline : by_stream_) {
    if (!timeline.groups.empty()) return false;
  }
  return true;
}

}  // namespace ddb
