#include "base/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ddb {
namespace {

using testing::MatchesRegex;

Error Made(std::string_view text) { return SystemError(std::string(text)); }

struct Maker {
  static Result<int> Make() { return ConfigError("message", "cause"); }
};

TEST(Error, TellsWhereItWasMadeButNoPath) {
  EXPECT_THAT(Made("x").trail, MatchesRegex("result_test\\.cc:[0-9]+ Made"));
  EXPECT_THAT(Maker::Make().error().trail, MatchesRegex("result_test\\.cc:[0-9]+ Make"));
  EXPECT_THAT(TransientError("x").At("outside").trail,
              MatchesRegex("result_test\\.cc:[0-9]+ TestBody\noutside"));
}

TEST(Error, HasACause) {
  EXPECT_EQ(Made("what happened").internal, "what happened");
  EXPECT_EQ(Maker::Make().error().internal, "cause");
  EXPECT_EQ(Maker::Make().error().type, FailureType::kConfig);
}

}  // namespace
}  // namespace ddb
