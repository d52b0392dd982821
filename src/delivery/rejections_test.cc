#include "delivery/rejections.h"

#include <gtest/gtest.h>

#include "delivery/batcher_testing.h"

namespace ddb {
namespace {

class NoLog final : public Log {
 public:
  void Write(LogLevel, std::string) override {}
  bool Enabled(LogLevel) const override { return false; }
};

class RejectionsTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kItems = Rejections::kStormItems;
  // So many batches, each refused whole; true: the last one made it a storm.
  bool Refuse(int batches, std::string_view reason, int table = 0, uint32_t items = kItems) {
    bool storm = false;
    for (int i = 0; i < batches; ++i) storm = rejections_.NoteBatch(table, items, reason);
    return storm;
  }

  const std::vector<TableTarget> tables_ = TwoTables();
  NoLog log_;
  Rejections rejections_{{}, tables_, log_};
};

TEST_F(RejectionsTest, AStormIsThreeBatchesInARowOfOneReason) {
  EXPECT_FALSE(Refuse(Rejections::kStormBatches - 1, "index"));
  EXPECT_TRUE(Refuse(1, "index"));
}

TEST_F(RejectionsTest, AnotherReasonBeginsAnew) {
  EXPECT_FALSE(Refuse(Rejections::kStormBatches - 1, "index"));
  EXPECT_FALSE(Refuse(Rejections::kStormBatches - 1, "size"));
  EXPECT_FALSE(Refuse(Rejections::kStormBatches - 1, "index"));
  EXPECT_TRUE(Refuse(1, "index"));
}

TEST_F(RejectionsTest, ABatchThatIsNotRefusedWholeBeginsAnew) {
  EXPECT_FALSE(Refuse(Rejections::kStormBatches - 1, "index"));
  EXPECT_FALSE(rejections_.NoteBatch(0, kItems, std::nullopt));
  EXPECT_FALSE(Refuse(Rejections::kStormBatches - 1, "index"));
}

TEST_F(RejectionsTest, SmallBatchesSayNothing) {
  EXPECT_FALSE(Refuse(10 * Rejections::kStormBatches, "index", 0, kItems - 1));
  EXPECT_FALSE(Refuse(Rejections::kStormBatches - 1, "index"));
  EXPECT_FALSE(Refuse(10, "index", 0, kItems - 1));
  EXPECT_TRUE(Refuse(1, "index"));
}

TEST_F(RejectionsTest, EachTableHasItsOwn) {
  EXPECT_FALSE(Refuse(Rejections::kStormBatches - 1, "index", 0));
  EXPECT_FALSE(Refuse(Rejections::kStormBatches - 1, "index", 1));
  EXPECT_FALSE(rejections_.NoteBatch(1, kItems, std::nullopt));
  EXPECT_TRUE(Refuse(1, "index", 0));
}

}  // namespace
}  // namespace ddb
