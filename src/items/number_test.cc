#include "items/number.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "support/items/decimal_oracle.h"

namespace ddb {
namespace {

std::string Padded(std::string_view text) { return std::string(text) + std::string(64, '7'); }

struct Normal {
  std::string text;
  NumberFit fit;
  bool whole = false;  // all of the text was read
};

Normal Normalize(std::string_view text) {
  const std::string padded = Padded(text);
  char out[kMaxCanonicalNumber];
  const Number number = NormalizeNumber(padded.data(), padded.data() + text.size(), out);
  Normal normal{"", number.fit};
  if (number.fit == NumberFit::kFits) normal.text.assign(out, number.length);
  normal.whole = number.next == padded.data() + text.size();
  return normal;
}

TEST(Number, CanonicalText) {
  const std::string nines(38, '9');
  const std::string ones(38, '1');
  const std::pair<std::string, std::string> kCases[] = {
      {"0", "0"},
      {"-0", "0"},
      {"0.0", "0"},
      {"-0.0", "0"},
      {"0e400", "0"},
      {"0e-99999999999999999999", "0"},
      {"-0.000E+5", "0"},
      {"7", "7"},
      {"-7", "-7"},
      {"10", "10"},
      {"100", "100"},
      {"1.50", "1.5"},
      {"1.0", "1"},
      {"100.00", "100"},
      {"-100.10", "-100.1"},
      {"0.5", "0.5"},
      {"0.05", "0.05"},
      {"0.050", "0.05"},
      {"1e2", "100"},
      {"1E+2", "100"},
      {"1e+002", "100"},
      {"1.5e1", "15"},
      {"1.5e0", "1.5"},
      {"15e-1", "1.5"},
      {"150e-2", "1.5"},
      {"150e-3", "0.15"},
      {"0.0015e3", "1.5"},
      {"0.0015e4", "15"},
      {"123456.789e-3", "123.456789"},
      {"1e-7", "0.0000001"},
      {"1e125", "1E+125"},
      {"10e124", "1E+125"},
      {"0.1e126", "1E+125"},
      {"9.9e125", "9.9E+125"},
      {"1e-130", "1E-130"},
      {"0.1e-129", "1E-130"},
      {"10e-131", "1E-130"},
      {"-2.5e-130", "-2.5E-130"},
      {"9007199254740993", "9007199254740993"},
      {"18446744073709551616", "18446744073709551616"},
      {"9007199254740993.0", "9007199254740993"},
      {"123456789.123456789123456789", "123456789.123456789123456789"},
      {nines, nines},
      {"0." + ones, "0." + ones},
      {"-" + ones + "00", "-" + ones + "00"},
      {"-" + ones + "000", "-1." + ones.substr(1) + "E+40"},
      {ones + "0000000000", "1." + ones.substr(1) + "E+47"},
      {nines + "e88", "9." + nines.substr(1) + "E+125"},
      {"0.00" + ones + "000000000000000000000", "0.00" + ones},
      {"1" + std::string(200, '0') + "e-200", "1"},
      {"0." + std::string(200, '0') + "1e201", "1"},
      {"1e0000000000000000000000000000000000000000000000000000000000000000000000000001", "10"},
      {std::string("1") + std::string(39, '0'), std::string("1") + std::string(39, '0')},
      {std::string("1") + std::string(40, '0'), "1E+40"},
      {"0." + std::string(39, '0') + "1", "0." + std::string(39, '0') + "1"},
      {"0." + std::string(40, '0') + "1", "1E-41"},
  };
  for (const auto& [text, expected] : kCases) {
    const Normal normal = Normalize(text);
    EXPECT_EQ(normal.fit, NumberFit::kFits) << text;
    EXPECT_EQ(normal.text, expected) << text;
    EXPECT_TRUE(normal.whole) << text;
  }
}

TEST(Number, DoesNotFit) {
  const std::string ones(39, '1');
  for (const std::string& text :
       {ones, ones + "0", "0." + ones, "-" + ones, "1" + std::string(38, '0') + "1",
        "1." + std::string(38, '0') + "1", "1" + std::string(100, '0') + ".1", std::string(1000, '9')}) {
    EXPECT_EQ(Normalize(text).fit, NumberFit::kPrecision) << text;
    EXPECT_TRUE(Normalize(text).whole) << text;
  }
  for (const std::string text :
       {"1e126", "-1e126", "1.0E400", "1e-131", "9e-131", "1e999999999999999999999999",
        "-1e-999999999999999999999999", "0.01e128", "1000e-134"}) {
    EXPECT_EQ(Normalize(text).fit, NumberFit::kRange) << text;
    EXPECT_TRUE(Normalize(text).whole) << text;
  }
}

TEST(Number, NotANumber) {
  for (const std::string text :
       {"-", "01", "-01", "00", "1.", "1.e5", "1e", "1e+", "1e-", "-x", "--1", "1.2e"}) {
    EXPECT_EQ(Normalize(text).fit, NumberFit::kInvalid) << text;
  }
}

TEST(Number, RandomTextsKeepTheirValue) {
  std::mt19937_64 random(7);
  const auto digits = [&random](int n) {
    std::string text;
    for (int i = 0; i < n; ++i)
      text.push_back(random() % 3 == 0 ? '0' : static_cast<char>('0' + random() % 10));
    return text;
  };
  for (int round = 0; round < 200'000; ++round) {
    std::string text = random() % 2 != 0 ? "-" : "";
    const std::string whole = digits(1 + static_cast<int>(random() % 40));
    const size_t first = whole.find_first_not_of('0');
    text += first == std::string::npos ? "0" : whole.substr(first);
    if (random() % 2 != 0) text += "." + digits(1 + static_cast<int>(random() % 45));
    if (random() % 2 != 0) {
      text += random() % 2 != 0 ? "e" : "E";
      const int sign = static_cast<int>(random() % 3);
      text += sign == 0 ? "" : sign == 1 ? "-" : "+";
      text += digits(1 + static_cast<int>(random() % 3));
    }
    const Normal normal = Normalize(text);
    ASSERT_TRUE(normal.whole) << text;
    const ddb::testkit::Decimal value(text);
    if (!value.fits()) {
      const bool precise = value.digits.size() <= static_cast<size_t>(kMaxNumberDigits);
      ASSERT_EQ(normal.fit, precise ? NumberFit::kRange : NumberFit::kPrecision) << text;
    } else {
      ASSERT_EQ(normal.fit, NumberFit::kFits) << text;
      ASSERT_EQ(ddb::testkit::Decimal(normal.text).Text(), value.Text()) << text << " became " << normal.text;
      ASSERT_EQ(Normalize(normal.text).text, normal.text);
    }
  }
}

}  // namespace
}  // namespace ddb
