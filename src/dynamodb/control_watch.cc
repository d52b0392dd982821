#include "dynamodb/control_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/times.h"

namespace ddb {
namespace {

// What DynamoDB itself says is more exact than the fault's name.
bool IsNamed(const Verdict& verdict) { return !verdict.error_name.empty() && !verdict.reason.empty(); }

}  // namespace

const ControlWatch::Entry* ControlWatch::Oldest(Kind kind) const {
  const Entry* oldest = nullptr;
  for (const Entry& wait : waits_) {
    if (wait.kind == kind && (oldest == nullptr || wait.since < oldest->since)) oldest = &wait;
  }
  return oldest;
}

bool ControlWatch::IsTime(Said& said, ReplyFault fault, Instant now) {
  if (said.at && now - *said.at < (fault == said.fault ? times::kSayAgain : times::kSayAnother)) return false;
  said = {now, fault};
  return true;
}

void ControlWatch::SayTrouble(Log& log, Instant now) {
  const Entry* const call = Oldest(Kind::kReply);
  if (call && now - call->since >= times::kSayTrouble) {
    if (IsTime(said_of_calls_, call->last.fault, now)) SayCall(*call, log, now);
    return;
  }
  const Entry* const table = Oldest(Kind::kTable);
  if (!table || now - table->since < times::kSayTrouble) return;
  if (IsTime(said_of_tables_, ReplyFault::kNone, now)) SayTable(*table, log, now);
}

void ControlWatch::SayCall(const Entry& call, Log& log, Instant now) const {
  const int64_t waited = WholeSeconds(now - call.since);
  if (call.replies == 0) {
    log.Info(
        fmt::format("No reply has come from {} for {} s. It is waited for, and tried again.", url_, waited));
    return;
  }
  if (IsNamed(call.last)) {
    log.Warn(
        fmt::format("{} has been refused by {} for {} s: {} ({} in a row). It is tried again for {} s more.",
                    call.what, url_, waited, call.last.reason, call.replies,
                    WholeSeconds(std::max(call.until - now, Duration::zero()))));
    return;
  }
  const Text advice = FaultAdvice(call.last.fault);
  log.Warn(fmt::format("{} has not answered for {} s: {} ({} in a row). {}{}It is tried again.", url_, waited,
                       DescribeFault(call.last.fault, call.last.status), call.replies, advice,
                       advice.empty() ? "" : " "));
}

void ControlWatch::SayTable(const Entry& table, Log& log, Instant now) const {
  const auto tables = std::count_if(waits_.begin(), waits_.end(),
                                    [](const Entry& wait) { return wait.kind == Kind::kTable; });
  log.Info(fmt::format("{}, which is waited for since {} s, and for {} s more at the most.{}", table.what,
                       WholeSeconds(now - table.since),
                       WholeSeconds(std::max(table.until - now, Duration::zero())),
                       tables > 1 ? fmt::format(" {} more tables are waited for.", tables - 1) : ""));
}

}  // namespace ddb
