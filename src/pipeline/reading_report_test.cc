#include "pipeline/reading_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class ReadingReportTest : public testing::Test {
 protected:
  // What is said in so long a time, in which reading waits for this.
  std::string During(Duration time, ReadingWaits waits, const std::string& table = "t_slow") {
    std::string said;
    for (const Instant end = now_ + time; now_ < end; now_ += milliseconds(500))
      said += report_.Look({waits, table}, now_);
    return said;
  }
  ReadingReport report_;
  Instant now_{seconds(1000)};
};

TEST_F(ReadingReportTest, SaysForWhichTableItStopsAndWhenItGoesOnOnce) {
  EXPECT_EQ(During(seconds(10), ReadingWaits::kInput), "");
  EXPECT_EQ(During(seconds(60), ReadingWaits::kMemory),
            "Reading has stopped: the memory is full of records for table t_slow, which takes less than is "
            "read. It goes on as they are stored.");
  EXPECT_EQ(During(seconds(30), ReadingWaits::kNothing), "Reading goes on; it had stopped for 60 s.");
  EXPECT_THAT(During(seconds(10), ReadingWaits::kMemory), HasSubstr("has stopped")) << "it is news again";
}

TEST_F(ReadingReportTest, MomentsAreNoNews) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(During(seconds(1), ReadingWaits::kMemory), "");
    EXPECT_EQ(During(milliseconds(500), ReadingWaits::kNothing), "");
  }
}

// What is stored makes room for a chunk now and then.
TEST_F(ReadingReportTest, NorDoesItGoOnForAMoment) {
  EXPECT_THAT(During(seconds(3), ReadingWaits::kMemory), HasSubstr("has stopped"));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(During(seconds(1), ReadingWaits::kNothing), "");
    EXPECT_EQ(During(seconds(1), ReadingWaits::kMemory), "");
  }
}

TEST_F(ReadingReportTest, WithoutATableAndWithoutAnEnd) {
  EXPECT_EQ(During(seconds(3), ReadingWaits::kMemory, ""),
            "Reading has stopped: the memory for records is full. It goes on as they are stored.");
  EXPECT_EQ(During(seconds(60), ReadingWaits::kEnded), "") << "all is read";
}

}  // namespace
}  // namespace ddb
