// Runs a fuzz target over its corpus, and over every prefix of each file, in every build.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

TEST(Replay, Corpus) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(DDB_CORPUS)) {
    SCOPED_TRACE(entry.path().filename().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    for (size_t size = 0; size <= bytes.size(); ++size) {
      const std::string input = bytes.substr(0, size);  // of its own, so that a read past its end is seen
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
    }
    ++files;
  }
  EXPECT_GT(files, 0u);
}
