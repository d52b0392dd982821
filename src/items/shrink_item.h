// ShrinkItem: an item over DynamoDB's size limit -> the same made smaller, in three steps, each as far as it
// takes and noted in `_airbyte_meta.changes` (docs/item-encoding.md): a long list of changes is cut, the
// largest fields are nulled, and of a record of very many small fields the last ones are left out. Works on
// the encoded item, so that it also serves an item that the encoder took for small enough and the service
// refused (the two size rules for numbers). Rare; worker thread; pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "items/item_size.h"
#include "items/layout.h"

namespace ddb {

// What a field that is nulled gains: its value's size, at the most, against that of null and of what is noted
// of it.
inline constexpr int64_t kNullSize = 1;
int64_t NulledChangeSize(std::string_view name);  // decoded
constexpr int64_t NullingGain(int64_t value_size, int64_t change_size) {
  return value_size - kNullSize - change_size;
}
// Of a member of a map or an element of a list, beside its name and value.
inline constexpr int64_t kSizeOfMember = 1;

// The share of an item that is too large which its list of changes may have.
inline constexpr int64_t kMostOfChanges = kMaxItemBytes / 10;

struct ShrinkOptions {
  Layout layout = RawLayout();
  std::optional<int64_t> sync_id;                              // for an `_airbyte_meta` that is not there yet
  const std::vector<std::string>* protected_fields = nullptr;  // stay: the primary key and the cursor
  // What was done already, since it was certain to be, but not noted (KeptFields, ChangeLog): fields that are
  // null for their size, by their number, ascending; how many fields behind them were left out, and changes.
  std::vector<uint32_t> dropped = {};
  uint64_t left_out = 0;
  uint64_t unnamed = 0;
};

struct Shrunk {
  size_t nulled = 0;     // fields nulled or left out
  size_t truncated = 0;  // 1: the list of changes was cut
};
// `item` is what ItemEncoder wrote. Appends the smaller one to `out`, whose size is within the limit by both
// rules. Nothing when it cannot fit, or fits as it is: then nothing was appended.
std::optional<Shrunk> ShrinkItem(std::string_view item, const ShrinkOptions& options, Buffer& out);

}  // namespace ddb
