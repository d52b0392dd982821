#include "base/text.h"

#include <gtest/gtest.h>

#include "base/stream_id.h"

namespace ddb {
namespace {

TEST(ShortText, KeepsWhatIsShort) {
  EXPECT_EQ(ShortText(""), "");
  EXPECT_EQ(ShortText(std::string(200, 'x')), std::string(200, 'x'));
}

TEST(ShortText, IsOneLine) { EXPECT_EQ(ShortText("a\nWARN b\x1b[K\x7F"), "a?WARN b?[K?"); }

TEST(Counted, SingularAndPlural) {
  EXPECT_EQ(Counted(0, "record"), "0 records");
  EXPECT_EQ(Counted(1, "record"), "1 record");
  EXPECT_EQ(Counted(2, "record"), "2 records");
}

TEST(ShortText, CutsBetweenCharacters) {
  EXPECT_EQ(ShortText(std::string(201, 'x')), std::string(200, 'x') + "...");
  EXPECT_EQ(ShortText("aé", 2), "a...");
  EXPECT_EQ(ShortText("aé", 3), "aé");
  EXPECT_EQ(ShortText("😀😀", 7), "😀...");
  EXPECT_EQ(ShortText("\x80\x80\x80", 2), "...");
}

TEST(Text, AsciiAlone) {
  for (int i = -128; i < 256; ++i) {
    const auto c = static_cast<char>(i);
    const std::string_view digits = "0123456789";
    const std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
    const std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    EXPECT_EQ(IsDigit(c), digits.find(c) != digits.npos) << i;
    EXPECT_EQ(IsLower(c), lower.find(c) != lower.npos) << i;
    EXPECT_EQ(IsUpper(c), upper.find(c) != upper.npos) << i;
    EXPECT_EQ(IsAlnum(c), IsDigit(c) || IsLower(c) || IsUpper(c)) << i;
    EXPECT_EQ(ToLower(c), IsUpper(c) ? lower[upper.find(c)] : c) << i;
    EXPECT_EQ(ToUpper(c), IsLower(c) ? upper[lower.find(c)] : c) << i;
    const size_t hex = std::string_view("0123456789abcdef").find(ToLower(c));
    EXPECT_EQ(HexValue(c), hex == std::string_view::npos ? -1 : static_cast<int>(hex)) << i;
  }
  EXPECT_EQ(ToLower("Az-\xC3\x84"), "az-\xC3\x84");
  EXPECT_EQ(ToUpper("Az-\xC3\xA4"), "AZ-\xC3\xA4");
}

TEST(Text, Hex) {
  std::string text = "x";
  const unsigned char bytes[] = {0x00, 0x9F, 0xA0, 0xFF};
  AppendHex(bytes, text);
  EXPECT_EQ(text, "x009fa0ff");
}

TEST(Text, TrimmedOfAllThatIsNotSeen) {
  for (const char* text : {"a b", " a b ", "\ta b\r\n", "\xC2\xA0 a b\xC2\xA0",
                           "\xE2\x80\x8B"
                           "a b\xE2\x80\xAF",
                           "\xEF\xBB\xBF"
                           "a b\xE3\x80\x80",
                           "a b\xE2\x81\xA0"}) {
    EXPECT_EQ(Trimmed(text), "a b") << text;
  }
  for (const char* text : {"", " ", "\xC2\xA0\xE2\x80\x83"}) EXPECT_EQ(Trimmed(text), "") << text;
  for (const char* text : {"\xC3\xA0", "a\xE2\x80\x94", "\xE2\x80\x94", "\xA0", "\xE2\x80"})
    EXPECT_EQ(Trimmed(text), text);
}

TEST(ShortText, StreamsAreShownWithIt) {
  EXPECT_EQ((StreamId{"public", "users"}.Display()), "public.users");
  EXPECT_EQ((StreamId{"", "users"}.Display()), "users");
  EXPECT_EQ((StreamId{std::string(300, 'n'), std::string(300, 's')}.Display()),
            std::string(200, 'n') + "...." + std::string(200, 's') + "...");
}

}  // namespace
}  // namespace ddb
