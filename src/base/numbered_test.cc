#include "base/numbered.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace ddb {
namespace {

struct StreamTag;
struct TableTag;
using StreamNo = Ordinal<StreamTag>;
using TableNo = Ordinal<TableTag>;

template <class Vector, class Index>
concept IndexedBy = requires(Vector& vector, Index at) { vector[at]; };

// What the type is for: another number does not compile.
static_assert(IndexedBy<NumberedVector<StreamNo, int>, StreamNo>);
static_assert(!IndexedBy<NumberedVector<StreamNo, int>, TableNo>);
static_assert(!IndexedBy<NumberedVector<StreamNo, int>, int>);
static_assert(!std::is_convertible_v<int, StreamNo>);

TEST(Numbered, AVectorIsIndexedByItsOwnNumber) {
  NumberedVector<StreamNo, std::string> names;
  const StreamNo users = names.push_back("users");
  const StreamNo orders = names.push_back("orders");
  EXPECT_EQ(names[users], "users");
  EXPECT_EQ(names[orders], "orders");
  EXPECT_LT(users, orders);
  EXPECT_TRUE(names.contains(orders));
  EXPECT_FALSE(names.contains(StreamNo(2)));
}

TEST(Numbered, ItsNumbersAreInOrder) {
  NumberedVector<TableNo, int> values(3, 7);
  size_t next = 0;
  for (const TableNo at : values.numbers()) {
    EXPECT_EQ(at.value(), next++);
    EXPECT_EQ(values[at], 7);
  }
  EXPECT_EQ(next, 3u);
}

}  // namespace
}  // namespace ddb
