#include "pipeline/throttle_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/times.h"
#include "pipeline/throttle_texts.h"

namespace ddb {
namespace {

constexpr size_t kLinesAtOnce = 3;  // in times::kSayApart
constexpr size_t kCauses = 8;       // of one table's episode; what names more makes them up

}  // namespace

std::vector<ThrottleReport::Line> ThrottleReport::Look(FlowControl& flow, Instant now) {
  std::vector<Line> lines;
  const bool afresh = now - began_ >= times::kSayApart;
  if (afresh) {
    began_ = now;
    said_ = 0;
  }
  size_t more = 0;
  for (const TableNo table : tables_.numbers()) {
    ThrottleEpisode& throttle = flow.throttle(table);
    throttle.EndIfOver(flow.gate(table).LimitedLately(now), now);
    const std::optional<ThrottleEpisode::Seen> seen = throttle.Look();
    Told& told = told_[table];
    const bool over = !told.causes.empty() && (!seen || seen->began != told.began);
    const bool news = over || (seen && IsNews(told, *seen, now));
    if (!news) continue;
    const bool has_room = said_ < kLinesAtOnce;
    if (!has_room && !afresh) continue;  // later
    if (over) {
      if (!has_room) continue;
      lines.push_back({LogLevel::kInfo, ThrottledNoMoreText(tables_[table], now - told.began)});
      ++said_;
      told.causes.clear();
      continue;  // one that has begun meanwhile is looked at next time
    }
    told.causes.push_back(seen->cause);
    told.last = seen->cause;
    told.began = seen->began;
    told.at = now;
    if (has_room) {
      lines.push_back({LogLevel::kWarn, ThrottledText(tables_[table], seen->cause, units_(table))});
      ++said_;
    } else {
      ++more;
    }
  }
  if (more > 0) lines.push_back({LogLevel::kWarn, fmt::format("{} more tables are throttled.", more)});
  return lines;
}

bool ThrottleReport::IsNews(const Told& told, const ThrottleEpisode::Seen& seen, Instant now) const {
  // What tells it may be on its way, or all of it be over.
  if (!seen.cause.known() && seen.refused - seen.began < times::kCauseMayCome) return false;
  if (told.at == Instant{}) return true;
  const auto& causes = told.causes;
  if (!causes.empty()) {
    const bool is_told = std::find(causes.begin(), causes.end(), seen.cause) != causes.end();
    return !is_told && causes.size() < kCauses && now - told.at >= times::kSayAnother;
  }
  // What comes and goes.
  return seen.cause != told.last || now - told.at >= times::kSayAgain;
}

}  // namespace ddb
