#include "delivery/refusal_storms.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

class RefusalStormsTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kItems = RefusalStorms::kStormItems;
  static constexpr int kOneLess = RefusalStorms::kStormRequests - 1;
  static constexpr TableNo kOne{0};
  static constexpr TableNo kTwo{1};

  // So many requests, each refused whole. Returns whether the last one made it a storm.
  bool Refuse(int requests, Text reason, TableNo table = kOne, uint32_t items = kItems) {
    bool storm = false;
    for (int i = 0; i < requests; ++i) storm = storms_.NoteRequest(table, items, reason);
    return storm;
  }

  RefusalStorms storms_{2};
};

TEST_F(RefusalStormsTest, AStormIsThreeRequestsInARowOfOneReason) {
  EXPECT_FALSE(Refuse(kOneLess, "index"));
  EXPECT_TRUE(Refuse(1, "index"));
}

TEST_F(RefusalStormsTest, AnotherReasonBeginsAnew) {
  EXPECT_FALSE(Refuse(kOneLess, "index"));
  EXPECT_FALSE(Refuse(kOneLess, "size"));
  EXPECT_FALSE(Refuse(kOneLess, "index"));
  EXPECT_TRUE(Refuse(1, "index"));
}

TEST_F(RefusalStormsTest, ARequestThatIsNotRefusedWholeBeginsAnew) {
  EXPECT_FALSE(Refuse(kOneLess, "index"));
  EXPECT_FALSE(storms_.NoteRequest(kOne, kItems, std::nullopt));
  EXPECT_FALSE(Refuse(kOneLess, "index"));
}

// A slow source's.
TEST_F(RefusalStormsTest, SmallRequestsMakeOneByTheirItems) {
  for (const uint32_t items : {1u, 2u, 7u, kItems - 1}) {
    const int least = static_cast<int>((RefusalStorms::kStormItemsInAll + items - 1) / items);
    EXPECT_FALSE(Refuse(least - 1, "index", kOne, items)) << items;
    EXPECT_TRUE(Refuse(1, "index", kOne, items)) << items;
    EXPECT_FALSE(storms_.NoteRequest(kOne, 1, std::nullopt));
  }
}

TEST_F(RefusalStormsTest, ItemsInARowEndAsRequestsDo) {
  EXPECT_FALSE(Refuse(RefusalStorms::kStormItemsInAll - 1, "index", kOne, 1));
  EXPECT_FALSE(storms_.NoteRequest(kOne, 1, std::nullopt));
  EXPECT_FALSE(Refuse(RefusalStorms::kStormItemsInAll - 1, "index", kOne, 1));
  EXPECT_FALSE(Refuse(1, "size", kOne, 1));
  EXPECT_FALSE(Refuse(kOneLess, "index"));
  EXPECT_FALSE(Refuse(10, "index", kOne, 1));
  EXPECT_TRUE(Refuse(1, "index"));
}

TEST_F(RefusalStormsTest, EachTableHasItsOwn) {
  EXPECT_FALSE(Refuse(kOneLess, "index", kOne));
  EXPECT_FALSE(Refuse(kOneLess, "index", kTwo));
  EXPECT_FALSE(storms_.NoteRequest(kTwo, kItems, std::nullopt));
  EXPECT_TRUE(Refuse(1, "index", kOne));
}

}  // namespace
}  // namespace ddb
