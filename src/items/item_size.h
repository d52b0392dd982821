// item_size: an item's size as DynamoDB counts it (limit: 409,600 bytes). Pure; any thread.
//
//   item = sum over top-level attributes of ( bytes of the name + size of the value )
//   S: bytes of UTF-8    B: bytes    BOOL, NULL: 1    L: 3 + sum(1 + element)    M: 3 + sum(1 + bytes of the
//   name + value)
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
//
// For numbers AWS documents only "approximately"; two exact rules are known that differ by a byte for some
// numbers and neither is always larger: the one in AWS's own DynamoDB Local, and the one that captures from
// the service show. So a size is a pair of bounds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace ddb {

inline constexpr int64_t kMaxItemBytes = 409'600;

// Write units of an item of that size: one for each KiB that it begins.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
constexpr uint32_t WriteUnits(uint32_t bytes) { return std::max<uint32_t>(1, (bytes + 1023) / 1024); }

struct SizeBounds {
  int64_t lower = 0;
  int64_t upper = 0;
  bool operator==(const SizeBounds&) const = default;
};

// A number other than zero: its significant digits (no leading or trailing zeros), and the exponent with
// value = 0.DDD x 10^exponent. Both rules are exact for digits <= 38.
constexpr int LocalNumberSize(bool negative, int digits, int exponent) {
  const int pairs = (digits + (exponent & 1) + 1) / 2;
  return 1 + pairs + (negative && pairs < 20 ? 1 : 0);
}
constexpr int ServiceNumberSize(bool negative, int digits, int exponent) {
  const int whole = std::clamp(exponent, 0, digits);
  return 1 + (whole + 1) / 2 + (digits - whole + 1) / 2 + (negative ? 1 : 0);
}
inline constexpr int kZeroSize = 1;

constexpr SizeBounds NumberSize(bool negative, int digits, int exponent) {
  const int local = LocalNumberSize(negative, digits, exponent);
  const int service = ServiceNumberSize(negative, digits, exponent);
  return {std::min(local, service), std::max(local, service)};
}

// Of a whole number written as "-"? [0-9]+ without leading zeros, at most 38 significant digits.
SizeBounds WholeNumberSize(std::string_view text);

// Of a JSON string's inside, escapes counted as what they stand for (half a surrogate pair as 3).
int64_t TextSize(std::string_view raw);

// These read DynamoDB JSON as this layer writes it (compact, valid) and add to `size`; each returns where
// what it read ends. A value is `{"S":...}`, a name `"...":`.
const char* MeasureValue(const char* p, SizeBounds& size);
const char* MeasureName(const char* p, SizeBounds& size);
// An item: `{"name":value,...}`.
SizeBounds ItemSize(std::string_view item);

}  // namespace ddb
