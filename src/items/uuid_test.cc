#include "items/uuid.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace ddb {
namespace {

TEST(Uuid, IsRandomVersion4) {
  UuidSource source;
  std::set<std::string> seen;
  for (int i = 0; i < 20'000; ++i) {
    char text[kUuidLength];
    source.Write(text);
    const std::string uuid(text, kUuidLength);
    for (size_t at = 0; at < kUuidLength; ++at) {
      const bool hyphen = at == 8 || at == 13 || at == 18 || at == 23;
      ASSERT_TRUE(hyphen ? uuid[at] == '-'
                         : std::string("0123456789abcdef").find(uuid[at]) != std::string::npos)
          << uuid;
    }
    ASSERT_EQ(uuid[14], '4') << uuid;
    ASSERT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
    ASSERT_TRUE(seen.insert(uuid).second) << uuid;
  }
}

TEST(Uuid, BitsAreEven) {
  UuidSource source;
  constexpr int kUuids = 40'000;
  int ones[64] = {};
  for (int i = 0; i < kUuids; ++i) {
    const uint64_t word = source.Random64();
    for (int bit = 0; bit < 64; ++bit) ones[bit] += static_cast<int>(word >> bit & 1);
  }
  for (const int count : ones) EXPECT_NEAR(count, kUuids / 2, 1000);  // ten standard deviations
}

TEST(Uuid, SourcesDiffer) {
  UuidSource a;
  UuidSource b;
  EXPECT_NE(a.Random64(), b.Random64());
}

TEST(Uuid, FormatAgreesWithItsTwin) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    unsigned char bytes[16];
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random());
    char fast[kUuidLength];
    char plain[kUuidLength];
    FormatUuid(bytes, fast);
    FormatUuidPortable(bytes, plain);
    ASSERT_EQ(std::string(fast, kUuidLength), std::string(plain, kUuidLength));
  }
  const unsigned char bytes[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
  char text[kUuidLength];
  FormatUuid(bytes, text);
  EXPECT_EQ(std::string(text, kUuidLength), "00112233-4455-6677-8899-aabbccddeeff");
}

}  // namespace
}  // namespace ddb
