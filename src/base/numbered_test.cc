#include "base/numbered.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace ddb {
namespace {

struct RowTag;
struct ColumnTag;
using RowNo = Ordinal<RowTag>;
using ColumnNo = Ordinal<ColumnTag>;

template <class Vector, class Index>
concept IndexedBy = requires(Vector& vector, Index at) { vector[at]; };

// What the type is for: another number does not compile.
static_assert(IndexedBy<NumberedVector<RowNo, int>, RowNo>);
static_assert(!IndexedBy<NumberedVector<RowNo, int>, ColumnNo>);
static_assert(!IndexedBy<NumberedVector<RowNo, int>, int>);
static_assert(!std::is_convertible_v<int, RowNo>);

TEST(Numbered, AVectorIsIndexedByItsOwnNumber) {
  NumberedVector<RowNo, std::string> names;
  const RowNo users = names.push_back("users");
  const RowNo orders = names.push_back("orders");
  EXPECT_EQ(names[users], "users");
  EXPECT_EQ(names[orders], "orders");
  EXPECT_LT(users, orders);
  EXPECT_TRUE(names.contains(orders));
  EXPECT_FALSE(names.contains(RowNo(2)));
}

TEST(Numbered, ItsNumbersAreInOrder) {
  NumberedVector<ColumnNo, int> values(3, 7);
  size_t next = 0;
  for (const ColumnNo at : values.numbers()) {
    EXPECT_EQ(at.value(), next++);
    EXPECT_EQ(values[at], 7);
  }
  EXPECT_EQ(next, 3u);
}

}  // namespace
}  // namespace ddb
