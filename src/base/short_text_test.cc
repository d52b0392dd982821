#include "base/short_text.h"

#include <gtest/gtest.h>

#include "base/stream_id.h"

namespace ddb {
namespace {

TEST(ShortText, KeepsWhatIsShort) {
  EXPECT_EQ(ShortText(""), "");
  EXPECT_EQ(ShortText(std::string(200, 'x')), std::string(200, 'x'));
}

TEST(ShortText, CutsBetweenCharacters) {
  EXPECT_EQ(ShortText(std::string(201, 'x')), std::string(200, 'x') + "...");
  EXPECT_EQ(ShortText("aé", 2), "a...");
  EXPECT_EQ(ShortText("aé", 3), "aé");
  EXPECT_EQ(ShortText("😀😀", 7), "😀...");
  EXPECT_EQ(ShortText("\x80\x80\x80", 2), "...");
}

TEST(ShortText, StreamsAreShownWithIt) {
  EXPECT_EQ((StreamId{"public", "users"}.Display()), "public.users");
  EXPECT_EQ((StreamId{"", "users"}.Display()), "users");
  EXPECT_EQ((StreamId{std::string(300, 'n'), std::string(300, 's')}.Display()),
            std::string(200, 'n') + "...." + std::string(200, 's') + "...");
}

}  // namespace
}  // namespace ddb
