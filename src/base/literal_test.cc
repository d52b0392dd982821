#include "base/literal.h"

#include <gtest/gtest.h>

#include <concepts>
#include <string>
#include <type_traits>

namespace ddb {
namespace {

// What a program gets hold of at run time makes no Text, in no way.
template <typename From>
concept MakesText = std::is_constructible_v<Text, From> || std::is_convertible_v<From, Text> ||
                    std::is_assignable_v<Text&, From>;
static_assert(!MakesText<std::string>);
static_assert(!MakesText<const std::string&>);
static_assert(!MakesText<std::string_view>);
static_assert(!MakesText<const char*>);
static_assert(!MakesText<char*>);
static_assert(!MakesText<std::nullptr_t>);
// An array of a literal's type does, at compile time; one that is filled at run time is no constant (and
// without const it is of another type).
static_assert(MakesText<const char (&)[5]>);
static_assert(!std::is_constructible_v<Text, std::string_view, size_t>);

constexpr Text kWord = "word";
static_assert(kWord == "word" && kWord.size() == 4 && !kWord.empty());
static_assert(Text().empty());
static_assert(std::is_trivially_copyable_v<Text> && sizeof(Text) == sizeof(std::string_view));

TEST(Text, IsWhatItsLiteralIs) {
  const std::string_view view = kWord;
  EXPECT_EQ(view, "word");
  EXPECT_EQ(kWord, Text("word"));
  EXPECT_NE(kWord, Text("other"));
  EXPECT_LT(Text("a"), Text("b"));
  Text changed;
  changed = kWord;
  EXPECT_EQ(changed.view().data(), kWord.view().data());
}

}  // namespace
}  // namespace ddb
