// The encoder against simdjson: random records with awkward values are encoded, the result is read back, and
// both are put in one canonical text, in which numbers are compared by value.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <charconv>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "items/fast_encoder.h"
#include "json/string_copy.h"
#include "json/utf8.h"
#include "support/items/encoder_oracle.h"
#include "support/items/encoder_testing.h"
#include "support/items/random_json.h"

namespace ddb {
namespace {

namespace od = simdjson::ondemand;

// Fewer where each costs more: under a sanitizer, and under an emulator, which says so by the variable.
int Rounds() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int kRounds = 10'000;
#else
  constexpr int kRounds = 50'000;
#endif
  const char* const fewer = std::getenv("DDB_RANDOM_RECORDS");
  return fewer == nullptr ? kRounds : std::atoi(fewer);
}

// The JSON text with U+FFFD for each half of a surrogate pair, which is valid JSON, though not for simdjson.
std::string WithoutHalves(std::string text) {
  const auto unit = [&text](size_t at) -> unsigned {
    unsigned value = 0;
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return 0;
    const char* const last = text.data() + at + 6;
    const auto [end, error] = std::from_chars(text.data() + at + 2, last, value, 16);
    return error == std::errc() && end == last ? value : 0;
  };
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') continue;
    const unsigned first = unit(at), second = unit(at + 6);
    if (first >= 0xD800 && first < 0xDC00 && second >= 0xDC00 && second < 0xE000) {
      at += 11;
    } else if (first >= 0xD800 && first < 0xE000) {
      text.replace(at, 6, "\\uFFFD");
      at += 5;
    } else {
      ++at;  // what is escaped is no beginning of an escape
    }
  }
  return text;
}

std::string StoredData(od::parser& parser, const std::string& item) {
  const simdjson::padded_string padded(item);
  od::document document = parser.iterate(padded);
  return testkit::Stored(document.find_field("_airbyte_data").value());
}

TEST(ItemEncoderRandom, WhatIsReadBackIsWhatWasSent) {
  ItemEncoder encoder;
  testkit::RandomJson json(20261125);
  od::parser parser;
  od::parser item_parser;
  size_t changed = 0;
  const int rounds = Rounds();
  for (int round = 0; round < rounds; ++round) {
    const std::string text = json.Record();
    size_t changes = 0;
    const simdjson::padded_string padded(text);
    od::document document = parser.iterate(padded);
    const std::string expected = testkit::Expected(document.get_value().value(), 0, changes);
    const testkit::Encoded encoded = testkit::Encode(encoder, text);
    ASSERT_TRUE(encoded.valid) << text;
    ASSERT_EQ(encoded.consumed, text.size()) << text;
    ASSERT_EQ(StoredData(item_parser, encoded.item), expected) << text;
    ASSERT_EQ(encoded.facts.truncated, changes) << text;
    ASSERT_EQ(encoded.facts.size, ItemSize(encoded.item)) << text;
    changed += changes > 0;
  }
  EXPECT_GT(changed, static_cast<size_t>(rounds) / 50);
}

std::vector<FastEncode*> Encoders() {
  std::vector<FastEncode*> encoders{FastEncodePortable};
#if defined(__SSE2__)
  encoders.push_back(FastEncodeSse2);
  if (json::HasAvx2()) encoders.push_back(FastEncodeAvx2);
#endif
  return encoders;
}

// A byte anywhere is changed, added or lost: all kernels must agree on the result, and none may call valid
// what simdjson's DOM does not.
TEST(ItemEncoderRandom, KernelsAgreeOnDamagedRecords) {
  testkit::RandomJson json(4711);
  std::mt19937_64 random(1);
  simdjson::dom::parser dom;
  size_t valid = 0, mended = 0;
  const int rounds = Rounds();
  for (int round = 0; round < rounds; ++round) {
    std::string text = json.Record();
    if (text.size() > 2000) continue;
    const size_t at = random() % text.size();
    static const std::string kBytes = "{}[]\",:\\0123456789-+.eEtfnu \x01\x7f\x80\xc3\xff";
    const char byte = kBytes[random() % kBytes.size()];
    switch (random() % 4) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        text.insert(at, 1, byte);
        break;
      case 2:
        text.erase(at, 1);
        break;
      default:
        text.resize(at);
    }
    if (text.empty() || text[0] != '{') continue;
    const std::string padded = text + std::string(json::kPadding, '"');
    const char* const end = padded.data() + text.size();
    std::string first;
    for (FastEncode* const encode : Encoders()) {
      KeyFilter keys(99);
      Buffer out;
      const FastResult result = encode(padded.data(), end, 0, keys, out);
      std::string summary = std::to_string(static_cast<int>(result.status));
      if (result.status == FastStatus::kDone) {
        summary += std::to_string(result.next - padded.data()) + std::string(out.view());
        const std::string whole(padded.data(), result.next);
        const bool oracle = dom.parse(whole).error() == simdjson::SUCCESS;
        // The DOM refuses numbers past a double, which are no concern of ours.
        if (!oracle) {
          ASSERT_EQ(dom.parse(whole).error(), simdjson::NUMBER_ERROR) << whole;
        }
        valid += oracle;
      }
      if (first.empty()) first = summary;
      ASSERT_EQ(summary, first) << text;
    }
    // And what the encoder as a whole accepts, it accepts rightly, with U+FFFD for what is not UTF-8, of
    // which it always makes an item that is JSON; half a surrogate pair is valid JSON, though not for
    // simdjson.
    const testkit::Encoded encoded = testkit::Encode(text);
    const std::string read = encoded.valid ? text.substr(0, encoded.consumed) : text;
    const bool is_utf8 = json::ValidUtf8(read.data(), read.data() + read.size());
    if (encoded.valid && !is_utf8) {
      ASSERT_EQ(dom.parse(encoded.item).error(), simdjson::SUCCESS) << text;
      ++mended;
    }
    const auto error = dom.parse(WithoutHalves(json::ReplaceInvalidUtf8(read))).error();
    if (encoded.valid) {
      ASSERT_TRUE(error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR) << error << ": " << text;
    } else if (is_utf8) {
      ASSERT_NE(error, simdjson::SUCCESS) << text;
    }
  }
  EXPECT_GT(valid, static_cast<size_t>(rounds) / 100);
  EXPECT_GT(mended, static_cast<size_t>(rounds) / 500);
}

// Half a pair in a field that is not kept, since its name comes again, is changed nowhere and valid all the
// same.
TEST(ItemEncoderRandom, HalfAPairInAFieldThatIsNotKept) {
  simdjson::dom::parser dom;
  for (const std::string text : {R"({"a":"\uD800x","a":[]})", R"({"é":"x\uDC00","\u00e9":1})",
                                 R"({"a":{"b":["\uD800\uC00f"]},"\u0061":""})"}) {
    const testkit::Encoded encoded = testkit::Encode(text);
    ASSERT_TRUE(encoded.valid) << text;
    EXPECT_EQ(encoded.facts.truncated, 0u) << text;
    EXPECT_EQ(dom.parse(text).error(), simdjson::STRING_ERROR) << text;
    EXPECT_EQ(dom.parse(WithoutHalves(text)).error(), simdjson::SUCCESS) << text;
  }
  EXPECT_EQ(WithoutHalves(R"("\uD800\uDC00 \\uD800 \uDC00\uD800")"),
            R"("\uD800\uDC00 \\uD800 \uFFFD\uFFFD")");
}

}  // namespace
}  // namespace ddb
