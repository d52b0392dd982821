#include "pipeline/reading_report.h"

#include <fmt/format.h>

#include <cstdint>

#include "base/times.h"

namespace ddb {

std::string ReadingReport::Look(const RunTotals::Reading& reading, Instant now) {
  if (reading.waits_for == ReadingWaits::kEnded) {
    *this = {};  // nothing is left to go on with
    return "";
  }
  if (reading.waits_for == ReadingWaits::kMemory) {
    free_since_.reset();
    if (!full_since_) full_since_ = now;
    if (told_ || now - *full_since_ < times::kSayTrouble) return "";
    told_ = true;
    return reading.table.empty()
               ? "Reading has stopped: the memory for records is full. It goes on as they are stored."
               : fmt::format(
                     "Reading has stopped: the memory is full of records for table {}, which takes "
                     "less than is read. It goes on as they are stored.",
                     reading.table);
  }
  if (!told_) full_since_.reset();
  if (!told_) return "";
  if (!free_since_) free_since_ = now;
  if (now - *free_since_ < times::kSayApart) return "";
  const int64_t seconds = WholeSeconds(*free_since_ - *full_since_);
  *this = {};
  return fmt::format("Reading goes on; it had stopped for {} s.", seconds);
}

}  // namespace ddb
