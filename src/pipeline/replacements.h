// Replacements: the tables of a sync that are to be made anew, and the threads that do it while the data
// flows. Nothing old goes for a stream that gave nothing: a table is replaced when its own stream has said
// its first word, a RECORD that can be stored or a STATE, unless what stood before that were rejected records
// alone; those of streams that say none are decided upon at the end of the input. Until then the table is
// closed: what is to be stored in it waits with the worker that has it, whose send window fills and stops the
// reading, and STATEs of its stream wait in the ledger.
//
// A word counts when everything that was read before it has been parsed, so that none counts behind a line
// that fails the run. After a failure the words before it still count, as what came with them may still be
// stored; after a signal none does. A table that has been replaced is open however its round ended: what was
// read for it is stored in the time that the end of a run leaves, as its old items are gone.
//
// Tables whose words come together are replaced in one round, up to kMostTables of them, and open one by one.
// A word that comes while a
// round is under way begins another, as that one's drops may take minutes; a round that fails ends no other
// one, and lets none begin.
//
// A STATE of all streams does not wait for the tables of streams that have said nothing. It covers no item of
// theirs that is not stored, and it does not settle what becomes of their old ones: every sync in which such
// a stream is overwritten decides that anew, by its word or at its end, wherever its source goes on from. A
// run that is killed behind the STATE leaves them to the next one, as one that is killed before it does.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/numbered.h"
#include "base/result.h"
#include "delivery/checkpoint_ledger.h"
#include "delivery/run_plan.h"
#include "delivery/run_state.h"

namespace ddb {

class Replacements {
 public:
  // Makes these tables anew, all of them unless there is an error, and tells of each as soon as it is as it
  // is to be; blocks, and asks ten times a second whether it is to come to its end. Called on several threads
  // at the same time, for no table twice.
  using Step =
      std::function<Status(const std::vector<TableNo>& tables, const std::function<bool()>& stop_requested,
                           const std::function<void(TableNo)>& replaced)>;
  enum class Gate : uint8_t {
    kOpen,    // the table is as it is to be
    kClosed,  // its stream has said nothing
    kAsked,   // it is being replaced, or will be
    kNever,   // it stays as it was, and nothing can be stored in it in this run
  };

  // `closed`: the tables that hold something old. `changed` is called on threads of this, when gates have
  // changed. All of it outlives the object.
  Replacements(const RunPlan& plan, const std::vector<TableNo>& closed, Step step, CheckpointLedger& ledger,
               RunState& state, std::function<void()> changed);
  ~Replacements() { End(); }
  Replacements(const Replacements&) = delete;
  Replacements& operator=(const Replacements&) = delete;

  // ---- any thread
  Gate gate(TableNo table) const { return gates_[table].load(std::memory_order_acquire); }
  struct Word {
    enum Kind : uint8_t {
      kRecord = 1,    // that can be stored
      kState = 2,     // it counts if nothing of its stream was rejected before
      kRejected = 4,  // a record; it asks for nothing
    };
    static constexpr uint8_t kAny = kRecord | kState | kRejected;
    StreamNo stream;
    Kind kind;
  };
  // First words that were found in a chunk, in its order; it is registered.
  void Said(uint64_t chunk, const std::vector<Word>& words);

  // ---- the supervisor's
  void Start();
  size_t size() const { return tables_.size(); }  // tables that are, or were, to be replaced
  std::vector<StreamNo> Silent() const;           // those whose word is still missing
  std::vector<TableNo> Replaced() const;
  // Nobody will say anything any more; these are replaced without a word, and then it is done.
  void NoMore(const std::vector<StreamNo>& streams);
  bool done() const { return done_.load(std::memory_order_acquire); }
  void End();  // ends what is under way as a stop does, and waits for that

 private:
  // At the same time; words that come while so many are under way wait for one of them to end. Each has a
  // thread and connections of its own, and mostly waits.
  static constexpr size_t kMostRounds = 8;
  // In one of them: so that what a table costs while it is replaced is not there for thousands at once.
  static constexpr size_t kMostTables = 32;

  void Run();
  void Hear(const Word& word) REQUIRES(mu_);
  void Ask(StreamNo stream) REQUIRES(mu_);
  std::vector<TableNo> AwaitRound();
  void AddThread() REQUIRES(mu_);
  void Open(TableNo table);
  void EndAsFailed(const std::vector<TableNo>& round, Error error);
  void EndThread();
  bool StopRequested() const;

  const RunPlan& plan_;
  const Step step_;
  CheckpointLedger& ledger_;
  RunState& state_;
  const std::function<void()> changed_;
  const std::vector<TableNo> tables_;
  NumberedVector<TableNo, std::atomic<Gate>> gates_;
  std::atomic<bool> done_;
  std::atomic<bool> ending_{false};
  Mutex mu_;
  CondVar asked_;
  std::map<uint64_t, std::vector<Word>> said_ GUARDED_BY(mu_);  // by chunk: words that do not count yet
  NumberedVector<StreamNo, uint8_t> rejected_ GUARDED_BY(mu_);  // 1: a record, before any other word
  std::vector<TableNo> round_ GUARDED_BY(mu_);                  // the next one
  bool no_more_ GUARDED_BY(mu_) = false;
  bool failed_ GUARDED_BY(mu_) = false;
  size_t waiting_ GUARDED_BY(mu_) = 0;  // threads, for a round
  size_t running_ GUARDED_BY(mu_) = 0;  // threads that have not come to their end
  std::vector<std::thread> threads_ GUARDED_BY(mu_);
};

}  // namespace ddb
