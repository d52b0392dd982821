// Judge: what has to hold, whatever happens: told of everything that is sent, stored, refused and said, it
// names the first thing that is wrong (Scheduler::Fail).
//
//   early_state     P1  a STATE is out, and not all that it covers is stored or refused
//   not_stored      P2  the run has ended well, and not all is stored
//   states          P2  ... or not every STATE is out; STATEs out of order, twice, or behind what failed
//   memory          P3  more than the budget, or not all given back
//   key_changed, bytes_changed   P4  a record is sent again otherwise than before
//   wrong_table, wrong_request   what no server would take
//   counts          destinationStats do not add up
//   ending          how a run ends: not with one error, or with one that nothing explains, or later than a
//                   signal or a closed stdout leaves time for
//   barrier         a record was refused, and a STATE that lies before it did not come
//   slow            line and tables would have taken it sooner (pace.h)
//   hang, livelock  it does not end at all (scheduler.h)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/memory_budget.h"
#include "pipeline/run.h"
#include "simulation/input.h"
#include "simulation/scheduler.h"

namespace ddb::simulation {

// What a request may have:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
inline constexpr size_t kMostItems = 25;
inline constexpr size_t kMostBody = 16u << 20;  // bytes

class Judge {
 public:
  Judge(const Plan& plan, const Input& input, Scheduler& scheduler, const MemoryBudget& budget);

  // An item as it was sent.
  struct Sent {
    size_t id = 0;
    int table = 0;
    std::string_view key;
    std::string_view bytes;
  };
  void OnSent(const Sent& item);
  void OnStored(size_t id);
  void OnRefused(size_t id);  // alone, for good
  void OnOutput(std::string_view bytes);
  void OnStep();
  // The reader of stdout has gone: what comes from here on comes to nobody.
  void OnReaderClosed();
  void OnSignal();
  void AtEnd(const RunResult& result, bool flushed);

 private:
  enum class Fate : uint8_t { kOpen, kStored, kRefused };
  struct OfRecord {
    Fate fate = Fate::kOpen;
    bool sent = false;
    uint64_t key = 0, bytes = 0;  // hashes
  };
  void OnLine(std::string_view line);
  void OnState(std::string_view line);
  bool Settled(size_t id) const;
  // The first record of the stream's first `count` that is not settled; none: the number of all.
  size_t FirstOpen(int stream, size_t count);
  void JudgeSuccess();
  void JudgeFailure(const RunResult& result);
  void JudgeWhatLiesBeforeTheFailure();
  bool MayFail() const;

  const Plan& plan_;
  const Input& input_;
  Scheduler& scheduler_;
  const MemoryBudget& budget_;
  const size_t most_memory_;
  std::vector<OfRecord> records_;
  std::vector<size_t> settled_to_;  // of each stream, so many in a row
  std::string line_;                // what of it has come
  std::vector<int> last_state_;     // of each stream; the last: of all
  size_t states_ = 0;
  std::vector<bool> out_;  // by number
  size_t errors_ = 0;
  bool reader_closed_ = false;
  bool signalled_ = false;
  Instant told_to_end_;  // by a signal, or by a reader who went
};

}  // namespace ddb::simulation
