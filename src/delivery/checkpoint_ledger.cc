#include "delivery/checkpoint_ledger.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ddb {

CheckpointLedger::CheckpointLedger(size_t streams)
    : streams_(streams), timelines_(streams + 2), totals_(streams) {}

void CheckpointLedger::OpenChunk(uint64_t chunk) {
  MutexLock lock(mu_);
  open_chunks_.insert(chunk);
  next_chunk_ = chunk + 1;
}

Status CheckpointLedger::Register(ChunkContents contents) {
  Status entered = Ok();
  bool hand_out = false;
  {
    MutexLock lock(mu_);
    for (RecordGroupPtr& group : contents.groups) {
      Touch(group->stream);
      totals_[group->stream].rejected += group->counts.rejected;  // by the encoder
      if (per_stream_ != false) timelines_[Of(group->stream)].groups.emplace(group->at, group);
      if (per_stream_ != true) timelines_[OfAll()].groups.emplace(group->at, group);
    }
    entered = Enter(contents.checkpoints);
    if (contents.whole && entered.ok()) {
      open_chunks_.erase(contents.chunk);
    } else {
      constexpr auto kEnd = std::numeric_limits<uint32_t>::max();
      for (Timeline& timeline : timelines_) BarAt(timeline, {contents.chunk, kEnd});
    }
    TouchUnblocked();
    hand_out = AdvanceTouched();
  }
  if (hand_out) HandOut();
  return entered;
}

Status CheckpointLedger::Enter(std::vector<PendingCheckpoint>& checkpoints) {
  for (PendingCheckpoint& entering : checkpoints) {
    const bool per_stream = !entering.covers_all;
    if (!per_stream_) ChooseKind(per_stream);
    if (*per_stream_ != per_stream) {
      return SystemError(
          "The source mixes STREAM states with GLOBAL or LEGACY states in one sync, which has no defined "
          "order.",
          per_stream ? "stdin: a STREAM STATE after GLOBAL or LEGACY ones"
                     : "stdin: a GLOBAL or LEGACY STATE after STREAM ones");
    }
    ++waiting_;
    const TimelineNo no = !per_stream ? OfAll() : entering.stream ? Of(*entering.stream) : OfOthers();
    const Position at = entering.at;
    timelines_[no].checkpoints.emplace(at, std::move(entering));
    touched_.push_back(no);
  }
  return Ok();
}

void CheckpointLedger::ChooseKind(bool per_stream) {
  per_stream_ = per_stream;
  for (const TimelineNo no : timelines_.numbers()) {
    if ((no != OfAll()) == per_stream) continue;
    SetBlocked(no, std::nullopt);
    Timeline& unused = timelines_[no];
    unused.groups.clear();
    unused.checkpoints.clear();
    unused.carried = {};
  }
}

void CheckpointLedger::Credit(std::span<const Settled> settled) {
  bool hand_out = false;
  {
    MutexLock lock(mu_);
    for (const Settled& part : settled) {
      RecordGroup& group = *part.group;
      group.counts.records += part.stored;
      group.counts.rejected += part.rejected;
      group.outstanding -= part.stored + part.rejected;
      Totals& totals = totals_[group.stream];
      totals.stored += part.stored;
      totals.rejected += part.rejected;
      Touch(group.stream);
    }
    hand_out = AdvanceTouched();
  }
  if (hand_out) HandOut();
}

CheckpointLedger::Totals CheckpointLedger::TotalsOf(StreamNo stream) const {
  MutexLock lock(mu_);
  return totals_[stream];
}

void CheckpointLedger::CountChanged(RecordGroup& group, uint64_t nulled, uint64_t truncated) {
  MutexLock lock(mu_);
  group.counts.nulled_values += nulled;
  group.counts.truncated_values += truncated;
}

// ---- what cannot count any more

void CheckpointLedger::Bar(const RecordGroup& group) {
  MutexLock lock(mu_);
  BarAt(timelines_[Of(group.stream)], group.at);
  BarAt(timelines_[OfAll()], group.at);
}

void CheckpointLedger::BarAt(Timeline& timeline, Position at) {
  if (timeline.bar && *timeline.bar <= at) return;
  timeline.bar = at;
  bars_.fetch_add(1, std::memory_order_release);
}

bool CheckpointLedger::IsBeforeBar(TimelineNo no, Position at) const {
  const std::optional<Position>& bar = timelines_[no].bar;
  return !bar || at <= *bar;
}

// Of a run that has seen no checkpoint yet both timelines may still be used.
bool CheckpointLedger::MayCount(const RecordGroup& group) const {
  MutexLock lock(mu_);
  return (per_stream_ != false && IsBeforeBar(Of(group.stream), group.at)) ||
         (per_stream_ != true && IsBeforeBar(OfAll(), group.at));
}

void CheckpointLedger::Hold(StreamNo stream) {
  MutexLock lock(mu_);
  ++timelines_[Of(stream)].holds;
  ++timelines_[OfAll()].holds;
}

void CheckpointLedger::ReleaseHold(StreamNo stream) {
  bool hand_out = false;
  {
    MutexLock lock(mu_);
    --timelines_[Of(stream)].holds;
    --timelines_[OfAll()].holds;
    Touch(stream);
    hand_out = AdvanceTouched();
  }
  if (hand_out) HandOut();
}

void CheckpointLedger::Close(StreamNo stream) {
  MutexLock lock(mu_);
  timelines_[Of(stream)].closed = true;
}

void CheckpointLedger::Open(StreamNo stream) {
  bool hand_out = false;
  {
    MutexLock lock(mu_);
    timelines_[Of(stream)].closed = false;
    Touch(stream);
    hand_out = AdvanceTouched();
  }
  if (hand_out) HandOut();
}

// ---- what can go on

uint64_t CheckpointLedger::RegisteredTo() const {
  MutexLock lock(mu_);
  return KnownTo();
}

uint64_t CheckpointLedger::KnownTo() const {
  return open_chunks_.empty() ? next_chunk_ : *open_chunks_.begin();
}

void CheckpointLedger::Touch(StreamNo stream) {
  if (per_stream_ != false) touched_.push_back(Of(stream));
  if (per_stream_ != true) touched_.push_back(OfAll());
}

void CheckpointLedger::TouchUnblocked() {
  const uint64_t known_to = KnownTo();
  for (auto it = blocked_.begin(); it != blocked_.end() && it->first <= known_to; ++it) {
    touched_.push_back(it->second);
  }
}

// True: the caller hands out what is released.
bool CheckpointLedger::AdvanceTouched() {
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (const TimelineNo no : touched_) Advance(no);
  touched_.clear();
  return !released_.empty() && !std::exchange(handing_out_, true);
}

void CheckpointLedger::Advance(TimelineNo no) {
  Timeline& timeline = timelines_[no];
  const uint64_t known_to = KnownTo();
  SetBlocked(no, std::nullopt);
  if (timeline.holds == 0) LetHeldGo(timeline);
  while (true) {
    const auto checkpoint = timeline.checkpoints.begin();
    const auto group = timeline.groups.begin();
    const bool any_checkpoint = checkpoint != timeline.checkpoints.end();
    const bool any_group = group != timeline.groups.end();
    if (!any_checkpoint && !any_group) return;
    const bool checkpoint_is_next = any_checkpoint && (!any_group || checkpoint->first < group->first);
    const uint64_t chunk = (checkpoint_is_next ? checkpoint->first : group->first).chunk;
    if (chunk > known_to) {
      SetBlocked(no, chunk);
      return;
    }
    if (checkpoint_is_next) {
      if (timeline.closed) return;
      LetHeldGo(timeline);  // it is not the last one
      timeline.held = {std::move(checkpoint->second.checkpoint), timeline.carried, checkpoint->second.read};
      ++held_;
      timeline.carried = {};
      timeline.checkpoints.erase(checkpoint);
      --waiting_;
      if (timeline.holds == 0) LetHeldGo(timeline);
    } else {
      if (group->second->outstanding > 0) return;
      timeline.carried.Add(group->second->counts);
      timeline.groups.erase(group);
    }
  }
}

void CheckpointLedger::LetHeldGo(Timeline& timeline) {
  if (!timeline.held) return;
  released_.push_back(*std::move(timeline.held));
  timeline.held.reset();
  --held_;
}

void CheckpointLedger::SetBlocked(TimelineNo no, std::optional<uint64_t> at) {
  std::optional<uint64_t>& now = timelines_[no].blocked_at;
  if (now) blocked_.erase({*now, no});
  now = at;
  if (now) blocked_.insert({*now, no});
}

void CheckpointLedger::HandOut() {
  std::vector<Released> out;
  while (true) {
    {
      MutexLock lock(mu_);
      if (released_.empty()) {
        handing_out_ = false;
        return;
      }
      out.swap(released_);
    }
    for (Released& released : out) released.checkpoint->Release(released.counts);
    out.clear();
  }
}

// ---- what waits

bool CheckpointLedger::CheckpointWaits(StreamNo stream) const {
  MutexLock lock(mu_);
  return !timelines_[OfAll()].checkpoints.empty() || !timelines_[Of(stream)].checkpoints.empty();
}

void CheckpointLedger::AddWaiting(TimelineNo no, Instant before, std::vector<Waiting>& out) const {
  const Timeline& timeline = timelines_[no];
  const std::optional<StreamNo> stream = no == OfAll() ? std::nullopt : std::optional(StreamNo(no.value()));
  if (timeline.held && timeline.held->read < before)
    out.push_back(
        {.stream = stream, .read = timeline.held->read, .checkpoints = 1, .held = true, .streams = {}});
  if (timeline.checkpoints.empty()) return;
  const auto& [at, oldest] = *timeline.checkpoints.begin();
  if (oldest.read >= before) return;
  Waiting& waiting = out.emplace_back();
  waiting.stream = stream;
  waiting.read = oldest.read;
  waiting.checkpoints = timeline.checkpoints.size();
  std::map<StreamNo, Waiting::For> outstanding;
  for (auto it = timeline.groups.begin(); it != timeline.groups.end() && it->first < at; ++it) {
    const RecordGroup& group = *it->second;
    if (group.outstanding == 0) continue;
    Waiting::For& reason =
        outstanding.try_emplace(group.stream, Waiting::For{group.stream, 0, group.read}).first->second;
    reason.records += group.outstanding;
  }
  for (const auto& [_, reason] : outstanding) waiting.streams.push_back(reason);
  std::sort(waiting.streams.begin(), waiting.streams.end(), [](const auto& a, const auto& b) {
    return a.records != b.records ? a.records > b.records : a.stream < b.stream;
  });
}

std::vector<CheckpointLedger::Waiting> CheckpointLedger::WaitingSince(Instant before) const {
  MutexLock lock(mu_);
  std::vector<Waiting> out;
  AddWaiting(OfAll(), before, out);
  for (size_t i = 0; i < streams_; ++i) AddWaiting(TimelineNo(i), before, out);
  return out;
}

std::optional<Instant> CheckpointLedger::OldestWaiting(std::optional<StreamNo> of) const {
  MutexLock lock(mu_);
  std::optional<Instant> oldest;
  const auto look = [&oldest](const Timeline& timeline) {
    if (!timeline.held && timeline.checkpoints.empty()) return;
    // One that is held is older than those behind it.
    const Instant read = timeline.held ? timeline.held->read : timeline.checkpoints.begin()->second.read;
    if (!oldest || read < *oldest) oldest = read;
  };
  if (of) {
    look(timelines_[Of(*of)]);
  } else {
    for (const Timeline& timeline : timelines_) look(timeline);
  }
  return oldest;
}

uint64_t CheckpointLedger::checkpoints_waiting() const {
  MutexLock lock(mu_);
  return waiting_;
}

bool CheckpointLedger::NothingOutstanding() const {
  if (!open_chunks_.empty()) return false;
  return std::all_of(timelines_.begin(), timelines_.end(), [](const Timeline& timeline) {
    return std::all_of(timeline.groups.begin(), timeline.groups.end(),
                       [](const auto& entry) { return entry.second->outstanding == 0; });
  });
}

bool CheckpointLedger::AllRecordsSettled() const {
  MutexLock lock(mu_);
  return NothingOutstanding();
}

bool CheckpointLedger::AllSettled() const {
  MutexLock lock(mu_);
  return NothingOutstanding() && waiting_ == 0 && held_ == 0 && released_.empty() && !handing_out_;
}

}  // namespace ddb
