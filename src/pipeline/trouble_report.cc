#include "pipeline/trouble_report.h"

#include <fmt/format.h>

#include <utility>

#include "base/times.h"
#include "delivery/table_errors.h"
#include "dynamodb/transport_messages.h"

namespace ddb {
namespace {

constexpr size_t kTablesAtOnce = 3;

}  // namespace

std::vector<TroubleReport::Line> TroubleReport::Look(const FlowControl& flow, Instant now) {
  std::vector<Line> lines;
  if (last_ && now - *last_ < times::kSayApart) return lines;
  size_t more = 0;
  for (const TableNo table : tables_.numbers()) {
    const std::optional<Duration> waited = flow.clock(table).WaitedWithoutProgress(now);
    if (!waited || *waited < times::kSayTrouble) continue;
    const std::optional<TableTrouble::Seen> seen = flow.trouble(table).Look();
    const ReplyFault fault = seen ? seen->fault.fault : ReplyFault::kNone;
    if (IsThrottle(fault) && *waited < times::kSayThrottled) continue;
    Told& told = told_[table];
    const LogLevel level = seen || *waited >= times::kWarnOfSilence ? LogLevel::kWarn : LogLevel::kInfo;
    if (!IsNews(told, fault, level, now)) continue;
    told = {fault, level, now};
    if (lines.size() < kTablesAtOnce) {
      lines.push_back({level, Say(table, *waited, seen)});
    } else {
      ++more;
    }
  }
  if (more > 0) lines.push_back({LogLevel::kWarn, fmt::format("{} more tables store nothing.", more)});
  if (!lines.empty()) last_ = now;
  return lines;
}

bool TroubleReport::IsNews(const Told& told, ReplyFault fault, LogLevel level, Instant now) const {
  return !told.fault || now - told.at >= times::kSayAgain ||
         (*told.fault == fault && told.level != level && level == LogLevel::kWarn) ||
         (*told.fault != fault && now - told.at >= times::kSayAnother);
}

std::string TroubleReport::Say(TableNo table, Duration waited,
                               const std::optional<TableTrouble::Seen>& seen) const {
  const TableTarget& target = tables_[table];
  const std::string where = target.stream.name.empty()
                                ? fmt::format("table {}", target.name)
                                : fmt::format("table {} of stream {}", target.name, target.stream.Display());
  const std::string until =
      seen && seen->fault.lapse
          ? fmt::format("It is tried again for {} s at the most.", WholeSeconds(times::kLapse))
          : fmt::format("It is tried again until nothing has been stored for {} s.", WholeSeconds(give_up_));
  if (!seen) {
    return fmt::format("No reply has come for {} for {} s. {}{}", where, WholeSeconds(waited), until,
                       ThroughProxy(endpoint_));
  }
  const Text advice = FaultAdvice(seen->fault.fault);
  return fmt::format("Nothing has been stored in {} for {} s: {} ({} in a row). {}{}{}{}", where,
                     WholeSeconds(waited), FaultWords(seen->fault), seen->replies, advice,
                     advice.empty() ? "" : " ", until,
                     MayBeOfTheWay(seen->fault.fault) ? ThroughProxy(endpoint_) : "");
}

}  // namespace ddb
