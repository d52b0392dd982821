#include "json/string_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace ddb::json {
namespace {

struct Kernel {
  const char* name;
  CopyRun* run;
};

std::vector<Kernel> Kernels() {
  std::vector<Kernel> kernels{{"portable", CopyRunPortable}};
#if defined(__SSE2__)
  kernels.push_back({"sse2", CopyRunSse2});
  if (HasAvx2()) kernels.push_back({"avx2", CopyRunAvx2});
#endif
  return kernels;
}

TEST(StringCopy, StopsAtEverySpecialByteAtEveryPlace) {
  for (const Kernel& kernel : Kernels()) {
    for (size_t at = 0; at < 100; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(200, 'x');
        text[at] = static_cast<char>(byte);
        std::string out(300, '\0');
        const size_t run = kernel.run(text.data(), text.data() + 150, out.data());
        const bool special = byte < 0x20 || byte == '"' || byte == '\\';
        if (special) {
          ASSERT_EQ(run >> 1, at) << kernel.name << " " << byte;
        } else {
          ASSERT_GE(run >> 1, 150u) << kernel.name << " " << byte;
        }
        ASSERT_EQ(run & 1, byte >= 0x80 ? 1u : 0u) << kernel.name << " " << byte;
        const size_t copied = std::min<size_t>(run >> 1, 150);
        ASSERT_EQ(text.substr(0, copied), out.substr(0, copied)) << kernel.name << " " << byte;
      }
    }
  }
}

TEST(StringCopy, KernelsAgreeOnRandomBytes) {
  std::mt19937_64 random(11);
  const std::string alphabet = "abc \"\\\x01\x1f\x20\x7f\x80\xff\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const size_t length = random() % 120;
    for (size_t i = 0; i < length; ++i) {
      text.push_back(random() % 20 == 0 ? alphabet[random() % alphabet.size()] : 'a');
    }
    text.append(64, '"');
    std::string expected;
    for (const Kernel& kernel : Kernels()) {
      std::string out(text.size() + 64, '\0');
      const size_t run = kernel.run(text.data(), text.data() + length, out.data()) >> 1;
      const std::string got = out.substr(0, std::min(run, length));
      if (expected.empty()) expected = got + "|";
      ASSERT_EQ(got + "|", expected) << kernel.name;
    }
  }
}

}  // namespace
}  // namespace ddb::json
