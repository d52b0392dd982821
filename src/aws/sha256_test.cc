#include "aws/sha256.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>

#include "aws/sha256_kernels.h"

namespace ddb {
namespace {

std::string Hex(const Sha256Digest& digest) {
  std::string hex;
  char two[3];
  for (const unsigned char byte : digest) {
    std::snprintf(two, sizeof(two), "%02x", byte);
    hex += two;
  }
  return hex;
}

std::string Random(size_t size) {
  static std::mt19937 generator(1);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(generator());
  return bytes;
}

// https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
TEST(Sha256Test, KnownValues) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const auto pair = Sha256Pair("abc", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
  EXPECT_EQ(pair[0], Sha256("abc"));
  EXPECT_EQ(Hex(pair[1]), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256Test, KernelsAgreeAtEveryLength) {
  if (!sha256::HasShaExtensions()) GTEST_SKIP() << "no SHA extensions here";
  for (size_t size = 0; size < 300; ++size) {
    const std::string bytes = Random(size);
    ASSERT_EQ(sha256::ByShaExtensions(bytes), sha256::ByOpenSsl(bytes)) << size;
  }
  const std::string bytes = Random(1'000'003);
  EXPECT_EQ(sha256::ByShaExtensions(bytes), sha256::ByOpenSsl(bytes));
}

TEST(Sha256Test, PairsOfAllLengthsAgree) {
  if (!sha256::HasShaExtensions()) GTEST_SKIP() << "no SHA extensions here";
  const std::string bytes = Random(400);
  for (size_t first = 0; first < 200; ++first) {
    const Sha256Digest of_first = sha256::ByOpenSsl(std::string_view(bytes).substr(0, first));
    for (size_t second = 0; second < 200; second += 1 + second % 3) {
      const std::string_view other = std::string_view(bytes).substr(200, second);
      const auto pair = sha256::PairByShaExtensions(std::string_view(bytes).substr(0, first), other);
      ASSERT_EQ(pair[0], of_first) << first << ' ' << second;
      ASSERT_EQ(pair[1], sha256::ByOpenSsl(other)) << first << ' ' << second;
    }
  }
  const std::string long_one = Random(100'000), longer = Random(300'001);
  const auto pair = sha256::PairByShaExtensions(long_one, longer);
  EXPECT_EQ(pair[0], sha256::ByOpenSsl(long_one));
  EXPECT_EQ(pair[1], sha256::ByOpenSsl(longer));
}

}  // namespace
}  // namespace ddb
