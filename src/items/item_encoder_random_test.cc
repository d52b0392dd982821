// The encoder against simdjson: random records with awkward values are encoded, the result is read back, and
// both are put in one canonical text, in which numbers are compared by value.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "items/encoder_testing.h"
#include "items/fast_encoder.h"
#include "items/random_json.h"
#include "items/string_copy.h"

namespace ddb {
namespace {

namespace od = simdjson::ondemand;

constexpr int kMaxLevels = 31;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kRounds = 10'000;
#else
constexpr int kRounds = 50'000;
#endif

// (digits, power of ten) by string operations.
struct Decimal {
  std::string sign;
  std::string digits;
  long power = 0;  // of the last digit

  explicit Decimal(std::string text) {
    if (text[0] == '-') sign = "-";
    text.erase(0, sign.size());
    if (const size_t e = text.find_first_of("eE"); e != std::string::npos) {
      power = std::stol(text.substr(e + 1));
      text.resize(e);
    }
    if (const size_t point = text.find('.'); point != std::string::npos) {
      power -= static_cast<long>(text.size() - point - 1);
      text.erase(point, 1);
    }
    while (!text.empty() && text.back() == '0') {
      text.pop_back();
      ++power;
    }
    text.erase(0, text.find_first_not_of('0'));
    digits = text;
    if (digits.empty()) *this = Decimal("0", 0);
  }
  bool zero() const { return digits == "0"; }
  bool fits() const {
    const long leading = power + static_cast<long>(digits.size()) - 1;
    return zero() || (digits.size() <= 38 && leading >= -130 && leading <= 125);
  }
  std::string Text() const { return "N" + sign + digits + "e" + std::to_string(power); }

 private:
  Decimal(std::string d, long p) : digits(std::move(d)), power(p) {}
};

std::string Trimmed(std::string_view raw) {
  const size_t last = raw.find_last_not_of(" \t\r\n");
  return std::string(raw.substr(0, last + 1));
}

std::string Sized(char tag, std::string_view text) {
  return tag + std::to_string(text.size()) + ":" + std::string(text);
}

// The text of a value as it was sent: {name=value} in the order of names, [values], S5:hello, N15e-1, T F 0.
// What DynamoDB cannot hold is as the documentation says, and counted.
std::string Expected(od::value value, int levels, size_t& changes) {
  const auto type = value.type().value();
  const bool container = type == od::json_type::object || type == od::json_type::array;
  if (container && levels == kMaxLevels) {
    ++changes;
    return Sized('S', Trimmed(std::string_view(value.raw_json_token().substr(0, 1)) == "{"
                                  ? std::string_view(value.get_object().value().raw_json().value())
                                  : std::string_view(value.get_array().value().raw_json().value())));
  }
  switch (type) {
    case od::json_type::object: {
      struct Member {
        std::string text;
        size_t changes;
      };
      std::map<std::string, Member> members;
      for (auto field : value.get_object()) {
        std::string name(field.unescaped_key().value());
        size_t inside = 0;
        std::string text = Expected(field.value(), levels + 1, inside);
        members[name] = {std::move(text), inside};
      }
      if (const auto empty = members.find(""); empty != members.end()) {
        Member moved = empty->second;
        members.erase(empty);
        ++moved.changes;
        EXPECT_EQ(members.count("_airbyte_empty_name"), 0u);
        members["_airbyte_empty_name"] = std::move(moved);
      }
      std::string text = "{";
      for (const auto& [name, member] : members) {
        text += Sized('K', name) + "=" + member.text;
        changes += member.changes;
      }
      return text + "}";
    }
    case od::json_type::array: {
      std::string text = "[";
      for (auto element : value.get_array()) text += Expected(element.value(), levels + 1, changes);
      return text + "]";
    }
    case od::json_type::string:
      return Sized('S', value.get_string().value());
    case od::json_type::number: {
      const std::string raw = Trimmed(value.raw_json_token());
      const Decimal decimal(raw);
      if (decimal.fits()) return decimal.Text();
      ++changes;
      return Sized('S', raw);
    }
    case od::json_type::boolean:
      return value.get_bool().value() ? "T" : "F";
    case od::json_type::null:
      return "0";
  }
  return "?";
}

// The same of DynamoDB JSON.
std::string Stored(od::value attribute) {
  std::string text;
  int types = 0;
  for (auto field : attribute.get_object()) {
    ++types;
    const std::string_view type = field.unescaped_key().value();
    if (type == "M") {
      std::map<std::string, std::string> members;
      for (auto member : field.value().get_object()) {
        const std::string name(member.unescaped_key().value());
        EXPECT_FALSE(name.empty());
        EXPECT_EQ(members.count(name), 0u) << name;
        members[name] = Stored(member.value());
      }
      text = "{";
      for (const auto& [name, member] : members) text += Sized('K', name) + "=" + member;
      text += "}";
    } else if (type == "L") {
      text = "[";
      for (auto element : field.value().get_array()) text += Stored(element.value());
      text += "]";
    } else if (type == "S") {
      text = Sized('S', field.value().get_string().value());
    } else if (type == "N") {
      text = Decimal(std::string(field.value().get_string().value())).Text();
    } else if (type == "BOOL") {
      text = field.value().get_bool().value() ? "T" : "F";
    } else if (type == "NULL") {
      EXPECT_TRUE(field.value().get_bool().value());
      text = "0";
    } else {
      ADD_FAILURE() << "type " << type;
    }
  }
  EXPECT_EQ(types, 1);
  return text;
}

std::string StoredData(od::parser& parser, const std::string& item) {
  const simdjson::padded_string padded(item);
  od::document document = parser.iterate(padded);
  return Stored(document.find_field("_airbyte_data").value());
}

TEST(ItemEncoderRandom, WhatIsReadBackIsWhatWasSent) {
  ItemEncoder encoder;
  testing::RandomJson json(20261125);
  od::parser parser;
  od::parser item_parser;
  size_t changed = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = json.Record();
    size_t changes = 0;
    const simdjson::padded_string padded(text);
    od::document document = parser.iterate(padded);
    const std::string expected = Expected(document.get_value().value(), 0, changes);
    const testing::Encoded encoded = testing::Encode(encoder, text);
    ASSERT_TRUE(encoded.valid) << text;
    ASSERT_EQ(encoded.consumed, text.size()) << text;
    ASSERT_EQ(StoredData(item_parser, encoded.item), expected) << text;
    ASSERT_EQ(encoded.facts.truncated, changes) << text;
    ASSERT_EQ(encoded.facts.size, ItemSize(encoded.item)) << text;
    changed += changes > 0;
  }
  EXPECT_GT(changed, 1000u);
}

std::vector<FastEncode*> Encoders() {
  std::vector<FastEncode*> encoders{FastEncodePortable};
#if defined(__SSE2__)
  encoders.push_back(FastEncodeSse2);
  if (HasAvx2()) encoders.push_back(FastEncodeAvx2);
#endif
  return encoders;
}

// A byte anywhere is changed, added or lost: all kernels must agree on the result, and none may call valid
// what simdjson's DOM does not.
TEST(ItemEncoderRandom, KernelsAgreeOnDamagedRecords) {
  testing::RandomJson json(4711);
  std::mt19937_64 random(1);
  simdjson::dom::parser dom;
  size_t valid = 0;
  for (int round = 0; round < kRounds; ++round) {
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
    const std::string padded = text + std::string(kFastPadding, '"');
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
    // And what the encoder as a whole accepts, it accepts rightly; half a surrogate pair is valid JSON,
    // though not for simdjson.
    const testing::Encoded encoded = testing::Encode(text);
    const auto error = dom.parse(encoded.valid ? text.substr(0, encoded.consumed) : text).error();
    const bool lone = error == simdjson::STRING_ERROR && encoded.facts.truncated > 0;
    const bool accepted = error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR || lone;
    if (encoded.valid) {
      ASSERT_TRUE(accepted) << text;
    } else {
      ASSERT_NE(error, simdjson::SUCCESS) << text;
    }
  }
  EXPECT_GT(valid, 500u);
}

}  // namespace
}  // namespace ddb
