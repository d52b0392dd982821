// docs/item-encoding.md is the test: every row of its tables is encoded and compared.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/text.h"
#include "items/item_size.h"
#include "items/shrink_item.h"
#include "support/items/encoder_testing.h"

namespace ddb {
namespace {

const std::string kOpen = "⟨";
const std::string kTimes = "×";
const std::string kClose = "⟩";

// ⟨x×n⟩ -> x, n times; ⟨E9⟩ -> that byte.
std::string Expand(std::string text) {
  for (size_t begin = text.find(kOpen); begin != std::string::npos; begin = text.find(kOpen)) {
    const size_t hex = begin + kOpen.size();
    if (text.compare(hex + 2, kClose.size(), kClose) == 0) {
      const int byte = std::stoi(text.substr(hex, 2), nullptr, 16);
      text.replace(begin, kOpen.size() + 2 + kClose.size(), 1, static_cast<char>(byte));
      continue;
    }
    const size_t times = text.find(kTimes, begin);
    const size_t end = text.find(kClose, times);
    const std::string piece = text.substr(begin + kOpen.size(), times - begin - kOpen.size());
    const int count = std::stoi(text.substr(times + kTimes.size(), end - times - kTimes.size()));
    std::string repeated;
    for (int i = 0; i < count; ++i) repeated += piece;
    text.replace(begin, end + kClose.size() - begin, repeated);
  }
  return text;
}

std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  for (size_t at = 2; at < line.size();) {
    const size_t end = line.find(" |", at - 1);
    if (end == std::string::npos) break;
    cells.push_back(end > at ? line.substr(at, end - at) : "");
    at = end + 3;
  }
  return cells;
}

std::string Code(const std::string& cell) { return Expand(cell.substr(1, cell.rfind('`') - 1)); }

// "`a` text, `b[0]` nulled" -> the attribute.
std::string ExpectedMeta(const std::string& cell) {
  static const std::map<std::string, std::pair<std::string, std::string>> kWords = {
      {"text", {"TRUNCATED", "DESTINATION_FIELD_SIZE_LIMITATION"}},
      {"replaced", {"TRUNCATED", "DESTINATION_SERIALIZATION_ERROR"}},
      {"nulled", {"NULLED", "DESTINATION_RECORD_SIZE_LIMITATION"}},
      {"cut", {"TRUNCATED", "DESTINATION_RECORD_SIZE_LIMITATION"}},
  };
  if (cell.empty()) return "";
  std::string list;
  for (size_t at = 0; at < cell.size();) {
    size_t end = cell.find(", `", at);
    if (end == std::string::npos) end = cell.size();
    std::string change = cell.substr(at, end - at);
    std::string count;
    if (IsDigit(change.back())) {
      const std::string number = change.substr(change.rfind(' ') + 1);
      count = R"(,"count":{"N":")" + number + "\"}";
      change.resize(change.size() - number.size() - 1);
    }
    const auto& [word, reason] = kWords.at(change.substr(change.rfind(' ') + 1));
    list += list.empty() ? "" : ",";
    list += R"({"M":{"field":{"S":")" + Code(change) + R"("},"change":{"S":")" + word +
            R"("},"reason":{"S":")" + reason + "\"}" + count + "}}";
    at = end + 2;
  }
  return R"({"M":{"changes":{"L":[)" + list + "]}}}";
}

// The same when the service has refused it for its size.
testkit::Encoded AsShrunk(testkit::Encoded encoded) {
  EXPECT_LE(encoded.facts.size.lower, kMaxItemBytes);
  EXPECT_GT(encoded.facts.size.upper, kMaxItemBytes);
  EXPECT_EQ(testkit::MetaOf(encoded), "");
  Buffer smaller;
  EXPECT_TRUE(ShrinkItem(encoded.item, {}, smaller));
  encoded.item = smaller.view();
  encoded.facts.size = ItemSize(encoded.item);
  EXPECT_LE(encoded.facts.size.upper, kMaxItemBytes);
  return encoded;
}

TEST(ItemEncodingDoc, EveryRow) {
  std::ifstream doc(DDB_ITEM_ENCODING_DOC);
  ASSERT_TRUE(doc) << DDB_ITEM_ENCODING_DOC;
  ItemEncoder encoder;
  size_t rows = 0, shrunk_rows = 0;
  for (std::string line; std::getline(doc, line);) {
    if (line.compare(0, 4, "| `{") != 0) continue;
    const std::vector<std::string> cells = Cells(line);
    ASSERT_EQ(cells.size(), 4u) << line;
    testkit::Encoded encoded = testkit::Encode(encoder, Code(cells[0]));
    EXPECT_TRUE(encoded.valid) << line;
    EXPECT_EQ(encoded.reject, RejectReason::kNone) << line;
    EXPECT_TRUE(testkit::DataOf(encoded) == Code(cells[1])) << line << "\n"
                                                            << testkit::DataOf(encoded).substr(0, 500);
    if (cells[2].compare(0, 5, "`{\"M\"") == 0) {
      encoded = AsShrunk(encoded);
      EXPECT_EQ(testkit::DataOf(encoded), Code(cells[2]));
      ++shrunk_rows;
    }
    EXPECT_TRUE(testkit::MetaOf(encoded) == ExpectedMeta(cells[3]))
        << line << "\n"
        << testkit::MetaOf(encoded).substr(0, 500);
    EXPECT_EQ(encoded.facts.size, ItemSize(encoded.item)) << line;
    ++rows;
  }
  EXPECT_GE(rows, 45u);
  EXPECT_EQ(shrunk_rows, 1u);
}

}  // namespace
}  // namespace ddb
