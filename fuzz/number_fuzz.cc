// Any bytes as a number: what the normaliser takes is a number by another reading too, keeps its value
// exactly, and has the one text of its value; what it calls too precise or out of range is.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "items/number.h"
#include "json/scan.h"
#include "support/items/decimal_oracle.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || (data[0] != '-' && !IsDigit(static_cast<char>(data[0])))) return 0;
  const std::unique_ptr<char[]> bytes(new char[size + ddb::json::kPadding]);
  std::memcpy(bytes.get(), data, size);
  std::memset(bytes.get() + size, '7', ddb::json::kPadding);
  const char* const p = bytes.get();
  const char* const end = p + size;

  char text[ddb::kMaxCanonicalNumber];
  const ddb::Number number = ddb::NormalizeNumber(p, end, text);
  const char* const next = ddb::json::SkipNumber(p, end);
  if (number.fit == ddb::NumberFit::kInvalid) {
    Check(next == nullptr || (next < end && IsDigit(*next)));  // a leading zero
    return 0;
  }
  Check(number.next == next);
  const ddb::testkit::Decimal value(std::string(p, next));
  Check(value.fits() == (number.fit == ddb::NumberFit::kFits));
  if (!value.fits()) return 0;
  const std::string canonical(text, number.length);
  Check(ddb::testkit::Decimal(canonical).Text() == value.Text());
  char again[ddb::kMaxCanonicalNumber];
  const std::string padded = canonical + std::string(ddb::json::kPadding, ' ');
  const ddb::Number same = ddb::NormalizeNumber(padded.data(), padded.data() + canonical.size(), again);
  Check(same.fit == ddb::NumberFit::kFits && std::string(again, same.length) == canonical);
  Check(number.size.lower >= 1 && number.size.upper <= 22 && number.size == same.size);
  return 0;
}
