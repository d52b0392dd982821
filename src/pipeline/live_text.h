// live_text: what the live display of a terminal says, as lines that fit it: the totals, then a table of the
// streams that matter most, those that are throttled or slow first. Pure; called by ProgressReport.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/live_screen.h"
#include "pipeline/report.h"

namespace ddb {

// At most so many streams are shown, and "and N more".
inline constexpr size_t kShownStreams = 8;

// Of `streams` those that have anything to show are shown, in this order of importance.
void MostTroubledFirst(std::vector<StreamTotals>& streams);

// Each line is shorter than the terminal is wide, and there are fewer of them than it has rows. `streams`: as
// many as there are, in the order in which they matter.
std::vector<LiveScreen::Line> LiveLines(const RunTotals& totals, const std::vector<StreamTotals>& streams,
                                        const LiveScreen::Size& size);
// What there is room for in one line: for a terminal that knows no more than to write over it.
std::string PlainLine(const RunTotals& totals, size_t columns);

// As wide as the terminal shows it: names of streams may be in any script.
size_t ColumnsOf(std::string_view text);
// Cut or filled up to so many columns. What a terminal could take for a command is a '?'.
std::string InColumns(std::string_view text, size_t columns);

}  // namespace ddb
