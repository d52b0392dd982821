// ControlWatch: what the operations on tables of one run wait for, and since when and why, so that a person
// who waits can be told while they are tried again; and what they have met so far: whether the endpoint has
// ever answered, and taken our keys. Shared by the steps of a run that touch tables, which come one after the
// other, each on a loop and a ControlPlane of its own; by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "dynamodb/errors.h"

namespace ddb {

class ControlWatch {
 public:
  // `url`: of the endpoint, with the proxy that leads there.
  explicit ControlWatch(std::string url) : url_(std::move(url)) {}
  ControlWatch(const ControlWatch&) = delete;
  ControlWatch& operator=(const ControlWatch&) = delete;

  // One that knows the same of the endpoint, for a step that runs beside others.
  ControlWatch Beside() const { return ControlWatch(url_, answered, accepted, denied); }

  bool answered = false;  // the endpoint has given a valid reply
  bool accepted = false;  // and one that took our keys
  // Operations that stayed denied for times::kDenialMayPass, and have not been permitted since.
  std::set<std::string, std::less<>> denied;

  enum class Kind {
    kReply,  // the success of an operation, by its name
    kTable,  // another state of a table: "Table t is being created"
  };
  // Something that is waited for, for as long as this lives.
  class Wait {
   public:
    Wait(ControlWatch& watch, Kind kind, std::string what, Instant since, Instant until)
        : watch_(watch),
          at_(watch.waits_.insert(watch.waits_.end(), {kind, std::move(what), since, until, 0, {}})) {}
    ~Wait() { watch_.waits_.erase(at_); }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    // A reply that is no success; it is tried again until then.
    void Met(const Verdict& verdict, Instant until) {
      ++at_->replies;
      at_->last = verdict;
      at_->until = until;
    }

   private:
    struct Entry {
      Kind kind;
      std::string what;
      Instant since;
      Instant until;
      uint64_t replies = 0;
      Verdict last;  // of them
    };
    friend class ControlWatch;

    ControlWatch& watch_;
    const std::list<Entry>::iterator at_;
  };

  // Says it when it is time to. To be called every now and then.
  void SayTrouble(Log& log, Instant now);

 private:
  using Operations = std::set<std::string, std::less<>>;
  ControlWatch(std::string url, bool was_answered, bool was_accepted, Operations were_denied)
      : answered(was_answered),
        accepted(was_accepted),
        denied(std::move(were_denied)),
        url_(std::move(url)) {}

  using Entry = Wait::Entry;
  struct Said {
    std::optional<Instant> at;
    ReplyFault fault = ReplyFault::kNone;
    LogLevel level = LogLevel::kInfo;
  };
  const Entry* Oldest(Kind kind) const;
  static bool IsTime(Said& said, ReplyFault fault, LogLevel level, Instant now);
  static LogLevel LevelOf(const Entry& wait, Instant now);
  std::string CallText(const Entry& call, Instant now) const;
  std::string TableText(const Entry& table, Instant now) const;

  const std::string url_;
  std::list<Entry> waits_;
  Said said_of_calls_;
  Said said_of_tables_;
};

}  // namespace ddb
