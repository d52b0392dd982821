// ShrinkItem: an item over DynamoDB's size limit -> the same with its largest fields nulled until it fits,
// each noted in `_airbyte_meta.changes`. Works on the encoded item, so that it also serves an item that the
// encoder took for small enough and the service refused (the two size rules for numbers). Rare; worker
// thread; pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "items/layout.h"

namespace ddb {

// What a field that is nulled gains: its value's size, at the most, against that of null and of what is noted
// of it.
inline constexpr int64_t kNullSize = 1;
int64_t NulledChangeSize(std::string_view name);  // decoded
constexpr int64_t NullingGain(int64_t value_size, int64_t change_size) {
  return value_size - kNullSize - change_size;
}

struct ShrinkOptions {
  Layout layout = RawLayout();
  std::optional<int64_t> sync_id;                              // for an `_airbyte_meta` that is not there yet
  const std::vector<std::string>* protected_fields = nullptr;  // never nulled: the primary key and the cursor
  // Fields of the record, by their number, ascending, that are null already for their size, but not noted
  // (KeptFields).
  std::vector<uint32_t> dropped = {};
};

// `item` is what ItemEncoder wrote. Appends the smaller one to `out`,
// whose size is within the limit by both rules, and returns how many fields were nulled. Nothing when it
// cannot fit: then nothing was appended.
std::optional<size_t> ShrinkItem(std::string_view item, const ShrinkOptions& options, Buffer& out);

}  // namespace ddb
