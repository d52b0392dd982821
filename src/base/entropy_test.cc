#include "base/entropy.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace ddb {
namespace {

TEST(EntropyTest, FillsAllAndNeverTheSame) {
  std::set<std::array<unsigned char, 48>> seen;
  std::set<size_t> changed;  // places
  for (int i = 0; i < 100; ++i) {
    std::array<unsigned char, 48> bytes{};
    FillWithEntropy(bytes.data(), bytes.size());
    EXPECT_TRUE(seen.insert(bytes).second);
    for (size_t at = 0; at < bytes.size(); ++at) {
      if (bytes[at] != 0) changed.insert(at);
    }
  }
  EXPECT_EQ(changed.size(), 48u);
}

TEST(EntropyTest, SeedsDiffer) {
  std::set<uint32_t> seen;
  for (int i = 0; i < 20; ++i) seen.insert(EntropySeed());
  EXPECT_GE(seen.size(), 19u);
}

}  // namespace
}  // namespace ddb
