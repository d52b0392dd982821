#include "pipeline/progress_report.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/times.h"

namespace ddb {
namespace {

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// A terminal that does not say how wide it is has what most have.
size_t ColumnsOf(int terminal) {
  constexpr size_t kUsual = 80;
  winsize size{};
  return ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

// The first are the ones that are named.
void BusiestFirst(std::vector<StreamTotals>& streams) {
  std::ranges::sort(streams, [](const StreamTotals& a, const StreamTotals& b) {
    return std::tie(b.waiting, b.per_second, a.stream) < std::tie(a.waiting, a.per_second, b.stream);
  });
}

}  // namespace

ProgressReport::ProgressReport(const RunPlan& plan, Log& log, Figures figures, int terminal, Instant begin)
    : plan_(plan),
      log_(log),
      figures_(std::move(figures)),
      terminal_(terminal),
      begin_(begin),
      stored_(begin),
      last_log_(begin),
      logged_(plan.streams.size(), 0) {}

void ProgressReport::Tick(Instant now) {
  RunTotals totals = figures_.run();
  stored_.Add(now, totals.stored);
  totals.per_second = stored_.PerSecond();
  if (now - last_log_ >= times::kSayAgain) {
    log_.Info(ProgressText("Progress", totals));
    LogProgress(now);
    last_log_ = now;
  }
  if (terminal_ >= 0) {
    const std::string line = TerminalLine(totals, ColumnsOf(terminal_));
    [[maybe_unused]] const ssize_t written = ::write(terminal_, line.data(), line.size());
  }
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
    if (plan_.streams.size() > 1) all.push_back(Of(stream, 0, now - begin_));
  }
  BusiestFirst(all);
  for (std::string& text : StreamTexts(all)) log_.Info(std::move(text));
  RunTotals totals = figures_.run();
  totals.per_second = static_cast<double>(totals.stored) / std::max(Seconds(now - begin_), 0.001);
  log_.Info(ProgressText(how, totals));
}

}  // namespace ddb
