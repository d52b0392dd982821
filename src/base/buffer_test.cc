#include "base/buffer.h"

#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

TEST(BufferTest, HeadAndBodyAreOneRunOfBytes) {
  Buffer buffer;
  buffer.Append("body");
  const char* const body = buffer.data();
  EXPECT_EQ(buffer.WithHead("head "), "head body");
  EXPECT_EQ(buffer.WithHead("another head "), "another head body");
  EXPECT_EQ(buffer.view(), "body");
  EXPECT_EQ(buffer.data(), body);  // nothing was moved
}

TEST(BufferTest, AHeadOfAnySizeHasRoom) {
  for (const size_t size : {Buffer::kHeadRoom - 1, Buffer::kHeadRoom, Buffer::kHeadRoom + 1, size_t{16'384},
                            size_t{20'480}, size_t{100'000}}) {
    Buffer buffer;
    const std::string body(10'000, 'b');
    buffer.Append(body);
    const std::string head(size, 'h');
    EXPECT_TRUE(buffer.WithHead(head) == head + body) << size;
    EXPECT_TRUE(buffer.view() == body) << size;
    EXPECT_GE(buffer.head_room(), size);
    // The next one of this size moves nothing.
    const char* const before = buffer.data();
    EXPECT_TRUE(buffer.WithHead(head) == head + body) << size;
    EXPECT_EQ(buffer.data(), before);
    // And it goes on as a buffer: grows, shrinks, moves, and is filled anew.
    buffer.Append(body);
    EXPECT_TRUE(buffer.WithHead(head) == head + body + body) << size;
    buffer.Truncate(5);
    buffer.ShrinkTo(0);
    EXPECT_EQ(buffer.capacity(), 5u);
    EXPECT_TRUE(buffer.WithHead(head) == head + "bbbbb") << size;
    Buffer moved(std::move(buffer));
    EXPECT_EQ(moved.view(), "bbbbb");
    EXPECT_TRUE(moved.WithHead(head) == head + "bbbbb") << size;
    moved.Clear();
    moved.Append("again");
    EXPECT_TRUE(moved.WithHead("x") == "xagain");
  }
}

}  // namespace
}  // namespace ddb
