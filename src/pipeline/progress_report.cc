#include "pipeline/progress_report.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/times.h"
#include "pipeline/live_text.h"

namespace ddb {
namespace {

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// The first are the ones that are named.
void BusiestFirst(std::vector<StreamTotals>& streams) {
  std::ranges::sort(streams, [](const StreamTotals& a, const StreamTotals& b) {
    return std::tie(b.waiting, b.per_second, a.stream) < std::tie(a.waiting, a.per_second, b.stream);
  });
}

}  // namespace

ProgressReport::ProgressReport(const RunPlan& plan, Log& log, Figures figures, LiveScreen* screen,
                               Instant begin)
    : plan_(plan),
      log_(log),
      figures_(std::move(figures)),
      screen_(screen),
      begin_(begin),
      stored_(begin),
      last_log_(begin),
      logged_(plan.streams.size(), 0) {
  if (screen_) recent_.emplace(plan.streams.size(), begin);
}

void ProgressReport::Tick(Instant now) {
  RunTotals totals = figures_.run();
  stored_.Add(now, totals.stored);
  totals.per_second = stored_.PerSecond();
  totals.elapsed = now - begin_;
  totals.left = TimeLeft(totals);
  if (now - last_log_ >= times::kSayAgain) {
    log_.Info(ProgressText("Progress", totals));
    LogProgress(now);
    last_log_ = now;
  }
  if (screen_) Draw(totals, now);
}

void ProgressReport::Draw(RunTotals totals, Instant now) {
  const LiveScreen::Size size = screen_->size();
  if (!screen_->moves()) {
    screen_->Show({{PlainLine(totals, size.columns)}});
    return;
  }
  std::vector<StreamTotals> shown;
  for (const StreamNo stream : plan_.streams.numbers()) {
    StreamTotals of = figures_.of(stream);
    if (of.stored + of.rejected + of.waiting == 0) continue;
    of.no = stream;
    of.per_second = recent_->PerSecond(stream, of.stored, now);
    // Tables take what they take side by side: the slowest one is the last.
    if (const std::optional<Duration> left = TimeLeft(of); left && totals.left)
      totals.left = std::max(*totals.left, *left);
    shown.push_back(std::move(of));
  }
  MostTroubledFirst(shown);
  for (size_t i = 0; i < shown.size() && i < kShownStreams; ++i) {
    shown[i].stream = plan_.streams[shown[i].no].id.Display();
  }
  screen_->Show(LiveLines(totals, shown, size));
}

// Of one stream alone the run's line has said all.
void ProgressReport::LogProgress(Instant now) {
  if (plan_.streams.size() < 2) return;
  std::vector<StreamTotals> moved;
  for (const StreamNo stream : plan_.streams.numbers()) {
    StreamTotals of = Of(stream, logged_[stream], now - last_log_);
    if (of.stored > logged_[stream] || of.waiting > 0) moved.push_back(of);
    logged_[stream] = of.stored;
  }
  BusiestFirst(moved);
  for (std::string& text : StreamTexts(moved)) log_.Info(std::move(text));
}

StreamTotals ProgressReport::Of(StreamNo stream, uint64_t before, Duration since) const {
  const StreamPlan& plan = plan_.streams[stream];
  StreamTotals of = figures_.of(stream);
  of.stream = plan.id.Display();
  of.table = plan_.tables[plan.table].table;
  of.per_second = static_cast<double>(of.stored - before) / std::max(Seconds(since), 0.001);
  return of;
}

void ProgressReport::End(std::string_view how, Instant now) {
  std::vector<StreamTotals> all;
  for (const StreamNo stream : plan_.streams.numbers()) {
    all.push_back(Of(stream, 0, now - begin_));
  }
  BusiestFirst(all);
  for (std::string& text : StreamTexts(all)) log_.Info(std::move(text));
  RunTotals totals = figures_.run();
  totals.per_second = static_cast<double>(totals.stored) / std::max(Seconds(now - begin_), 0.001);
  totals.elapsed = now - begin_;
  std::string text = ProgressText(how, totals);
  if (screen_) screen_->End(text);
  log_.Info(std::move(text));
}

}  // namespace ddb
