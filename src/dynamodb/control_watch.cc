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

// One that is told as a warning for the first time is news.
bool ControlWatch::IsTime(Said& said, ReplyFault fault, LogLevel level, Instant now) {
  const bool is_worse = level == LogLevel::kWarn && said.level != LogLevel::kWarn;
  const Duration apart = fault == said.fault ? times::kSayAgain : times::kSayAnother;
  if (said.at && !is_worse && now - *said.at < apart) return false;
  said = {now, fault, level};
  return true;
}

LogLevel ControlWatch::LevelOf(const Entry& wait, Instant now) {
  const Duration warn_after = wait.kind == Kind::kTable ? times::kWarnOfTable : times::kWarnOfSilence;
  return wait.replies > 0 || now - wait.since >= warn_after ? LogLevel::kWarn : LogLevel::kInfo;
}

void ControlWatch::SayTrouble(Log& log, Instant now) {
  const Entry* const call = Oldest(Kind::kReply);
  if (call && now - call->since >= times::kSayTrouble) {
    const LogLevel level = LevelOf(*call, now);
    if (IsTime(said_of_calls_, call->last.fault, level, now)) log.Write(level, CallText(*call, now));
    return;
  }
  const Entry* const table = Oldest(Kind::kTable);
  if (!table || now - table->since < times::kSayTrouble) return;
  const LogLevel level = LevelOf(*table, now);
  if (IsTime(said_of_tables_, ReplyFault::kNone, level, now)) log.Write(level, TableText(*table, now));
}

std::string ControlWatch::CallText(const Entry& call, Instant now) const {
  const int64_t waited = WholeSeconds(now - call.since);
  const int64_t left = WholeSeconds(std::max(call.until - now, Duration::zero()));
  if (call.replies == 0) {
    return fmt::format(
        "No reply has come from {} for {} s ({}). It is waited for, and tried again, for {} s more.", url_,
        waited, call.what, left);
  }
  if (IsNamed(call.last)) {
    return fmt::format(
        "{} has been refused by {} for {} s: {} ({} in a row). It is tried again for {} s more.", call.what,
        url_, waited, call.last.reason, call.replies, left);
  }
  const Text advice = FaultAdvice(call.last.fault);
  return fmt::format("{} has not answered for {} s: {} ({} in a row). {}{}{} is tried again for {} s more.",
                     url_, waited, DescribeFault(call.last.fault, call.last.status), call.replies, advice,
                     advice.empty() ? "" : " ", call.what, left);
}

std::string ControlWatch::TableText(const Entry& table, Instant now) const {
  const auto tables = std::count_if(waits_.begin(), waits_.end(),
                                    [](const Entry& wait) { return wait.kind == Kind::kTable; });
  return fmt::format("{}, which is waited for since {} s, and for {} s more at the most.{}", table.what,
                     WholeSeconds(now - table.since),
                     WholeSeconds(std::max(table.until - now, Duration::zero())),
                     tables > 1 ? fmt::format(" {} more tables are waited for.", tables - 1) : "");
}

}  // namespace ddb
