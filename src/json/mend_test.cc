#include "json/mend.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "json/padding.h"
#include "json/scan.h"

namespace ddb::json {
namespace {

std::string Mended(std::string text) {
  const size_t size = text.size();
  text.append(kPadding, 'N');
  return Mend(std::string_view(text).substr(0, size));
}

bool Valid(std::string text, Grammar grammar) {
  const size_t size = text.size();
  text.append(kPadding, ' ');
  return SkipValue(text.data(), text.data() + size, grammar) == text.data() + size;
}

TEST(Mend, WhatIsNoJsonBecomesJson) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"a":NaN})", R"({"a":"NaN"})"},
      {R"([-Infinity, Infinity ,NaN])", R"(["-Infinity", "Infinity" ,"NaN"])"},
      {"NaN", R"("NaN")"},
      {"{\"caf\xE9\":1,\"b\":\"\xFF\xFE\"}", "{\"caf\uFFFD\":1,\"b\":\"\uFFFD\uFFFD\"}"},
      {"{\"\xE9\":-Infinity,\"NaN\":\"\xE9\"}", "{\"\uFFFD\":\"-Infinity\",\"NaN\":\"\uFFFD\"}"},
  };
  for (const auto& [text, mended] : cases) {
    ASSERT_TRUE(Valid(text, Grammar::kLenient)) << text;
    EXPECT_EQ(Mended(text), mended);
    EXPECT_GE(MostMended(text), std::string(mended).size()) << text;
    EXPECT_TRUE(Valid(mended, Grammar::kJson)) << mended;
  }
}

TEST(Mend, WhatIsJsonStaysAsItIs) {
  for (const char* text :
       {R"({"a":"NaN","b":"x \"NaN\" Infinity","NaN":-1,"\\":"\\","c":[-1e5,null,true,false,{}]})", "-12",
        R"("\ud800 Infinity")", "{ }", "[\"é\uFFFD\", -0 ]"}) {
    ASSERT_TRUE(Valid(text, Grammar::kJson)) << text;
    EXPECT_EQ(Mended(text), text);
    const std::string whole = text;
    const bool has_words =
        whole.find("NaN") != std::string::npos || whole.find("Infinity") != std::string::npos;
    EXPECT_EQ(MostMended(text) == 0, !has_words) << text;
  }
}

}  // namespace
}  // namespace ddb::json
