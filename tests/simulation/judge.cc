#include "simulation/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/times.h"
#include "pipeline/chunk_room.h"
#include "simulation/pace.h"

namespace ddb::simulation {
namespace {

uint64_t HashOf(std::string_view text) { return std::hash<std::string_view>()(text); }

// The number behind `member`, or 0.
size_t NumberAfter(std::string_view line, std::string_view member) {
  const size_t at = line.find(member);
  size_t number = 0;
  if (at != std::string_view::npos)
    std::from_chars(line.data() + at + member.size(), line.data() + line.size(), number);
  return number;
}

// What may be held beside the budget: what exists already when it is charged (STATEs, lines of output);
// where one chunk is more than all of it, that chunk, which always gets through; and, for each worker, the
// growth of one body, which doubles for the last of its items, and counts twice, for its reply.
size_t MostMemory(const Plan& plan, const Input& input) {
  size_t longest = 0;
  for (size_t at = 0; at < input.text.size();) {
    const size_t end = input.text.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  const size_t chunk = std::max<size_t>(plan.chunk_bytes, longest);
  const size_t growth = 2 * std::min<size_t>(kMostItems * (longest + 300), kMostBody);
  return std::max<size_t>(plan.memory_bytes, chunk + RoomForChunk(chunk)) + (size_t{1} << 20) +
         static_cast<size_t>(plan.workers) * growth;
}

}  // namespace

Judge::Judge(const Plan& plan, const Input& input, Scheduler& scheduler, const MemoryBudget& budget)
    : plan_(plan),
      input_(input),
      scheduler_(scheduler),
      budget_(budget),
      most_memory_(MostMemory(plan, input)),
      records_(input.records.size()),
      settled_to_(plan.tables.size()),
      last_state_(plan.tables.size() + 1, -1),
      out_(input.states.size()) {}

void Judge::OnSent(const Sent& item) {
  if (item.id >= records_.size()) return scheduler_.Fail("wrong_request", "an item that was never read");
  if (input_.records[item.id].stream != item.table)
    return scheduler_.Fail("wrong_table", fmt::format("record {} is sent to table {}", item.id, item.table));
  OfRecord& record = records_[item.id];
  const uint64_t key = HashOf(item.key);
  const uint64_t bytes = HashOf(item.bytes);
  if (record.sent && record.key != key)
    scheduler_.Fail("key_changed", fmt::format("record {} is sent again under another key", item.id));
  if (record.sent && record.bytes != bytes)
    scheduler_.Fail("bytes_changed", fmt::format("record {} is sent again with other bytes", item.id));
  record = {record.fate, true, key, bytes};
}

void Judge::OnStored(size_t id) { records_[id].fate = Fate::kStored; }
void Judge::OnRefused(size_t id) {
  if (records_[id].fate == Fate::kOpen) records_[id].fate = Fate::kRefused;
}

bool Judge::Settled(size_t id) const { return records_[id].fate != Fate::kOpen || input_.records[id].odd; }

size_t Judge::FirstOpen(int stream, size_t count) {
  const auto& ids = input_.of_stream[static_cast<size_t>(stream)];
  size_t& to = settled_to_[static_cast<size_t>(stream)];
  while (to < ids.size() && Settled(ids[to])) ++to;
  return to < count ? ids[to] : records_.size();
}

void Judge::OnStep() {
  if (budget_.used() > most_memory_)
    scheduler_.Fail("memory", fmt::format("{} bytes are held, {} may be", budget_.used(), most_memory_));
}

void Judge::OnOutput(std::string_view bytes) {
  scheduler_.Trace("stdout", HashOf(bytes));
  line_ += bytes;
  size_t begin = 0;
  for (size_t end; (end = line_.find('\n', begin)) != std::string::npos; begin = end + 1)
    OnLine(std::string_view(line_).substr(begin, end - begin));
  line_.erase(0, begin);
}

void Judge::OnLine(std::string_view line) {
  if (line.find(R"("type":"ERROR")") != std::string_view::npos) ++errors_;
  if (line.starts_with(R"({"type":"STATE")")) OnState(line);
}

void Judge::OnState(std::string_view line) {
  const size_t number = NumberAfter(line, "\"n\":");
  if (number >= input_.states.size()) return scheduler_.Fail("states", "a STATE that was never read");
  const Input::State& state = input_.states[number];
  const int streams = static_cast<int>(plan_.tables.size());
  for (int stream = 0; stream < streams; ++stream) {
    if (state.stream >= 0 && state.stream != stream) continue;
    const size_t open = FirstOpen(stream, state.covers[static_cast<size_t>(stream)]);
    if (open < records_.size())
      scheduler_.Fail("early_state",
                      fmt::format("STATE {} is out, and record {} is not stored", number, open));
  }
  int& last = last_state_[static_cast<size_t>(state.stream < 0 ? streams : state.stream)];
  if (static_cast<int>(number) <= last)
    scheduler_.Fail("states", fmt::format("STATE {} comes after {}", number, last));
  last = static_cast<int>(number);
  const size_t counted =
      NumberAfter(line, "\"recordCount\":") + NumberAfter(line, "\"rejectedRecordCount\":");
  if (counted != state.since)
    scheduler_.Fail("counts",
                    fmt::format("STATE {} counts {} records, not {}", number, counted, state.since));
  if (errors_ > 0) scheduler_.Fail("states", fmt::format("STATE {} comes after the run's error", number));
  out_[number] = true;
  ++states_;
}

void Judge::AtEnd(const RunResult& result, bool flushed) {
  if (result.reason == StopReason::kNone) {
    if (errors_ > 0) scheduler_.Fail("ending", "the run ended well, and said an error");
    if (flushed && !reader_closed_) JudgeSuccess();
  } else {
    JudgeFailure(result);
  }
  if (budget_.used() != 0)
    scheduler_.Fail("memory", fmt::format("{} bytes of the budget are not given back", budget_.used()));
  if (scheduler_.loops() != 0) scheduler_.Fail("ending", "a loop is left");
}

void Judge::JudgeSuccess() {
  for (size_t id = 0; id < records_.size(); ++id) {
    if (!Settled(id))
      return scheduler_.Fail("not_stored", fmt::format("the run ended well without record {}", id));
    const bool rejected = records_[id].fate == Fate::kRefused || input_.records[id].odd;
    if (rejected && !plan_.skip_rejected)
      return scheduler_.Fail("ending", fmt::format("the run ended well though record {} was refused", id));
  }
  if (states_ != input_.states.size())
    scheduler_.Fail("states", fmt::format("{} of {} STATEs are out", states_, input_.states.size()));
}

// Only what the plan says: a record that is refused, a table that takes nothing, a signal, a reader who goes.
bool Judge::MayFail() const {
  const auto is_refused = [](const Input::Record& record) { return record.refused || record.odd; };
  const bool refused = std::any_of(input_.records.begin(), input_.records.end(), is_refused);
  double longest_dark = 0;
  for (const TableSetting& table : plan_.tables)
    for (const Spell& spell : table.dark) longest_dark = std::max(longest_dark, spell.to - spell.from);
  // It is refused again and again while its table takes others, as one with which something is wrong.
  const bool too_large =
      SecondsForLargestItem(plan_) > std::chrono::duration<double>(times::kAloneAtLeast).count();
  return (refused && !plan_.skip_rejected) || too_large || longest_dark > plan_.give_up_s ||
         plan_.give_up_s < kPatience;
}

void Judge::JudgeFailure(const RunResult& result) {
  const bool failed = result.reason == StopReason::kFailure;
  if (failed && !MayFail())
    scheduler_.Fail("ending", "the run failed, and nothing explains it: " +
                                  (result.error ? result.error->message : std::string("no error")));
  if (failed && !reader_closed_ && errors_ != 1)
    scheduler_.Fail("ending", fmt::format("the run failed with {} errors said", errors_));
  if (result.reason == StopReason::kSignal && !signalled_)
    scheduler_.Fail("ending", "a signal that never came");
  if (result.reason == StopReason::kStdoutClosed && !reader_closed_)
    scheduler_.Fail("ending", "stdout was taken for closed");
  if (!failed && scheduler_.Now() - told_to_end_ > times::kStop)
    scheduler_.Fail("ending", "it went on for too long after it was told to end");
  // Whatever befalls the requests, there is time for what lies before a record that is refused: but not for
  // a table that is slower than that, or a line.
  const bool in_time = plan_.faults.empty() && !plan_.fired && plan_.line_bytes_per_s >= 1e8;
  if (failed && in_time && !reader_closed_ && !signalled_ && !plan_.skip_rejected)
    JudgeWhatLiesBeforeTheFailure();
}

void Judge::JudgeWhatLiesBeforeTheFailure() {
  const bool limited = std::any_of(plan_.tables.begin(), plan_.tables.end(), [](const TableSetting& table) {
    return table.wcu > 0 || !table.dark.empty();
  });
  if (limited || !plan_.line_stalls.empty() || !plan_.reader_stalls.empty()) return;
  const auto first = std::find_if(input_.records.begin(), input_.records.end(),
                                  [](const Input::Record& record) { return record.refused || record.odd; });
  const auto before = static_cast<size_t>(first - input_.records.begin());
  for (size_t number = 0; number < input_.states.size(); ++number) {
    if (input_.states[number].records_before <= before && !out_[number])
      scheduler_.Fail("barrier", fmt::format("STATE {} lies before the refused record {} and is not out",
                                             number, before));
  }
}

void Judge::OnReaderClosed() {
  if (!signalled_) told_to_end_ = scheduler_.Now();
  reader_closed_ = true;
}

void Judge::OnSignal() {
  if (!reader_closed_) told_to_end_ = scheduler_.Now();
  signalled_ = true;
}

}  // namespace ddb::simulation
